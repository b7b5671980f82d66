from django.db import migrations

CLOSED_CYCLE = """
CREATE FUNCTION refuse_change_of_closed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% %: closed, never changes', TG_TABLE_NAME, OLD.id USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER training_cycle_closed BEFORE UPDATE OR DELETE ON training_cycle
  FOR EACH ROW WHEN (OLD.closed_at IS NOT NULL) EXECUTE FUNCTION refuse_change_of_closed();
CREATE TRIGGER training_attempt_finished BEFORE UPDATE OR DELETE ON training_attempt
  FOR EACH ROW WHEN (OLD.finished_at IS NOT NULL) EXECUTE FUNCTION refuse_change_of_closed();

CREATE FUNCTION refuse_evidence_for_closed_cycle() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM training_cycle WHERE id = NEW.cycle_id AND closed_at IS NOT NULL) THEN
    RAISE EXCEPTION 'cycle % is closed: no further evidence', NEW.cycle_id USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER training_attempt_cycle_open BEFORE INSERT ON training_attempt
  FOR EACH ROW EXECUTE FUNCTION refuse_evidence_for_closed_cycle();
CREATE TRIGGER training_lessonprogress_cycle_open BEFORE INSERT OR UPDATE ON training_lessonprogress
  FOR EACH ROW EXECUTE FUNCTION refuse_evidence_for_closed_cycle();

CREATE FUNCTION refuse_decision_after_end() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM training_attempt WHERE id = NEW.attempt_id AND finished_at IS NOT NULL) THEN
    RAISE EXCEPTION 'attempt % is finished: no further decision', NEW.attempt_id USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER training_decision_attempt_open BEFORE INSERT ON training_decision
  FOR EACH ROW EXECUTE FUNCTION refuse_decision_after_end();
"""

CLOSED_CYCLE_UNDO = """
DROP TRIGGER training_decision_attempt_open ON training_decision;
DROP FUNCTION refuse_decision_after_end();
DROP TRIGGER training_lessonprogress_cycle_open ON training_lessonprogress;
DROP TRIGGER training_attempt_cycle_open ON training_attempt;
DROP FUNCTION refuse_evidence_for_closed_cycle();
DROP TRIGGER training_attempt_finished ON training_attempt;
DROP TRIGGER training_cycle_closed ON training_cycle;
DROP FUNCTION refuse_change_of_closed();
"""


def append_only(table: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change();",
        f"DROP TRIGGER {table}_append_only ON {table};",
    )


class Migration(migrations.Migration):
    dependencies = [("training", "0001_initial"), ("accounts", "0002_append_only")]

    operations = [
        migrations.RunSQL(CLOSED_CYCLE, CLOSED_CYCLE_UNDO),
        append_only("training_completion"),
        append_only("training_decision"),
        append_only("training_extension"),
    ]
