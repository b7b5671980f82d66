"""Giving people the duty to complete a course: by a standing rule for a department, or person by person.

A person who has an open duty gets the new source added and the earliest date; one who has completed is left alone.
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Least
from django.utils import timezone

from accounts import audit
from accounts.database import hold
from accounts.models import Department, Person
from courses.models import Course
from training.due import DueRule
from training.models import Assignment, AssignmentRule, Completion, Cycle, Leave, Source

BATCH = 2000
RENEWAL_LEAD_DAYS = 30


class NothingPublished(Exception):
    """The course has no published revision, so nobody could start it."""


@dataclass
class Reach:
    """Whom an assignment would reach, for the preview: counts of people and the range of due dates."""

    new: int = 0
    already_open: int = 0
    already_completed: int = 0
    departments: Counter[str] = field(default_factory=Counter)
    first_due: dt.date | None = None
    last_due: dt.date | None = None

    @property
    def total(self) -> int:
        return self.new + self.already_open + self.already_completed


def people_of(department: Department | None, today: dt.date) -> QuerySet[Person]:
    """Everyone employed in the department or below it (None: the whole company) whose first day has come."""
    people = Person.objects.employed(today).filter(Q(employment_start=None) | Q(employment_start__lte=today))
    if department is not None:
        people = people.filter(department__lineage__contains=[department.pk])
    return people


def preview(course: Course, people: QuerySet[Person], *, due: DueRule, today: dt.date) -> Reach:
    """What assigning would do, without doing it; three queries whatever the number of people."""
    reach = Reach()
    open_now = set(Cycle.objects.open().filter(course=course).values_list("person_id", flat=True))
    completed = set(Completion.objects.filter(course=course).values_list("person_id", flat=True))
    rows = people.values_list("pk", "employment_start", "department__path")
    for pk, start, path in rows.iterator(chunk_size=BATCH):
        if pk in open_now:
            reach.already_open += 1
        elif pk in completed:
            reach.already_completed += 1
        else:
            reach.new += 1
            reach.departments[path or ""] += 1
            due_on = due.due_on(assigned_on=today, employment_start=start, late_joiner=False)
            if due_on:
                reach.first_due = min(reach.first_due or due_on, due_on)
                reach.last_due = max(reach.last_due or due_on, due_on)
    return reach


@transaction.atomic
def assign_to_department(
    course: Course, *, department: Department | None, due: DueRule, by: Person | None, now: dt.datetime
) -> AssignmentRule:
    """Make a standing rule (None: the whole company) and apply it to everyone it reaches today. One that says the same
    already stands: ending it later must not leave a second one at work."""
    _must_be_published(course)
    hold("assignments")
    order = {
        "course": course,
        "department": department,
        "due_basis": due.basis,
        "due_on": due.on,
        "due_days": due.days,
        "grace_days": due.grace_days,
    }
    if standing := AssignmentRule.objects.filter(**order, ended_at=None).first():
        return standing
    rule = AssignmentRule.objects.create(**order, created_by=by, created_at=now)
    opened = apply_rule(rule, now=now)
    audit.record(
        "assignments.rule_made",
        subject=rule,
        subject_name=f"{course.key}: {department.path if department else '*'}",
        by=by,
        now=now,
        people=len(opened),
        due=due.basis,
    )
    return rule


@transaction.atomic
def assign_to_people(
    course: Course, people: Iterable[Person], *, due: DueRule, by: Person | None, now: dt.datetime
) -> list[Cycle]:
    """Assign to each person by name; returns the cycles opened now."""
    _must_be_published(course)
    people = list(people)
    opened = open_cycles(course, people, source=Source.PERSON, rule=None, due=due, late_joiner=False, by=by, now=now)
    audit.record(
        "assignments.people",
        subject=course,
        by=by,
        now=now,
        people=[person.pk for person in people],
        opened=len(opened),
    )
    return opened


@transaction.atomic
def end_rule(rule: AssignmentRule, *, by: Person, now: dt.datetime) -> None:
    """Stop reaching newcomers; duties that exist stay."""
    if AssignmentRule.objects.filter(pk=rule.pk, ended_at=None).update(ended_at=now, ended_by=by):
        audit.record("assignments.rule_ended", subject=rule, subject_name=rule.course.key, by=by, now=now)


def apply_standing_rules(*, now: dt.datetime) -> int:
    """Reach newcomers and movers; run by the tick every few minutes. Returns the number of cycles opened."""
    rules = AssignmentRule.objects.filter(ended_at=None, course__current__isnull=False)
    return sum(len(apply_rule(rule, now=now)) for rule in rules.select_related("course", "department").order_by("pk"))


@transaction.atomic
def apply_rule(rule: AssignmentRule, *, now: dt.datetime) -> list[Cycle]:
    """Give the duty to everyone in scope whom this rule has not reached yet; running it twice adds nothing."""
    today = timezone.localdate(now)
    reached = Assignment.objects.filter(rule=rule).values("cycle__person")
    completed = Completion.objects.filter(course=rule.course).values("person")
    people = people_of(rule.department, today).exclude(pk__in=reached).exclude(pk__in=completed)
    due = DueRule(rule.due_basis, on=rule.due_on, days=rule.due_days, grace_days=rule.grace_days)
    return open_cycles(
        rule.course,
        list(people.only("pk", "employment_start")),
        source=Source.RULE,
        rule=rule,
        due=due,
        late_joiner=timezone.localdate(rule.created_at) < today,
        by=rule.created_by,
        now=now,
    )


def open_cycles(
    course: Course,
    people: list[Person],
    *,
    source: str,
    rule: AssignmentRule | None,
    due: DueRule,
    late_joiner: bool,
    by: Person | None,
    now: dt.datetime,
) -> list[Cycle]:
    """Open a cycle for each person without one, add the source to all, and let the earliest due date win."""
    today = timezone.localdate(now)
    completed = set(Completion.objects.filter(course=course).values_list("person_id", flat=True))
    people = [person for person in people if person.pk not in completed]
    away = _days_still_away(people, today)

    def due_for(person: Person) -> dt.date | None:
        date = due.due_on(assigned_on=today, employment_start=person.employment_start, late_joiner=late_joiner)
        return date + dt.timedelta(days=away.get(person.pk, 0)) if date else None

    dues = {person.pk: due_for(person) for person in people}
    had = set(Cycle.objects.open().filter(course=course, person__in=dues).values_list("person_id", flat=True))
    Cycle.objects.bulk_create(
        [
            Cycle(person=person, course=course, opened_at=now, due_on=dues[person.pk])
            for person in people
            if person.pk not in had
        ],
        batch_size=BATCH,
        ignore_conflicts=True,
    )
    cycles = list(Cycle.objects.open().filter(course=course, person__in=dues))
    Assignment.objects.bulk_create(
        [
            Assignment(
                cycle=cycle, source=source, rule=rule, due_on=dues[cycle.person_id], assigned_by=by, assigned_at=now
            )
            for cycle in cycles
        ],
        batch_size=BATCH,
        ignore_conflicts=True,
    )
    _let_earliest_win([cycle for cycle in cycles if cycle.person_id in had], dues)
    return [cycle for cycle in cycles if cycle.person_id not in had]


def _let_earliest_win(cycles: list[Cycle], dues: dict[int, dt.date | None]) -> None:
    earlier: dict[dt.date, list[int]] = {}
    for cycle in cycles:
        date = dues[cycle.person_id]
        if date and (cycle.due_on is None or date < cycle.due_on):
            earlier.setdefault(date, []).append(cycle.pk)
    for date, ids in earlier.items():
        Cycle.objects.open().filter(pk__in=ids).update(due_on=Least(F("due_on"), date))


def _days_still_away(people: list[Person], today: dt.date) -> dict[int, int]:
    """Days of a leave with a known end that are still to come, today included, for people who are away today."""
    leaves = Leave.objects.on(today).filter(person__in=people, ends_on__isnull=False)
    return {leave.person_id: (leave.ends_on - today).days + 1 for leave in leaves if leave.ends_on}


def _must_be_published(course: Course) -> None:
    if course.current_id is None:
        raise NothingPublished(course.key)


@transaction.atomic
def open_renewals(*, now: dt.datetime) -> int:
    """Open the next cycle for completions that expire within 30 days, due on their last valid day.

    The person stays compliant meanwhile. Returns the number of cycles opened.
    """
    today = timezone.localdate(now)
    horizon = today + dt.timedelta(days=RENEWAL_LEAD_DAYS)
    expiring = (
        Cycle.objects.current()
        .of_employed(today)
        .filter(completion__expires_on__lte=horizon, course__current__isnull=False)
        .select_related("completion")
    )
    return len(
        open_next([(cycle, cycle.completion.expires_on) for cycle in expiring], source=Source.RENEWAL, by=None, now=now)
    )


def open_next(
    finished: list[tuple[Cycle, dt.date | None]], *, source: str, by: Person | None, now: dt.datetime
) -> list[Cycle]:
    """After each closed cycle open the next one with the given due date; a person with an open one is skipped."""
    Cycle.objects.bulk_create(
        [
            Cycle(
                person_id=cycle.person_id,
                course_id=cycle.course_id,
                number=cycle.number + 1,
                opened_at=now,
                due_on=due_on,
            )
            for cycle, due_on in finished
        ],
        batch_size=BATCH,
        ignore_conflicts=True,
    )
    wanted = {(cycle.person_id, cycle.course_id, cycle.number + 1): due_on for cycle, due_on in finished}
    opened = [
        cycle
        for cycle in Cycle.objects.open().filter(
            person__in=[cycle.person_id for cycle, _due in finished], opened_at=now
        )
        if (cycle.person_id, cycle.course_id, cycle.number) in wanted
    ]
    Assignment.objects.bulk_create(
        [
            Assignment(cycle=cycle, source=source, due_on=cycle.due_on, assigned_by=by, assigned_at=now)
            for cycle in opened
        ],
        batch_size=BATCH,
    )
    return opened
