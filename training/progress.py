"""Learning, step by step: every verb is safe to repeat, from two tabs or two devices at once.

A course is walked in one line: lesson, its scenario, the next lesson, …, the final scenario, the acknowledgement.
A step can be done when all before it are done. The last one closes the cycle and writes the completion in the same
transaction, with the cycle row locked.
"""

import calendar
import datetime as dt
import secrets
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import Person
from courses.document import CourseDocument
from courses.models import Course, revision_content
from quizzes import engine
from quizzes.document import Choice
from training.models import Attempt, Completion, Cycle, Decision, LessonProgress
from training.standing import AttemptRecord, NotThere, Progress


class NothingPublished(Exception):
    """The course has no published revision to start."""


def start(cycle: Cycle, *, now: dt.datetime) -> Cycle:
    """Pin the newest published revision; a cycle already started keeps the one it has."""
    if cycle.started_at is None:
        current = Course.objects.values_list("current_id", flat=True).get(pk=cycle.course_id)
        if current is None:
            raise NothingPublished
        Cycle.objects.open().filter(pk=cycle.pk, started_at=None).update(started_at=now, revision_id=current)
        cycle.refresh_from_db(fields=["started_at", "revision"])
    return cycle


def answer_opening(cycle: Cycle, lesson_key: str, *, option: int, now: dt.datetime) -> None:
    """Commit to an answer of the lesson's opening question; the first one stays."""
    progress = _open(cycle)
    progress.must_be_at("lesson", lesson_key)
    lesson = progress.content.lesson(lesson_key)
    assert lesson is not None
    if not 0 <= option < len(lesson.opening.options):
        raise NotThere
    LessonProgress.objects.bulk_create(
        [LessonProgress(cycle=cycle, lesson_key=lesson_key, opening_choice=option, answered_at=now)],
        ignore_conflicts=True,
    )


def mark_seen(cycle: Cycle, lesson_key: str, *, now: dt.datetime) -> None:
    """The lesson has been read; its opening question must have been answered."""
    progress = _open(cycle)
    progress.must_be_at("lesson", lesson_key)
    if lesson_key not in progress.lessons:
        raise NotThere
    LessonProgress.objects.filter(cycle=cycle, lesson_key=lesson_key, seen_at=None).update(seen_at=now)


def begin_attempt(cycle: Cycle, scenario_key: str, *, now: dt.datetime) -> Attempt:
    """The open attempt of the scenario, or a new one. Once passed there is nothing more to grade: NotThere."""
    progress = _open(cycle)
    progress.must_be_at("scenario", scenario_key)
    if progress.result(scenario_key) is not None:
        raise NotThere
    attempts = progress.attempts.get(scenario_key, [])
    if all(attempt.is_finished for attempt in attempts):
        number, seed = len(attempts) + 1, secrets.randbelow(2**31)
        Attempt.objects.bulk_create(
            [Attempt(cycle=cycle, scenario_key=scenario_key, number=number, seed=seed, started_at=now)],
            ignore_conflicts=True,
        )
    begun = Attempt.objects.filter(cycle=cycle, scenario_key=scenario_key).order_by("-number").first()
    assert begun is not None
    return begun


@dataclass(frozen=True)
class Run:
    """An attempt with its state, replayed from the decisions."""

    attempt: AttemptRecord
    state: engine.State


def run_of(attempt: AttemptRecord, content: CourseDocument) -> Run:
    scenario = content.scenario(attempt.scenario_key)
    assert scenario is not None
    taken = Decision.objects.filter(attempt_id=attempt.pk).order_by("step").values_list("choice_key", flat=True)
    return Run(attempt, engine.replay(scenario, taken))


# Read at once, because this is what every decision begins with.
RUN = """
SELECT attempt.*, ARRAY(SELECT choice_key FROM training_decision WHERE attempt_id = attempt.id ORDER BY step) AS taken
FROM training_attempt attempt WHERE attempt.id = %s AND attempt.cycle_id = %s
"""


