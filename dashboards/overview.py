"""The overview page: every figure with the address of the list that adds up to it."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.models import Person
from courses.models import Course
from dashboards.charts import BAR_GROUPS, Chart, Part, bar_parts, completions_chart
from dashboards.figures import COMPLIANT, LEFT, Figures
from dashboards.selection import GROUP_NAMES, NO_DEPARTMENT, Selection
from dashboards.selectors import (
    OVERDUE_LONG_DAYS,
    Scope,
    Tally,
    leaves_without_end,
    waivers_ending,
)
from dashboards.tree import Line, department_lines
from training.models import Status

NAMED_AT_ONCE = 5
FEW = 5
COLUMNS = (
    ("", gettext_lazy("Assigned")),
    ("completed", gettext_lazy("Completed")),
    ("in_progress", gettext_lazy("In progress")),
    ("not_started", gettext_lazy("Not started")),
    ("overdue", gettext_lazy("Overdue")),
    ("expired", gettext_lazy("Expired")),
    ("away", gettext_lazy("Away")),
)
HEADLINE = ("overdue", "not_started", "in_progress", "completed", "expired")
FORMULA = (COMPLIANT, "counted", "", "waived", "on_leave")


@dataclass(frozen=True)
class Cell:
    """A figure and the list behind it."""

    group: str
    label: str
    value: int
    url: str


@dataclass(frozen=True)
class Row:
    """A line of the department table as the page shows it; `id` and `parent` tie the tree together."""

    id: str
    parent: str
    name: str
    depth: int
    figures: Figures
    cells: list[Cell]
    url: str
    parts: tuple[Part, ...]
    parts_label: str
    worst: bool

    @property
    def rate(self) -> int | None:
        return self.figures.rate


@dataclass(frozen=True)
class Decision:
    """Something that waits for someone to decide, and where to do it."""

    text: str
    action: str
    url: str


@cache
def people_address() -> str:
    """Hundreds of figures of one page lead there."""
    return reverse("dashboards:people")


def people_url(selection: Selection) -> str:
    return f"{people_address()}?{selection.query()}"


def cell(group: str, figures: Figures, selection: Selection, label: Any = None) -> Cell:
    name = str(label or GROUP_NAMES[group])
    return Cell(group, name, figures.of(group), people_url(selection.but(status=group)))


def headline(figures: Figures, course: Course) -> list[Cell]:
    return [cell(group, figures, Selection(course.key)) for group in HEADLINE]


def formula(figures: Figures, course: Course, scope: Scope) -> dict[str, Cell]:
    """The numbers of the compliance rate: compliant of (assigned − waived − on leave).

    Who has left is no part of the assigned; their number is shown beside it, to HR only.
    """
    groups = (*FORMULA, LEFT) if scope.everything else FORMULA
    return {group or "assigned": cell(group, figures, Selection(course.key)) for group in groups}


def department_rows(found: Tally, course: Course, scope: Scope) -> list[Row]:
    labels = {group: str(label) for group, label in COLUMNS}
    lines = department_lines(scope.departments, found.by_department)
    shown = {line.department.pk for line in lines if line.department}
    worst = _worst(lines)
    return [_row(line, course, labels, shown, worst) for line in lines]


def _worst(lines: list[Line]) -> Line | None:
    """The leaf of the tree where the rate is lowest; none while everybody is compliant."""
    leaves = [line for line in lines if not line.opens and line.figures.rate is not None]
    lowest = min(leaves, key=lambda line: (line.figures.rate, -line.figures.overdue), default=None)
    return lowest if lowest and len(leaves) > 1 and lowest.figures.rate != 100 else None


def _row(line: Line, course: Course, labels: dict[str, str], shown: set[int], worst: Line | None) -> Row:
    department = line.department
    key = str(department.pk) if department else NO_DEPARTMENT
    above = department.parent_id if department and department.parent_id in shown else ""
    selection = Selection(
        course.key, department=department.pk if department else NO_DEPARTMENT, direct=bool(department and line.direct)
    )
    parts = bar_parts(line.figures, labels)
    return Row(
        id=f"{key}-direct" if line.direct else key,
        parent=key if department and line.direct else str(above),
        name=row_name(line),
        depth=line.depth,
        figures=line.figures,
        cells=[cell(group, line.figures, selection, labels[group]) for group, _label in COLUMNS],
        url=people_url(selection),
        parts=parts,
        parts_label=", ".join(f"{part.label}: {part.count}" for part in parts if part.count),
        worst=line is worst,
    )


def bar_key() -> list[dict[str, str]]:
    labels = {group: str(label) for group, label in COLUMNS}
    return [{"status": status, "label": labels[group]} for status, group in BAR_GROUPS]


def row_name(line: Line) -> str:
    if line.department is None:
        return _("Without a department")
    return _("Directly in %(name)s") % {"name": line.department.name} if line.direct else line.department.name


def too_few_for_days(figures: Figures, scope: Scope) -> bool:
    """Managers do not get the days of completions; among fewer people than these a curve would tell them."""
    return not scope.everything and figures.assigned < FEW


def progress(found: Tally, today: dt.date) -> Chart | None:
    if found.opened_at is None or not found.completed_on:
        return None
    start = timezone.localdate(found.opened_at)
    return completions_chart(
        found.completed_on, found.due_on, start=start, today=today, assigned=found.figures.assigned
    )


def decisions(figures: Figures, course: Course, scope: Scope, today: dt.date) -> list[Decision]:
    """What waits for a decision today. A manager sees only who is long overdue: reasons and absences are HR's."""
    found = []
    if figures.overdue_long:
        text = ngettext(
            "%(number)s person is overdue for more than %(days)s days.",
            "%(number)s people are overdue for more than %(days)s days.",
            figures.overdue_long,
        )
        url = people_url(Selection(course.key, overdue_for=OVERDUE_LONG_DAYS))
        words = text % {"number": figures.overdue_long, "days": OVERDUE_LONG_DAYS}
        found.append(Decision(words, _("Show them"), url))
    if not scope.everything:
        return found
    if figures.unmanaged:
        text = ngettext(
            "%(number)s person has not finished and has no manager to ask.",
            "%(number)s people have not finished and have no manager to ask.",
            figures.unmanaged,
        )
        url = people_url(Selection(course.key, no_manager=True))
        found.append(Decision(text % {"number": figures.unmanaged}, _("Show them"), url))
    return [*found, *_waivers(course, today), *_leaves(course, today)]


