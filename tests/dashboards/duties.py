"""Setting up duties in every standing, directly in rows."""

import datetime as dt
from typing import Any

from accounts.models import Department, Person
from courses.models import Course
from tests.factories import NOW, make_person
from training.models import Attempt, Completion, Cycle, Leave, Waiver

TODAY = NOW.date()
STANDINGS = ("not_started", "in_progress", "overdue", "completed", "expired", "waived", "on_leave", "left")


def days(number: int) -> dt.timedelta:
    return dt.timedelta(days=number)


def make_duty(person: Person, course: Course, standing: str = "not_started", **fields: Any) -> Cycle:
    """A current duty of the person that stands so today."""
    fields.setdefault("due_on", TODAY - days(20) if standing in ("overdue", "on_leave", "waived") else TODAY + days(7))
    fields.setdefault("opened_at", NOW - days(30))
    if standing in ("in_progress", "completed", "expired"):
        fields.update(started_at=NOW - days(10), revision=course.current)
    cycle = Cycle.objects.create(person=person, course=course, **fields)
    if standing in ("completed", "expired"):
        complete(cycle, expires_on=TODAY - days(1) if standing == "expired" else TODAY + days(300))
    elif standing == "waived":
        Waiver.objects.create(cycle=cycle, reason="elsewhere", by=person, at=NOW)
    elif standing == "on_leave":
        Leave.objects.create(person=person, starts_on=TODAY - days(3), reason="parental", by=person, at=NOW)
    elif standing == "left":
        Person.objects.filter(pk=person.pk).update(left_on=TODAY)
    return cycle


def complete(cycle: Cycle, *, on: dt.date | None = None, expires_on: dt.date | None = None) -> Completion:
    on = on or TODAY - days(2)
    at = NOW - (TODAY - on)
    run(cycle, 1, passed=False)
    result = run(cycle, 2, passed=True)
    completion = Completion.objects.create(
        cycle=cycle,
        person=cycle.person,
        course=cycle.course,
        revision=cycle.revision,
        department=cycle.person.department,
        person_name=cycle.person.name,
        started_at=cycle.started_at,
        completed_at=at,
        completed_on=on,
        due_on=cycle.due_on,
        late=bool(cycle.due_on and on > cycle.due_on),
        expires_on=expires_on,
        result=result,
        score=90,
        acknowledgement_text="I have read the rules.",
        acknowledgement_language="pl",
        acknowledgement_name=cycle.person.name,
    )
    Cycle.objects.filter(pk=cycle.pk).update(closed_at=at)
    return completion


def run(cycle: Cycle, number: int, *, passed: bool) -> Attempt:
    """A finished run of the final scenario."""
    return Attempt.objects.create(
        cycle=cycle,
        scenario_key="final",
        number=number,
        seed=1,
        started_at=NOW - days(5),
        finished_at=NOW - days(5),
        ending_key="well" if passed else "badly",
        score=90 if passed else 40,
        passed=passed,
    )


def populate(departments: list[Department | None], course: Course, per_standing: int = 1) -> None:
    """In each department people in every standing."""
    for department in departments:
        for standing in STANDINGS:
            for _i in range(per_standing):
                make_duty(make_person(department), course, standing)
