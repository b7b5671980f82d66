"""The hours of the plans as they are in the database, read once for a batch of mails."""

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.utils import timezone

from reminders import calendar
from reminders.calendar import Hours
from reminders.models import Reason, ReminderPlan


def zone() -> ZoneInfo:
    return timezone.get_default_timezone()


def local_today(now: dt.datetime) -> dt.date:
    return calendar.local_day(now, zone())


def hours_of(plan: ReminderPlan) -> Hours:
    return Hours(plan.opens, plan.closes, frozenset(plan.weekdays), plan.skips_holidays)


@dataclass(frozen=True)
class Timetable:
    """Hours by plan; the standard plan's serve mails of no plan."""

    standard_id: int
    by_plan: dict[int, Hours]

    @classmethod
    def load(cls) -> "Timetable":
        plans = list(ReminderPlan.objects.all())
        return cls(next(plan.pk for plan in plans if plan.standard), {plan.pk: hours_of(plan) for plan in plans})

    @property
    def standard(self) -> Hours:
        return self.by_plan[self.standard_id]

    def open_plans(self, moment: dt.datetime) -> list[int]:
        return [pk for pk, hours in self.by_plan.items() if hours.is_open(moment, zone())]

    def next_opening(self, plan_id: int, moment: dt.datetime) -> dt.datetime:
        return self.by_plan[plan_id].next_opening(moment, zone())


def why_closed(hours: Hours, moment: dt.datetime) -> Reason:
    """Why a mail that falls due at `moment` waits; nothing while mails may go out."""
    day = local_today(moment)
    if hours.is_open(moment, zone()):
        return Reason.NONE
    if hours.is_holiday(day):
        return Reason.HOLIDAY
    return Reason.QUIET_HOURS if hours.is_sending_day(day) else Reason.DAY_OFF