def _waivers(course: Course, today: dt.date) -> list[Decision]:
    text = _("The waiver of %(name)s ends on %(day)s.")
    ending = waivers_ending(course, today)[: NAMED_AT_ONCE + 1]
    named = [(waiver.cycle.person, waiver.until) for waiver in ending]
    return _by_name(named, text, _("More waivers end soon."), Selection(course.key, status=Status.WAIVED.value))


def _leaves(course: Course, today: dt.date) -> list[Decision]:
    text = _("%(name)s has been on leave since %(day)s, without an end.")
    leaves = leaves_without_end(course, today)[: NAMED_AT_ONCE + 1]
    named = [(leave.person, leave.starts_on) for leave in leaves]
    more = _("More people are on leave without an end.")
    return _by_name(named, text, more, Selection(course.key, status=Status.ON_LEAVE.value))


def _by_name(
    named: Sequence[tuple[Person, dt.date | None]], text: str, more: str, everyone: Selection
) -> list[Decision]:
    """One decision a person, and one for all the others when they are many."""
    found = [
        Decision(
            text % {"name": person.name, "day": date_format(day, "j E Y") if day else ""},
            _("Open the person"),
            reverse("duties:person", args=[person.pk]),
        )
        for person, day in named[:NAMED_AT_ONCE]
    ]
    return found if len(named) <= NAMED_AT_ONCE else [*found, Decision(more, _("Show them"), people_url(everyone))]
