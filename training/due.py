"""When a duty is due. Pure; dates are in the company's time zone and on time until the day ends."""

import datetime as dt
from dataclasses import dataclass

from training.models import DueBasis

GRACE_DAYS = 14


@dataclass(frozen=True)
class DueRule:
    """How an assignment computes its due date; build it with one of the class methods."""

    basis: str = DueBasis.NONE
    on: dt.date | None = None
    days: int | None = None
    grace_days: int = GRACE_DAYS

    @classmethod
    def fixed(cls, on: dt.date, *, grace_days: int = GRACE_DAYS) -> "DueRule":
        return cls(DueBasis.FIXED, on=on, grace_days=grace_days)

    @classmethod
    def after_assignment(cls, days: int) -> "DueRule":
        return cls(DueBasis.AFTER_ASSIGNMENT, days=days)

    @classmethod
    def after_start(cls, days: int, *, grace_days: int = GRACE_DAYS) -> "DueRule":
        return cls(DueBasis.AFTER_START, days=days, grace_days=grace_days)

    def due_on(self, *, assigned_on: dt.date, employment_start: dt.date | None, late_joiner: bool) -> dt.date | None:
        """The due date of one person.

        A late joiner (reached after the rule was made) has at least `grace_days` from assignment; so has someone whose
        date counted from the start of employment would lie before that. Without a known start, assignment counts.
        """
        least = assigned_on + dt.timedelta(days=self.grace_days)
        if self.basis == DueBasis.FIXED:
            assert self.on is not None
            return max(self.on, least) if late_joiner else self.on
        if self.basis == DueBasis.AFTER_ASSIGNMENT:
            assert self.days is not None
            return assigned_on + dt.timedelta(days=self.days)
        if self.basis == DueBasis.AFTER_START:
            assert self.days is not None
            return max((employment_start or assigned_on) + dt.timedelta(days=self.days), least)
        return None
