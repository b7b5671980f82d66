"""Figures, their bounds, the table and the file."""

import json
import math
import operator
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

COMPARE = {">=": operator.ge, "<=": operator.le}


@dataclass(frozen=True)
class Figure:
    """A measured value; beside a `baseline` its `ratio` to it, which `bound` (">= 0.6") holds if there is one."""

    name: str
    value: float
    unit: str
    baseline: float | None = None
    ratio: float | None = None
    bound: str = ""
    ok: bool = field(init=False)

    def __post_init__(self) -> None:
        sign, _space, limit = self.bound.partition(" ")
        held = not self.bound or (self.ratio is not None and COMPARE[sign](self.ratio, float(limit)))
        object.__setattr__(self, "ok", held)


def percentile(values: Sequence[float], share: int) -> float:
    """The value below or at which `share` per cent of the values lie (nearest rank)."""
    return sorted(values)[max(0, math.ceil(len(values) * share / 100) - 1)]


def table(figures: Iterable[Figure]) -> str:
    rows = [("", "value", "", "baseline", "ratio", "bound", "")]
    for figure in figures:
        rows.append((
            figure.name, number(figure.value), figure.unit, number(figure.baseline), number(figure.ratio, 2),
            figure.bound, "" if not figure.bound else "ok" if figure.ok else "MISSED",
        ))  # fmt: skip
    widths = [max(len(row[column]) for row in rows) for column in range(7)]
    left = (0, 2, 5, 6)
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column in left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def number(value: float | None, digits: int | None = None) -> str:
    if value is None:
        return ""
    if digits is None:
        digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f}"


def write(figures: Iterable[Figure], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([asdict(figure) for figure in figures], indent=2) + "\n")
