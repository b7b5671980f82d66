"""What a change of a plan does to the next mails, before it is made.

The change is made, the planner runs, the mails are counted, and all of it is rolled back: the figures are the planner's
own, and nothing is written.
"""

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import transaction

from reminders import calendar, planning
from reminders.hours import hours_of, local_today, zone
from reminders.models import Kind, Reminder, ReminderPlan, State
from reminders.notices import plan_notices
from reminders.plan_lint import Finding
from reminders.plan_pages import plan_with_findings
from reminders.previewing import preview


@dataclass(frozen=True)
class Figures:
    """Mails of a day: to people about their own duties, and to managers and HR."""

    people: int
    others: int


@dataclass(frozen=True)
class DayEffect:
    day: dt.date
    is_today: bool
    now: Figures
    then: Figures

    @property
    def changes(self) -> bool:
        return self.now != self.then


@dataclass(frozen=True)
class Effect:
    """`findings`: the warnings about the plan after the change."""

    days: list[DayEffect]
    findings: list[Finding]

    @property
    def changes(self) -> bool:
        return any(day.changes for day in self.days)


def effect_of(change: Callable[[], object], plan: ReminderPlan, *, now: dt.datetime) -> Effect:
    """What the change would do on the days on which the plan sends next; what the change refuses is raised."""
    today = local_today(now)
    before_the_change = sending_days(plan, now=now)
    with undone():
        change()
        plan = ReminderPlan.objects.get(pk=plan.pk)
        days = sorted(before_the_change | sending_days(plan, now=now))
        findings = plan_with_findings(plan, today).findings
        then = mails_on(days, now=now)
    with undone():
        before = mails_on(days, now=now)
    return Effect([DayEffect(day, day == today, before[day], then[day]) for day in days], findings)


@contextmanager
def undone() -> Iterator[None]:
    """Whatever happens inside is rolled back; meanwhile nobody else plans."""
    with transaction.atomic():
        planning.wait_for_runs()
        yield
        transaction.set_rollback(True)


def sending_days(plan: ReminderPlan, *, now: dt.datetime) -> set[dt.date]:
    """Today, if the plan still sends today, and the next sending day."""
    hours = hours_of(plan)
    return {local_today(hours.next_opening(now, zone())), hours.sending_day_after(local_today(now))}


def mails_on(days: list[dt.date], *, now: dt.datetime) -> dict[dt.date, Figures]:
    """How many mails go out on each of the days, the earliest first, as the runs until then would plan them."""
    planning.plan(now=now)
    plan_notices(now=now)
    run = local_today(now)
    found = {}
    for day in days:
        while run < day:
            run += calendar.DAY
            plan_notices(now=calendar.start_of(run, zone()))
        people = sum(not mail.moves for mail in preview(day, now=now))
        found[day] = Figures(people, _waiting_notices(day, first=day == days[0]))
    return found


def _waiting_notices(day: dt.date, *, first: bool) -> int:
    """Mails to managers and HR that may go out on that day; on the first one also those that have waited for it."""
    rows = Reminder.objects.filter(state=State.PENDING, kind__in=[Kind.ESCALATION, Kind.DIGEST])
    begin, end = calendar.start_of(day, zone()), calendar.start_of(day + calendar.DAY, zone())
    waiting = rows.filter(not_before__lt=end)
    return (waiting if first else waiting.filter(not_before__gte=begin)).count()
