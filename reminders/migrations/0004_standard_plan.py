"""The standard plan: what was fixed in the code before, and escalations and the weekly digest from today on.

The setting SENDING_WINDOW gives its hours; from here on HR changes them in the browser.
"""

import datetime as dt

from django.conf import settings
from django.db import migrations
from django.utils import timezone

ALWAYS = dt.date(2000, 1, 1)
# What the ledger called a step: anchor, offset, repeat, text.
STEPS = {
    "assigned": ("assigned", 0, None, "assigned"),
    "before_7": ("due", -7, None, "before"),
    "before_1": ("due", -1, None, "before"),
    "overdue": ("due", 1, 7, "overdue"),
    "done": ("completed", 0, None, "done"),
}
ESCALATIONS = (("manager", 14), ("hr", 30))
MONDAY = 0


def make_plan(apps):
    """The plan and its steps, by what the ledger called them."""
    Plan, Step = (apps.get_model("reminders", name) for name in ("ReminderPlan", "PlanStep"))
    hours = settings.SENDING_WINDOW
    plan = Plan.objects.create(
        name="Standard",
        standard=True,
        opens=hours.opens,
        closes=hours.closes,
        weekdays=sorted(hours.weekdays),
        skips_holidays=hours.skips_holidays,
        digest_weekday=MONDAY,
    )
    today = timezone.localdate()
    for audience, days in ESCALATIONS:
        Step.objects.create(
            plan=plan, anchor="due", offset_days=days, audience=audience, text="escalation", since=today
        )
    return {
        name: Step.objects.create(
            plan=plan, anchor=anchor, offset_days=offset, repeat_days=repeat, text=text, since=ALWAYS
        )
        for name, (anchor, offset, repeat, text) in STEPS.items()
    }


def name_the_steps(apps, schema_editor):
    """Rows that were sent refuse every change, which this one is not: the mail is the same, its name is another."""
    Reminder = apps.get_model("reminders", "Reminder")
    schema_editor.execute("ALTER TABLE reminders_reminder DISABLE TRIGGER reminders_reminder_transitions")
    for name, step in make_plan(apps).items():
        Reminder.objects.filter(old_step=name).update(step=step, plan=step.plan, text=step.text)
    schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # the rows' foreign keys are checked before the table changes
    schema_editor.execute("ALTER TABLE reminders_reminder ENABLE TRIGGER reminders_reminder_transitions")


class Migration(migrations.Migration):
    dependencies = [("reminders", "0003_plans")]

    operations = [migrations.RunPython(name_the_steps, migrations.RunPython.noop)]
