from django.db import migrations

TRANSITIONS = """
CREATE FUNCTION refuse_wrong_transition() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    RAISE EXCEPTION 'reminder %: the ledger keeps every row', OLD.id USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  IF OLD.state = NEW.state THEN
    IF OLD.state = 'sent' AND OLD IS DISTINCT FROM NEW THEN
      RAISE EXCEPTION 'reminder %: sent is final', OLD.id USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
  END IF;
  IF (OLD.state, NEW.state) IN (
    ('pending', 'claimed'), ('pending', 'cancelled'), ('pending', 'superseded'), ('pending', 'failed'),
    ('claimed', 'committing'), ('claimed', 'pending'), ('claimed', 'failed'), ('claimed', 'cancelled'),
    ('committing', 'sent'), ('committing', 'pending'), ('committing', 'failed'), ('committing', 'unknown'),
    ('unknown', 'sent'), ('unknown', 'pending'), ('unknown', 'failed'), ('unknown', 'cancelled'),
    ('failed', 'pending')
  ) THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'reminder %: % cannot become %', OLD.id, OLD.state, NEW.state USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER reminders_reminder_transitions BEFORE UPDATE OR DELETE ON reminders_reminder
  FOR EACH ROW EXECUTE FUNCTION refuse_wrong_transition();
CREATE TRIGGER reminders_reminderevent_append_only BEFORE UPDATE OR DELETE ON reminders_reminderevent
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""

UNDO = """
DROP TRIGGER reminders_reminderevent_append_only ON reminders_reminderevent;
DROP TRIGGER reminders_reminder_transitions ON reminders_reminder;
DROP FUNCTION refuse_wrong_transition();
"""


class Migration(migrations.Migration):
    dependencies = [("reminders", "0001_initial"), ("accounts", "0002_append_only")]

    operations = [migrations.RunSQL(TRANSITIONS, UNDO)]
