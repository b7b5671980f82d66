"""Building plans and steps for tests, directly."""

import datetime as dt
from typing import Any

from reminders.models import MailKind, PlanStep, Reminder, ReminderPlan
from reminders.plan_rules import fitting_texts
from tests.reminders.moving import sent

ALWAYS = dt.date(2000, 1, 1)


def standard() -> ReminderPlan:
    return ReminderPlan.objects.get(standard=True)


def make_plan(name: str = "Own", **fields: Any) -> ReminderPlan:
    """Monday to Friday from 8 until before 18, without steps."""
    return ReminderPlan.objects.create(name=name, **{"weekdays": [0, 1, 2, 3, 4], **fields})


def make_step(plan: ReminderPlan, anchor: str, offset: int, **fields: Any) -> PlanStep:
    """The text that fits, in force for ever."""
    fields.setdefault("since", ALWAYS)
    if fields.get("audience", "person") != "person":
        fields["text"] = MailKind.ESCALATION
    fields.setdefault("text", fitting_texts(anchor, offset, "person")[0])
    return PlanStep.objects.create(plan=plan, anchor=anchor, offset_days=offset, **fields)


def step_of(plan: ReminderPlan, anchor: str, offset: int, audience: str = "person") -> PlanStep:
    return plan.steps.in_force().get(anchor=anchor, offset_days=offset, audience=audience)


def rows(**filters: Any) -> list[tuple[str, dt.date, str, str]]:
    """The ledger: step in words, day, state, reason."""
    found = Reminder.objects.filter(**filters).select_related("step").order_by("occurs_on", "pk")
    return [(row.what, row.occurs_on, row.state, row.reason) for row in found]


def send(mail: Reminder, *, now: dt.datetime) -> None:
    """As if it had gone out."""
    sent([mail.pk], now=now)
