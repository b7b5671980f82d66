import django.db.models.deletion
from django.db import migrations, models

TRANSITIONS = """
CREATE OR REPLACE FUNCTION refuse_wrong_transition() RETURNS trigger LANGUAGE plpgsql AS $$
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
    ('pending', 'claimed'), ('pending', 'cancelled'), ('pending', 'superseded'),
    ('claimed', 'committing'), ('claimed', 'pending'), ('claimed', 'failed'), ('claimed', 'cancelled'),
    ('claimed', 'superseded'),
    ('committing', 'sent'), ('committing', 'pending'), ('committing', 'failed'), ('committing', 'unknown'),
    ('unknown', 'sent'), ('unknown', 'pending'), ('unknown', 'failed'),
    ('failed', 'pending')
  ) OR (OLD.state, OLD.reason, NEW.state) = ('cancelled', 'given_up', 'pending') THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'reminder %: % cannot become %', OLD.id, OLD.state, NEW.state
    USING ERRCODE = 'integrity_constraint_violation';
END $$;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('reminders', '0004_standard_plan'),
    ]

    operations = [
        migrations.RunSQL(TRANSITIONS, migrations.RunSQL.noop),
        migrations.RemoveField(model_name='reminder', name='old_step'),
        migrations.AlterField(
            model_name='reminder',
            name='text',
            field=models.CharField(choices=[('assigned', 'assigned'), ('before', 'before the due date'), ('overdue', 'overdue'), ('done', 'completed, with the certificate'), ('expiring', 'the completion expires'), ('nudge', 'nudge from the manager'), ('escalation', 'escalation to managers and HR'), ('digest', 'weekly digest for managers'), ('digest_hr', 'weekly digest for HR')], max_length=12),
        ),
        migrations.AlterField(
            model_name='reminder',
            name='plan',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='reminders', to='reminders.reminderplan'),
        ),
        migrations.AddConstraint(
            model_name='reminder',
            constraint=models.UniqueConstraint(fields=('cycle', 'step', 'occurs_on'), name='reminder_once'),
        ),
        migrations.AddIndex(
            model_name='reminder',
            index=models.Index(fields=['-occurs_on', '-id'], name='reminder_newest_first'),
        ),
        migrations.AddConstraint(
            model_name='reminder',
            constraint=models.UniqueConstraint(condition=models.Q(('kind', 'nudge')), fields=('cycle', 'occurs_on'), name='reminder_one_nudge_a_day'),
        ),
        migrations.AddConstraint(
            model_name='reminder',
            constraint=models.UniqueConstraint(condition=models.Q(('kind__in', ['escalation', 'digest'])), fields=('person', 'kind', 'occurs_on'), name='reminder_once_per_recipient'),
        ),
        migrations.AddConstraint(
            model_name='reminder',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('cycle__isnull', False), ('kind', 'step'), ('step__isnull', False)), models.Q(('cycle__isnull', False), ('kind', 'nudge'), ('step', None)), models.Q(('cycle', None), ('kind__in', ['escalation', 'digest']), ('step', None)), _connector='OR'), name='reminder_owed_for_something'),
        ),
    ]
