"""Where a learner stands in a course: its steps, and which of them are done. Reads only."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple, Protocol

from django.db import connection

from accounts.models import Person
from courses.document import CourseDocument
from courses.models import revision_content
from training.models import Cycle

Kind = Literal["lesson", "scenario", "acknowledgement"]


class NotThere(Exception):
    """The learner is not at that step: it skips something, does not exist, or the cycle is over. Nothing changed."""


@dataclass(frozen=True)
class Step:
    kind: Kind
    key: str
    index: int

    @property
    def slug(self) -> str:
        return {"lesson": f"lesson-{self.key}", "scenario": f"play-{self.key}"}.get(self.kind, self.kind)


def steps_of(content: CourseDocument) -> list[Step]:
    """The course as one line of steps."""
    line: list[tuple[Kind, str]] = []
    for lesson in content.lessons:
        line += [("lesson", lesson.key), ("scenario", lesson.scenario)]
    line += [("scenario", content.final), ("acknowledgement", "")]
    return [Step(kind, key, index) for index, (kind, key) in enumerate(line)]


class LessonRecord(Protocol):
    """What is known of a lesson of the cycle: LessonProgress, or the little of it that a page needs."""

    @property
    def lesson_key(self) -> str: ...
    @property
    def opening_choice(self) -> int: ...
    @property
    def is_seen(self) -> bool: ...


class AttemptRecord(Protocol):
    """What is known of an attempt: Attempt, or the little of it that a page needs."""

    @property
    def pk(self) -> int: ...
    @property
    def scenario_key(self) -> str: ...
    @property
    def number(self) -> int: ...
    @property
    def seed(self) -> int: ...
    @property
    def is_finished(self) -> bool: ...
    @property
    def passed(self) -> bool | None: ...


class ShortLesson(NamedTuple):
    lesson_key: str
    opening_choice: int
    is_seen: bool


class ShortAttempt(NamedTuple):
    pk: int
    scenario_key: str
    number: int
    seed: int
    is_finished: bool
    passed: bool | None


# Every page of a learner begins with this: three queries of the ORM and their objects cost more than all the rest of
# such a page. The columns are those of Cycle, the lists those of ShortLesson and ShortAttempt.
CYCLE = ("id", "person_id", "course_id", "number", "opened_at", "due_on", "revision_id", "started_at", "closed_at")
STANDING = """
SELECT id, person_id, course_id, number, opened_at, due_on, revision_id, started_at, closed_at,
       (SELECT json_agg(json_build_array(lesson_key, opening_choice, seen_at IS NOT NULL))
        FROM training_lessonprogress WHERE cycle_id = cycle.id),
       (SELECT json_agg(json_build_array(id, scenario_key, number, seed, finished_at IS NOT NULL, passed))
        FROM training_attempt WHERE cycle_id = cycle.id)
FROM training_cycle cycle WHERE id = %s AND person_id = %s
"""


class Progress:
    """Where a started cycle stands; what was done in it is read when first asked."""

    def __init__(self, cycle: Cycle) -> None:
        if cycle.revision_id is None:
            raise NotThere
        self.cycle = cycle
        self.content = revision_content(cycle.revision_id)
        self.steps = steps_of(self.content)

    @classmethod
    def of(cls, person: Person, cycle_id: int) -> "Progress":
        """The person's own duty with all that was done in it, read at once; Cycle.DoesNotExist if there is none."""
        with connection.cursor() as cursor:
            cursor.execute(STANDING, [cycle_id, person.pk])
            row = cursor.fetchone()
        if row is None:
            raise Cycle.DoesNotExist
        *values, lessons, attempts = row
        progress = cls(Cycle.from_db(None, CYCLE, values))
        progress.lessons = {lesson[0]: ShortLesson(*lesson) for lesson in lessons or ()}
        progress.attempts = by_scenario(ShortAttempt(*attempt) for attempt in attempts or ())
        return progress

    @cached_property
    def lessons(self) -> dict[str, LessonRecord]:
        return {row.lesson_key: row for row in self.cycle.lessons.all()}

    @cached_property
    def attempts(self) -> dict[str, list[AttemptRecord]]:
        """Attempts by scenario, oldest first."""
        return by_scenario(self.cycle.attempts.all())

    def note(self, attempt: AttemptRecord) -> None:
        """An attempt as a verb has left it, in place of the one read before."""
        others = [known for known in self.attempts.get(attempt.scenario_key, []) if known.pk != attempt.pk]
        self.attempts |= by_scenario([*others, attempt])
        vars(self).pop("current", None)

    def result(self, scenario_key: str) -> AttemptRecord | None:
        """The first passing attempt."""
        return next((attempt for attempt in self.attempts.get(scenario_key, []) if attempt.passed), None)

    def is_done(self, step: Step) -> bool:
        if step.kind == "lesson":
            row = self.lessons.get(step.key)
            return row is not None and row.is_seen
        if step.kind == "scenario":
            return self.result(step.key) is not None
        return self.cycle.closed_at is not None

    @cached_property
    def current(self) -> Step | None:
        """The first step not done; None when the course is complete."""
        return next((step for step in self.steps if not self.is_done(step)), None)

    def step(self, slug: str) -> Step:
        """The step of that slug, if the learner may be there: done already or the current one. Else NotThere."""
        for step in self.steps:
            if step.slug == slug and (self.current is None or step.index <= self.current.index):
                return step
        raise NotThere

    def must_be_at(self, kind: Kind, key: str) -> Step:
        """The step, if it is done or current; NotThere otherwise."""
        for step in self.steps:
            if (step.kind, step.key) == (kind, key):
                return self.step(step.slug)
        raise NotThere


def by_scenario(attempts: Iterable[AttemptRecord]) -> dict[str, list[AttemptRecord]]:
    found: dict[str, list[AttemptRecord]] = {}
    for attempt in sorted(attempts, key=lambda attempt: attempt.number):
        found.setdefault(attempt.scenario_key, []).append(attempt)
    return found
