"""Counting duties: what is assigned, what of it counts, and the rate."""

from collections.abc import Iterable
from dataclasses import dataclass, fields

from training.models import Status

LEFT = "left"
COMPLIANT = "compliant"
EVERYONE = frozenset(Status.values)
AWAY = frozenset({Status.WAIVED.value, Status.ON_LEAVE.value})
OWING = frozenset({Status.NOT_STARTED.value, Status.IN_PROGRESS.value, Status.OVERDUE.value})

# What a status filter stands for; every figure is one of these, so that a figure and its list cannot differ.
# COMPLIANT is only the frame: of those who owe a renewal in time, it takes whose last completion is still valid.
GROUPS: dict[str, frozenset[str]] = {
    "": EVERYONE,
    "counted": EVERYONE - AWAY,
    "away": AWAY,
    "owing": OWING,
    **{status: frozenset({status}) for status in Status.values},
    COMPLIANT: OWING | {Status.COMPLETED.value},
    LEFT: frozenset({LEFT}),
}


@dataclass(frozen=True)
class Figures:
    """How many current duties stand how; people who have left are counted apart and belong to no other figure.

    `compliant` are those who completed and whose completion has not expired: also while a renewal is open.
    """

    completed: int = 0
    in_progress: int = 0
    not_started: int = 0
    overdue: int = 0
    expired: int = 0
    waived: int = 0
    on_leave: int = 0
    left: int = 0
    overdue_long: int = 0
    unmanaged: int = 0
    compliant: int = 0

    def __add__(self, other: "Figures") -> "Figures":
        return Figures(*(getattr(self, field.name) + getattr(other, field.name) for field in fields(self)))

    def of(self, group: str) -> int:
        if group == COMPLIANT:
            return self.compliant
        return sum(getattr(self, standing) for standing in GROUPS[group])

    @property
    def assigned(self) -> int:
        return self.of("")

    @property
    def away(self) -> int:
        return self.of("away")

    @property
    def counted(self) -> int:
        """The denominator of the compliance rate."""
        return self.of("counted")

    @property
    def rate(self) -> int | None:
        """Per cent, rounded down, so that 100 means everybody."""
        return self.compliant * 100 // self.counted if self.counted else None


def total(figures: Iterable[Figures]) -> Figures:
    return sum(figures, Figures())
