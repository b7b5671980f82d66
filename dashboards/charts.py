"""The line of completions against due dates, and stacked bars: geometry only, no request, no database.

Coordinates are strings, so that no template localises a number.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from dashboards.figures import Figures

PLOT_LEFT, PLOT_RIGHT, PLOT_TOP, PLOT_BOTTOM = 44, 628, 12, 208
DAILY_UP_TO = 45
DUE_MARKS = 3
DATE_TICKS = 4
BAR_GROUPS = (
    ("completed", "completed"),
    ("in_progress", "in_progress"),
    ("not_started", "not_started"),
    ("overdue", "overdue"),
    ("expired", "expired"),
    ("on_leave", "away"),
)


@dataclass(frozen=True)
class Point:
    """By the end of this day: how many had completed, how many should have."""

    day: dt.date
    completed: int
    due: int


@dataclass(frozen=True)
class DueMark:
    """A due date of many: a vertical line with words, to its left when `flip`."""

    x: str
    day: dt.date
    number: int
    flip: bool


@dataclass(frozen=True)
class Chart:
    """What components/chart.html draws; `rows` is the same as a table."""

    rows: list[Point]
    line: str
    area: str
    plan: str
    dues: list[DueMark]
    x_ticks: list[tuple[str, dt.date]]
    y_ticks: list[tuple[str, int]]
    last: tuple[str, str]


def completions_chart(
    completed_on: Mapping[dt.date, int], due_on: Mapping[dt.date, int], *, start: dt.date, today: dt.date, assigned: int
) -> Chart:
    """Completions from the first assignment up to today; the axis and the plan reach on to the next large due date."""
    start = min([start, today, *completed_on])
    large = sorted(due_on, key=lambda day: (-due_on[day], day))[:DUE_MARKS]
    marked = sorted(day for day in large if day >= start)
    end = max([today, *marked])
    span, top = max(1, (end - start).days), max(1, assigned)

    def x(day: dt.date) -> str:
        return number(PLOT_LEFT + (PLOT_RIGHT - PLOT_LEFT) * (day - start).days / span)

    def y(value: int) -> str:
        return number(PLOT_BOTTOM - (PLOT_BOTTOM - PLOT_TOP) * value / top)

    rows = cumulate(completed_on, due_on, start=start, end=today)
    line = _steps([(x(row.day), y(row.completed)) for row in rows])
    return Chart(
        rows=rows,
        line=line,
        area=f"{line} V{PLOT_BOTTOM} H{PLOT_LEFT} Z",
        plan=_steps([(x(day), y(value)) for day, value in _running(due_on, start, end)]),
        dues=[DueMark(x(day), day, due_on[day], (day - start).days > span / 2) for day in marked],
        x_ticks=[(x(day), day) for day in _spread(start, end)],
        y_ticks=[(y(value), value) for value in sorted({0, (top + 1) // 2, top})],
        last=(x(today), y(rows[-1].completed)),
    )


def _spread(start: dt.date, end: dt.date) -> list[dt.date]:
    """A few days at even distances, both ends included."""
    days = (end - start).days
    return sorted({start + dt.timedelta(days=days * part // DATE_TICKS) for part in range(DATE_TICKS + 1)})


def cumulate(
    completed_on: Mapping[dt.date, int], due_on: Mapping[dt.date, int], *, start: dt.date, end: dt.date
) -> list[Point]:
    """One point a day, or a week when there are many days, counted back from the end."""
    step = 1 if (end - start).days <= DAILY_UP_TO else 7
    days = sorted({start, *(end - dt.timedelta(days=back) for back in range(0, (end - start).days + 1, step))})
    return [Point(day, _up_to(completed_on, day), _up_to(due_on, day)) for day in days]


def _up_to(counts: Mapping[dt.date, int], day: dt.date) -> int:
    return sum(number for date, number in counts.items() if date <= day)


def _running(counts: Mapping[dt.date, int], start: dt.date, last: dt.date) -> list[tuple[dt.date, int]]:
    """Where a sum of counts changes between two days, with both ends."""
    days = sorted({start, last, *(day for day in counts if start <= day <= last)})
    return [(day, _up_to(counts, day)) for day in days]


def _steps(points: list[tuple[str, str]]) -> str:
    """A path that keeps its height until the day of the change."""
    if not points:
        return ""
    moves = [f"M{points[0][0]} {points[0][1]}"]
    moves += [f"H{x} V{y}" for (_x, _y), (x, y) in pairwise(points)]
    return " ".join(moves)


def number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


@dataclass(frozen=True)
class Part:
    """A part of components/stacked_bar.html: position and width in per cent of the bar; no width, no part."""

    status: str
    label: str
    count: int
    x: str
    width: str


def bar_parts(figures: Figures, labels: Mapping[str, str]) -> tuple[Part, ...]:
    """The parts of a bar that stands for everybody assigned."""
    parts, before, share = [], 0, max(1, figures.assigned)
    for status, group in BAR_GROUPS:
        count = figures.of(group)
        x = number(before * 100 / share) if before else ""
        parts.append(Part(status, labels[group], count, x, number(count * 100 / share) if count else ""))
        before += count
    return tuple(parts)