def decide(cycle: Cycle, attempt_id: int, *, step: int, position: int, now: dt.datetime) -> Run:
    """Take the choice shown at `position` as decision number `step` of the attempt.

    A decision already taken stays (a double click, a second tab): the run as it stands is returned. A step ahead of
    the run, a position not on offer, an attempt of another cycle: NotThere, nothing changed. The decision that ends the
    scenario also grades the attempt. Nothing is locked: of two at once the database takes the first.
    """
    assert cycle.revision_id is not None
    content = revision_content(cycle.revision_id)
    attempt, state = _replayed(cycle, attempt_id, content)
    if step < len(state.steps):
        return Run(attempt, state)
    offered = engine.offered(state, attempt.seed)
    if step > len(state.steps) or not 0 <= position < len(offered):
        raise NotThere
    try:
        return _take(attempt, state, offered[position], content, now=now)
    except IntegrityError:
        run = Run(*_replayed(cycle, attempt_id, content))
        if step < len(run.state.steps):
            return run
        raise


def _replayed(cycle: Cycle, attempt_id: int, content: CourseDocument) -> tuple[Attempt, engine.State]:
    attempt = next(iter(Attempt.objects.raw(RUN, [attempt_id, cycle.pk])), None)
    if attempt is None:
        raise NotThere
    scenario = content.scenario(attempt.scenario_key)
    assert scenario is not None
    return attempt, engine.replay(scenario, vars(attempt).pop("taken"))


def _take(attempt: Attempt, state: engine.State, choice: Choice, content: CourseDocument, *, now: dt.datetime) -> Run:
    node, scenario = state.node, content.scenario(attempt.scenario_key)
    assert node is not None
    assert scenario is not None
    step = len(state.steps)
    decision = Decision(attempt=attempt, step=step, node_key=node.key, choice_key=choice.key, at=now)
    state = engine.choose(scenario, state, choice.key)
    if state.ending is None:
        decision.save()
        return Run(attempt, state)
    attempt.finished_at = now
    attempt.ending_key = state.ending.key
    attempt.score = state.score
    attempt.passed = engine.passed(state.score, content.pass_mark)
    with transaction.atomic():
        decision.save()
        attempt.save(update_fields=["finished_at", "ending_key", "score", "passed"])
    return Run(attempt, state)


class NameMissing(Exception):
    """The acknowledgement needs the tick and the typed name."""


@transaction.atomic
def acknowledge(cycle: Cycle, *, agreed: bool, name: str, language: str, now: dt.datetime) -> Completion:
    """Sign the acknowledgement: closes the cycle and writes the completion. Signing twice returns the one record."""
    locked = (
        Cycle.objects.select_for_update(of=("self",)).select_related("person__department", "course").get(pk=cycle.pk)
    )
    if locked.closed_at is not None:
        return Completion.objects.get(cycle=locked)
    progress = Progress(locked)
    if progress.current is None or progress.current.kind != "acknowledgement":
        raise NotThere
    name = " ".join(name.split())
    if not agreed or len(name) < 2:
        raise NameMissing
    completion = _write_completion(progress, name=name[:170], language=language, now=now)
    Cycle.objects.filter(pk=locked.pk).update(closed_at=now)
    return completion


def _write_completion(progress: Progress, *, name: str, language: str, now: dt.datetime) -> Completion:
    cycle, content = progress.cycle, progress.content
    person: Person = cycle.person
    passed = progress.result(content.final)
    assert passed is not None
    result = Attempt.objects.get(pk=passed.pk)
    assert result.score is not None
    assert cycle.started_at is not None
    assert cycle.revision_id is not None
    today = timezone.localdate(now)
    return Completion.objects.create(
        cycle=cycle,
        person=person,
        course_id=cycle.course_id,
        revision_id=cycle.revision_id,
        department=person.department,
        department_path=person.department.path if person.department else "",
        person_name=person.name,
        started_at=cycle.started_at,
        completed_at=now,
        completed_on=today,
        due_on=cycle.due_on,
        late=cycle.due_on is not None and today > cycle.due_on,
        expires_on=add_months(today, content.validity_months) if content.validity_months else None,
        result=result,
        score=result.score,
        acknowledgement_text=content.acknowledgement.in_language(language),
        acknowledgement_language=language,
        acknowledgement_name=name,
    )


def add_months(day: dt.date, months: int) -> dt.date:
    """The same day of the month later, or that month's last day (31 January + 1 month = 28 or 29 February)."""
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return dt.date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def _open(cycle: Cycle) -> Progress:
    if cycle.closed_at is not None:
        raise NotThere
    return Progress(cycle)
