"""A plan as data, and what typical duties get from it. Pure.

Days are counted from the assignment. Of the calendar only the days of the week count: holidays come and go.
"""

from dataclasses import dataclass

from reminders.calendar import Hours

PERSON, DUE, EXPIRY, ASSIGNED, COMPLETED = "person", "due", "expiry", "assigned", "completed"
AFTERMATH = 366
GRACE_DAYS = 14
RENEWAL_DAYS = 30


@dataclass(frozen=True)
class Step:
    id: int
    anchor: str
    offset_days: int
    repeat_days: int | None
    audience: str
    text: str
    words: str


@dataclass(frozen=True)
class Facts:
    """A plan, and what is known of the duties it serves. `standard_hours` are those of mails to managers and HR."""

    steps: tuple[Step, ...]
    hours: Hours
    standard_hours: Hours
    catch_up_days: int
    standard: bool = False
    digest: bool = False
    due_weekdays: frozenset[int] = frozenset()
    longest_duty: int | None = None
    courses_expire: bool = True

    @property
    def reminding(self) -> tuple[Step, ...]:
        """Steps that remind the person of something not done yet."""
        return tuple(step for step in self.steps if step.audience == PERSON and step.anchor != COMPLETED)

    @property
    def escalating(self) -> tuple[Step, ...]:
        return tuple(step for step in self.steps if step.audience != PERSON)

    def hours_for(self, audience: str) -> Hours:
        return self.hours if audience == PERSON else self.standard_hours


@dataclass(frozen=True)
class Duty:
    """Assigned on day 0, due on day `days`; of a renewal that is also the day when the earlier completion expires."""

    days: int
    renewal: bool = False

    def days_of(self, step: Step) -> list[int]:
        """On which days the step falls, until a year after the due date."""
        if step.anchor == COMPLETED or (step.anchor == EXPIRY and not self.renewal):
            return []
        first = step.offset_days + (0 if step.anchor == ASSIGNED else self.days)
        end = self.days + AFTERMATH
        days = range(first, end + 1, step.repeat_days) if step.repeat_days else [first]
        earliest = 0 if step.anchor == ASSIGNED else 1
        return [day for day in days if earliest <= day <= end]


SHORT, LONG, RENEWAL = Duty(14), Duty(30), Duty(RENEWAL_DAYS, renewal=True)
TYPICAL = (SHORT, LONG, RENEWAL)


def sent(facts: Facts, audience: str, duty: Duty, weekday: int) -> list[tuple[int, Step]]:
    """What goes out for a duty that is assigned on that day of the week and never done: at most one mail a day, the
    newest of those that wait."""
    falling = {day: step for step in facts.steps if step.audience == audience for day in duty.days_of(step)}
    mails = []
    waiting: tuple[int, Step] | None = None
    for day in range(duty.days + AFTERMATH + 1):
        if day in falling:
            waiting = (day, falling[day])
        if waiting and (weekday + day) % 7 in facts.hours_for(audience).weekdays:
            if day - waiting[0] <= facts.catch_up_days:
                mails.append((day, waiting[1]))
            waiting = None
    return mails


def wait(facts: Facts, step: Step, weekday: int) -> int:
    """Days until a mail goes out that falls due on that day of the week."""
    open_days = facts.hours_for(step.audience).weekdays
    return next(days for days in range(7) if (weekday + days) % 7 in open_days)
