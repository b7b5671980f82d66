"""What a plan and its steps may be, each rule with the sentence for HR and the field it belongs to."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.refusals import Refusal
from reminders.models import Anchor, Audience, MailKind, PlanStep, ReminderPlan
from reminders.models.plan import HORIZON_DAYS, MAX_OFFSET


class PlanRefusal(Refusal):
    """`field`: where the form says it; none: above the form."""

    field: str | None = None


class NameTaken(PlanRefusal):
    reason, field = _("Another plan has this name."), "name"


class DaysTooMany(PlanRefusal):
    reason, field = _("At most %(limit)s days."), "days"


class BeforeItBegan(PlanRefusal):
    reason = _("Days can be counted back only from the due date or from the end of an earlier completion.")
    field = "when"


class RepeatOutOfRange(PlanRefusal):
    reason, field = _("From 1 to %(limit)s days; empty if the mail is not repeated."), "repeat_days"


class CompletionNotRepeated(PlanRefusal):
    reason, field = _("A mail after the completion is not repeated: nothing is left to do."), "repeat_days"


class CompletionForThePerson(PlanRefusal):
    reason, field = _("A mail after the completion goes to the person."), "audience"


class TextDoesNotFit(PlanRefusal):
    reason, field = _("This text does not fit. Choose “%(text)s”."), "text"


class StepTwice(PlanRefusal):
    reason, field = _("The plan has a step on this day to the same people already."), "days"


class ClosesTooEarly(PlanRefusal):
    reason, field = _("It must be later than the beginning. Leave it empty for midnight."), "closes"


class NoWeekday(PlanRefusal):
    reason, field = _("Choose at least one day of the week."), "weekdays"


class CatchUpTooLong(PlanRefusal):
    reason, field = _("From 0 to %(limit)s days."), "catch_up_days"


class DigestOfTheStandardPlan(PlanRefusal):
    reason, field = _("The weekly digest belongs to the standard plan."), "digest_weekday"


@dataclass(frozen=True)
class StepValues:
    anchor: str
    offset_days: int
    repeat_days: int | None
    audience: str
    text: str

    @classmethod
    def of(cls, step: PlanStep) -> "StepValues":
        return cls(step.anchor, step.offset_days, step.repeat_days, step.audience, step.text)

    @property
    def when(self) -> tuple[Any, ...]:
        """What makes another step of it when it changes."""
        return self.anchor, self.offset_days, self.repeat_days, self.audience


@dataclass(frozen=True)
class HourValues:
    opens: dt.time
    closes: dt.time | None
    weekdays: tuple[int, ...]
    skips_holidays: bool
    catch_up_days: int
    digest_weekday: int | None = None

    @classmethod
    def of(cls, plan: ReminderPlan) -> "HourValues":
        weekdays = tuple(sorted(plan.weekdays))
        return cls(plan.opens, plan.closes, weekdays, plan.skips_holidays, plan.catch_up_days, plan.digest_weekday)


def fitting_texts(anchor: str, offset_days: int, audience: str) -> tuple[MailKind, ...]:
    """The texts that are true on that day."""
    if audience != Audience.PERSON:
        return (MailKind.ESCALATION,)
    if anchor == Anchor.ASSIGNED:
        return MailKind.ASSIGNED, MailKind.BEFORE
    if anchor == Anchor.COMPLETED:
        return (MailKind.DONE,)
    if offset_days > 0:
        return (MailKind.OVERDUE,)
    return (MailKind.BEFORE,) if anchor == Anchor.DUE else (MailKind.EXPIRING, MailKind.BEFORE)


def check_step(values: StepValues) -> None:
    counts_back = values.anchor in (Anchor.DUE, Anchor.EXPIRY)
    if abs(values.offset_days) > MAX_OFFSET:
        raise DaysTooMany(limit=MAX_OFFSET)
    if values.offset_days < 0 and not counts_back:
        raise BeforeItBegan
    if values.repeat_days is not None and not 1 <= values.repeat_days <= MAX_OFFSET:
        raise RepeatOutOfRange(limit=MAX_OFFSET)
    if values.anchor == Anchor.COMPLETED:
        if values.audience != Audience.PERSON:
            raise CompletionForThePerson
        if values.repeat_days:
            raise CompletionNotRepeated
    fitting = fitting_texts(values.anchor, values.offset_days, values.audience)
    if values.text not in fitting:
        raise TextDoesNotFit(text=fitting[0].label)


def check_hours(values: HourValues, *, standard: bool) -> None:
    if values.closes is not None and values.closes <= values.opens:
        raise ClosesTooEarly
    if not values.weekdays or not set(values.weekdays) <= set(range(7)):
        raise NoWeekday
    if not 0 <= values.catch_up_days <= HORIZON_DAYS:
        raise CatchUpTooLong(limit=HORIZON_DAYS)
    if values.digest_weekday is not None and not standard:
        raise DigestOfTheStandardPlan
