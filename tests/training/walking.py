"""Walking a cycle through the small course, with the verbs a learner's clicks call."""

import datetime as dt

from accounts.models import Person
from courses.models import Course
from quizzes import engine
from training import progress, standing
from training.models import Assignment, Attempt, Completion, Cycle, Source

BEST = ("a", "a")


def open_cycle(course: Course, person: Person, *, now: dt.datetime, due_on: dt.date | None = None) -> Cycle:
    cycle = Cycle.objects.create(person=person, course=course, opened_at=now, due_on=due_on)
    Assignment.objects.create(cycle=cycle, source=Source.PERSON, due_on=due_on, assigned_at=now)
    return cycle


def pass_scenario(cycle: Cycle, key: str, *, now: dt.datetime, choices: tuple[str, ...] | list[str] = BEST) -> Attempt:
    """Play one attempt with these choices."""
    attempt = progress.begin_attempt(cycle, key, now=now)
    run = progress.run_of(attempt, standing.Progress(cycle).content)
    for step, choice in enumerate(choices):
        keys = [offered.key for offered in engine.offered(run.state, attempt.seed)]
        run = progress.decide(cycle, attempt.pk, step=step, position=keys.index(choice), now=now)
    return run.attempt


def walk_to(cycle: Cycle, slug: str, *, now: dt.datetime) -> None:
    """Do every step before the one of that slug."""
    while (step := standing.Progress(cycle).current) and step.slug != slug:
        if step.kind == "lesson":
            progress.answer_opening(cycle, step.key, option=0, now=now)
            progress.mark_seen(cycle, step.key, now=now)
        elif step.kind == "scenario":
            pass_scenario(cycle, step.key, now=now)


def complete(course: Course, person: Person, *, now: dt.datetime, due_on: dt.date | None = None) -> Completion:
    cycle = progress.start(open_cycle(course, person, now=now, due_on=due_on), now=now)
    walk_to(cycle, "acknowledgement", now=now)
    return progress.acknowledge(cycle, agreed=True, name=person.name, language=person.language, now=now)
