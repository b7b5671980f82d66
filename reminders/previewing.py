"""Tomorrow's mails: the planner's own question asked with another clock, in a query that only reads."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db import connection

from reminders import calendar
from reminders.hours import Timetable, local_today, zone
from reminders.models import Kind, PlanStep, Reminder, State
from reminders.planning import occurrences
from reminders.verdicts import DUTY, with_verdict

SELECT = """
SELECT cycle_id, person_id, step_id, occurs_on, plan_id FROM decided WHERE reason = '' AND newest ORDER BY cycle_id
"""


@dataclass(frozen=True)
class Due:
    """A mail that the run of that day would send; `moves` when the person gets another one first."""

    cycle_id: int
    person_id: int
    what: str
    occurs_on: dt.date
    moves: bool


def next_sending_day(*, now: dt.datetime) -> dt.date:
    return Timetable.load().standard.sending_day_after(local_today(now))


def preview(day: dt.date, *, now: dt.datetime) -> list[Due]:
    """What will be mailed about duties on `day` if nothing changes until then: rows that wait for it, and those yet to
    be planned. Steps of the sending days before `day` that are still to come belong to those days."""
    timetable, today = Timetable.load(), local_today(now)
    sending = {pk for pk, hours in timetable.by_plan.items() if hours.is_sending_day(day)}
    sql, parameters = occurrences(calendar.start_of(day, zone()), timetable)
    with connection.cursor() as cursor:
        cursor.execute(sql + SELECT, parameters)
        planned = [
            (cycle_id, person_id, step_id, occurs_on)
            for cycle_id, person_id, step_id, occurs_on, plan_id in cursor.fetchall()
            if plan_id in sending and occurs_on > _day_before(timetable.by_plan[plan_id], day, today)
        ]
    waiting = _waiting(day, sending, today).exclude(cycle__in={row[0] for row in planned})
    columns = ("cycle_id", "person_id", "step_id", "occurs_on")
    words = {step.pk: str(step) for step in PlanStep.objects.all()}
    served: set[int] = set()
    result = []
    for cycle_id, person_id, step_id, occurs_on in [*waiting.values_list(*columns), *planned]:
        what = words.get(step_id) or str(Kind.NUDGE.label)
        result.append(Due(cycle_id, person_id, what, occurs_on, moves=person_id in served))
        served.add(person_id)
    return result


def _day_before(hours: calendar.Hours, day: dt.date, today: dt.date) -> dt.date:
    """The last day whose steps are sent before `day`."""
    before = hours.sending_day_before(day)
    return before if before >= today else dt.date.min


def _waiting(day: dt.date, plans: set[int], today: dt.date) -> Any:
    begin = calendar.start_of(day if day > today else dt.date(2000, 1, 1), zone())
    rows = Reminder.objects.filter(state=State.PENDING, kind__in=DUTY, plan__in=plans).filter(
        not_before__gte=begin, not_before__lt=calendar.start_of(day + calendar.DAY, zone())
    )
    return with_verdict(rows, day).filter(verdict="").order_by("not_before", "pk")
