"""The department table: a tree with roll-up, the worst among siblings first."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from accounts.models import Department
from dashboards.figures import Figures, total


@dataclass(frozen=True)
class Line:
    """A row of the table. `department` is None for people without one; `direct` counts only people directly in it."""

    department: Department | None
    depth: int
    figures: Figures
    direct: bool = False
    opens: bool = False


def department_lines(departments: Iterable[Department], direct: Mapping[int | None, Figures]) -> list[Line]:
    """Parents directly before their children; a department with both people and sub-departments gets a line of its own
    for the people directly in it. Departments in which nobody has the duty are left out."""
    departments = list(departments)
    known = {department.pk for department in departments}
    children: dict[int | None, list[Department]] = defaultdict(list)
    for department in departments:
        children[department.parent_id if department.parent_id in known else None].append(department)
    rolled = _roll_up(departments, direct)

    lines = _below(None, 0, children, direct, rolled)
    if None in direct and direct[None].assigned:
        lines.append(Line(None, 0, direct[None], direct=True))
    return lines


def _roll_up(departments: list[Department], direct: Mapping[int | None, Figures]) -> dict[int, Figures]:
    rolled: dict[int, Figures] = defaultdict(Figures)
    for department in departments:
        if department.pk in direct:
            for ancestor in department.lineage:
                rolled[ancestor] += direct[department.pk]
    return rolled


def _below(
    parent: int | None,
    depth: int,
    children: Mapping[int | None, list[Department]],
    direct: Mapping[int | None, Figures],
    rolled: Mapping[int, Figures],
) -> list[Line]:
    blocks: list[tuple[tuple[int, int, str], list[Line]]] = []
    for department in children.get(parent, []):
        figures = rolled.get(department.pk, Figures())
        if not figures.assigned:
            continue
        below = _below(department.pk, depth + 1, children, direct, rolled)
        own = direct.get(department.pk, Figures())
        if below and own.assigned:
            below.insert(0, Line(department, depth + 1, own, direct=True))
        line = Line(department, depth, figures, opens=bool(below))
        blocks.append((_worst_first(department.name, figures), [line, *below]))
    return [line for _key, block in sorted(blocks, key=lambda pair: pair[0]) for line in block]


def _worst_first(name: str, figures: Figures) -> tuple[int, int, str]:
    rate = 101 if figures.rate is None else figures.rate
    return rate, -figures.overdue, name


def grand_total(direct: Mapping[int | None, Figures]) -> Figures:
    return total(direct.values())
