"""Every figure and list of HR and managers: pure reads, scoped by who is looking, as of the end of `today`."""

import datetime as dt
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import (
    Case,
    CharField,
    Count,
    Exists,
    F,
    Func,
    OuterRef,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Lower

from accounts.models import Department, Person
from courses.models import Course, CourseRevision, revision_content
from dashboards.figures import COMPLIANT, GROUPS, LEFT, OWING, Figures, total
from dashboards.selection import Selection
from training.models import Attempt, Cycle, CycleQuerySet, Leave, Status, Waiver

UNREMINDED = frozenset({Status.WAIVED, Status.ON_LEAVE, LEFT})
OVERDUE_LONG_DAYS = 14
WAIVER_NOTICE_DAYS = 7
LEAVE_LONG_DAYS = 30


@dataclass(frozen=True)
class Scope:
    """What a viewer may see: HR everyone with dates and results, a manager the own departments' status."""

    everything: bool
    departments: list[Department]


def scope_of(viewer: Person) -> Scope:
    if viewer.is_hr:
        return Scope(everything=True, departments=list(Department.objects.in_tree_order()))
    managed = Department.objects.managed_by(viewer)
    return Scope(everything=False, departments=list(managed.in_tree_order()))


def courses_on_show(language: str) -> list[tuple[Course, str]]:
    """Published courses with their titles; the documents come from the process's cache of revisions."""
    courses = Course.objects.exclude(current=None).defer("frame").order_by("pk")
    return [(course, revision_content(course.current_id).title.in_language(language)) for course in courses]


def duties(course: Course, scope: Scope, today: dt.date) -> Any:
    """The current duty of everyone in scope, with `standing` (its status, or "left" for people who have left) and
    `compliant`. Who has left is visible to HR only. (Typed as Any: the stubs cannot follow an annotation.)
    """
    current = Cycle.objects.filter(course=course).current().with_status(today).with_compliance(today)
    if not scope.everything:
        current = current.of_employed(today).filter(person__department__in=[row.pk for row in scope.departments])
    standing = Case(When(person__left_on__lte=today, then=Value(LEFT)), default=F("status"), output_field=CharField())
    return current.annotate(standing=standing)


@dataclass
class Tally:
    """All that the overview counts, from one pass over the duties."""

    by_department: dict[int | None, Figures] = field(default_factory=dict)
    completed_on: Counter[dt.date] = field(default_factory=Counter)
    due_on: Counter[dt.date] = field(default_factory=Counter)
    opened_at: dt.datetime | None = None

    @property
    def figures(self) -> Figures:
        return total(self.by_department.values())


def tally(course: Course, scope: Scope, today: dt.date) -> Tally:
    """Count duties by department and standing, by day of completion and by due date.

    One statement with grouping sets: the number of queries is constant, and every figure comes from the same rows.
    """
    inner = duties(course, scope, today).values(
        "standing",
        "opened_at",
        "due_on",
        "compliant",
        department=F("person__department_id"),
        completed_on=F("completion__completed_on"),
        manager=F("person__manager_id"),
    )
    try:
        sql, parameters = inner.query.sql_with_params()
    except EmptyResultSet:
        return Tally()
    long_ago = today - dt.timedelta(days=OVERDUE_LONG_DAYS)
    marks: list[Any] = [LEFT, LEFT, Status.OVERDUE.value, long_ago, sorted(OWING), sorted(GROUPS[COMPLIANT])]
    with connection.cursor() as cursor:
        cursor.execute(TALLY.format(duties=sql), [*parameters, *marks])
        return _read_tally(cursor.fetchall())


# Materialized, so that the status of a duty is worked out once and not once per column that asks for it.
TALLY = """
WITH duty AS MATERIALIZED ({duties})
SELECT GROUPING(department, completed_on, due_on), department, standing, completed_on, due_on,
       COUNT(*), COUNT(*) FILTER (WHERE standing <> %s), MIN(opened_at) FILTER (WHERE standing <> %s),
       COUNT(*) FILTER (WHERE standing = %s AND due_on < %s),
       COUNT(*) FILTER (WHERE manager IS NULL AND standing = ANY(%s)),
       COUNT(*) FILTER (WHERE compliant AND standing = ANY(%s))
FROM duty
GROUP BY GROUPING SETS ((department, standing), (completed_on), (due_on))
"""
MARKS = ("overdue_long", "unmanaged", "compliant")
BY_DEPARTMENT, BY_COMPLETION, BY_DUE = 0b011, 0b101, 0b110


def _read_tally(rows: list[tuple[Any, ...]]) -> Tally:
    found = Tally()
    counts: dict[int | None, Counter[str]] = defaultdict(Counter)
    opened = []
    for grouping, department, standing, completed_on, due_on, number, employed, first, *more in rows:
        if grouping == BY_DEPARTMENT:
            counts[department].update({standing: number, **dict(zip(MARKS, more, strict=True))})
            opened += [first] if first else []
        elif grouping == BY_COMPLETION and completed_on and employed:
            found.completed_on[completed_on] = employed
        elif grouping == BY_DUE and due_on and employed:
            found.due_on[due_on] = employed
    found.by_department = {department: Figures(**counter) for department, counter in counts.items()}
    found.opened_at = min(opened, default=None)
    return found


class PersonLine(NamedTuple):
    """One line of a list. `nudge`: the duty of which the person may be reminded by hand, if there is one. The second
    half is filled for HR only."""

    person_id: int
    nudge: int | None
    name: str
    department: str
    standing: str
    due_on: dt.date | None
    email: str = ""
    completed_on: dt.date | None = None
    late: bool | None = None
    passed: bool | None = None
    score: int | None = None
    attempts: int = 0


STATUS_FIELDS = (
    "person_id",
    "pk",
    "closed_at",
    "person__first_name",
    "person__last_name",
    "person__department__path",
    "standing",
    "due_on",
)
RESULT_FIELDS = ("person__email", "completion__completed_on", "completion__late", "completion__score", "passed", "runs")


def people(selection: Selection, course: Course, scope: Scope, today: dt.date) -> QuerySet[Any, Any]:
    """The duties behind a figure, by name; each row makes a PersonLine."""
    chosen = selection.narrow(duties(course, scope, today), scope.departments, today).order_by(
        Func(Lower("person__last_name"), function="unaccent"),
        Func(Lower("person__first_name"), function="unaccent"),
        "person_id",
    )
    if scope.everything:
        return _with_results(chosen, course).values_list(*STATUS_FIELDS, *RESULT_FIELDS)
    return chosen.values_list(*STATUS_FIELDS)


def _with_results(chosen: CycleQuerySet, course: Course) -> CycleQuerySet:
    """Annotate the number of finished runs of the final scenario and whether one of them passed."""
    finals = CourseRevision.objects.filter(course=course).values_list("document__final", flat=True)
    runs = Attempt.objects.filter(cycle=OuterRef("pk"), finished_at__isnull=False, scenario_key__in=sorted(set(finals)))
    number = runs.order_by().values("cycle").annotate(number=Count("pk")).values("number")
    return chosen.annotate(runs=Coalesce(Subquery(number), 0), passed=Exists(runs.filter(passed=True)))


def person_line(row: tuple[Any, ...]) -> PersonLine:
    person_id, cycle_id, closed_at, first_name, last_name, department, standing, due_on, *results = row
    name = f"{first_name} {last_name}".strip()
    nudge = cycle_id if closed_at is None and standing not in UNREMINDED else None
    if not results:
        return PersonLine(person_id, nudge, name, department or "", standing, due_on)
    email, completed_on, late, score, passed, runs = results
    return PersonLine(
        person_id,
        nudge,
        name,
        department or "",
        standing,
        due_on,
        email,
        completed_on,
        late,
        passed if runs else None,
        score,
        runs,
    )


def waivers_ending(course: Course, today: dt.date) -> QuerySet[Waiver]:
    """Exemptions from the course that end within days and leave the duty open."""
    soon = today + dt.timedelta(days=WAIVER_NOTICE_DAYS)
    open_duties = Cycle.objects.filter(course=course).open().of_employed(today)
    ending = Waiver.objects.in_force(today).filter(until__lte=soon, cycle__in=open_duties)
    return ending.select_related("cycle__person").order_by("until", "pk")


def leaves_without_end(course: Course, today: dt.date) -> QuerySet[Leave]:
    """Leaves that began long ago, have no end, and hold an open duty for the course."""
    long_ago = today - dt.timedelta(days=LEAVE_LONG_DAYS)
    held = Cycle.objects.filter(course=course, person=OuterRef("person")).open()
    leaves = Leave.objects.filter(Exists(held), ends_on=None, starts_on__lt=long_ago)
    employed = Person.objects.employed(today)
    return leaves.filter(person__in=employed).select_related("person").order_by("starts_on", "pk")
