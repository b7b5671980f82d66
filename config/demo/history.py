"""Four weeks of the course in the demo company, day by day, with a fixed seed: the same story at every first start.

Evidence is written in bulk, in the shape that the verbs of training.progress leave; the tests compare the two.
"""

import datetime as dt
import random
from collections import defaultdict
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from django.conf import settings

from accounts.models import Department, Person
from courses.document import CourseDocument
from courses.models import Course, revision_content
from quizzes import engine
from quizzes.document import Scenario
from training import assigning, duties
from training.due import DueRule
from training.models import Attempt, Completion, Cycle, Decision, LessonProgress
from training.progress import add_months

WEEKS = 4
DAYS_TO_DO = 21
DAYS_AT_MOST = 35
SEED = 5


@dataclass
class Fate:
    """What a person will do: begin on one day of the story, finish on another, or never."""

    begins: int | None
    finishes: int | None
    skill: float


@dataclass
class Evidence:
    """Rows of one day, written together."""

    lessons: list[LessonProgress] = field(default_factory=list)
    attempts: list[tuple[Attempt, list[tuple[str, str]], engine.State]] = field(default_factory=list)
    finished: list[tuple[Cycle, Attempt, dt.datetime]] = field(default_factory=list)


class Story:
    """Tells the days one after another."""

    def __init__(self, course: Course, *, hr: Person, today: dt.date) -> None:
        assert course.current_id is not None
        self.course, self.hr = course, hr
        self.content: CourseDocument = revision_content(course.current_id)
        self.first = today - dt.timedelta(weeks=WEEKS)
        self.days = WEEKS * 7
        self.chance = random.Random(SEED)  # noqa: S311 - a story, not a secret
        self.fates: dict[int, Fate] = {}

    def clock(self, day: int, hour: float = 9) -> dt.datetime:
        midnight = dt.datetime.combine(self.first + dt.timedelta(days=day), dt.time(), ZoneInfo(settings.TIME_ZONE))
        return midnight + dt.timedelta(hours=hour)

    def assign(self) -> None:
        """Everyone has five weeks; every other department was to be done after three."""
        now = self.clock(0, 8)
        everyone = DueRule.after_assignment(DAYS_AT_MOST)
        assigning.assign_to_department(self.course, department=None, due=everyone, by=self.hr, now=now)
        early = DueRule.fixed(self.first + dt.timedelta(days=DAYS_TO_DO))
        for department in Department.objects.filter(parent__parent=None, parent__isnull=False).in_tree_order()[::2]:
            assigning.assign_to_department(self.course, department=department, due=early, by=self.hr, now=now)

    def live(self, day: int) -> None:
        """One day: newcomers are reached, people learn, HR decides."""
        now = self.clock(day)
        assigning.apply_standing_rules(now=now)
        cycles = list(Cycle.objects.open().select_related("person__department").order_by("pk"))
        for cycle in cycles:
            if cycle.pk not in self.fates:
                self.fates[cycle.pk] = self._fate(cycle, day)
        evidence = Evidence()
        for cycle in cycles:
            fate = self.fates[cycle.pk]
            if fate.finishes == day:
                self._learn(cycle, evidence, fate, day, share=1)
            elif fate.begins == day:
                self._learn(cycle, evidence, fate, day, share=self.chance.choice((0.2, 0.4, 0.6, 0.8)))
        self._write(evidence)
        if day == 16:
            self._decide_as_hr(cycles, day)

    def _fate(self, cycle: Cycle, day: int) -> Fate:
        """Departments differ: their name decides how keen people are."""
        keen = 0.35 + 0.6 * random.Random(f"{SEED}:{cycle.person.department}").random()  # noqa: S311
        skill = 0.45 + 0.4 * self.chance.random()
        roll = self.chance.random()
        workdays = [d for d in range(day, self.days) if self.clock(d).weekday() < 5]
        if not workdays or roll > keen + 0.22:
            return Fate(None, None, skill)
        at = min(int(self.chance.betavariate(1.3, 1.9) * len(workdays)), len(workdays) - 1)
        if roll > keen:
            return Fate(workdays[at], None, skill)
        return Fate(None, workdays[at], skill)

    def _learn(self, cycle: Cycle, evidence: Evidence, fate: Fate, day: int, *, share: float) -> None:
        at = self.clock(day, 9.2 + 7 * self.chance.random())  # whoever joins is assigned at nine
        Cycle.objects.filter(pk=cycle.pk).update(started_at=at, revision_id=self.course.current_id)
        cycle.started_at, cycle.revision_id = at, self.course.current_id
        lessons = self.content.lessons[: max(1, round(share * len(self.content.lessons)))]
        for lesson in lessons:
            choice = self.chance.randrange(len(lesson.opening.options))
            evidence.lessons.append(
                LessonProgress(
                    cycle=cycle,
                    lesson_key=lesson.key,
                    opening_choice=choice,
                    answered_at=at,
                    seen_at=at + dt.timedelta(seconds=70),
                )
            )
            at = self._play(cycle, lesson.scenario, evidence, fate, at + dt.timedelta(seconds=80))
        if share == 1:
            at = self._play(cycle, self.content.final, evidence, fate, at)
            evidence.finished.append((cycle, evidence.attempts[-1][0], at + dt.timedelta(seconds=40)))

    def _play(self, cycle: Cycle, key: str, evidence: Evidence, fate: Fate, at: dt.datetime) -> dt.datetime:
        """Up to two failed attempts, then one that passes; returns the time after it."""
        scenario = self.content.scenario(key)
        assert scenario is not None
        runs = [
            run
            for run in (self._run(scenario, fate.skill) for _ in range(2))
            if not engine.passed(run.score, self.content.pass_mark)
        ]
        runs.append(self._passing_run(scenario))
        for number, state in enumerate(runs, 1):
            attempt = Attempt(
                cycle=cycle, scenario_key=key, number=number, seed=self.chance.randrange(2**31), started_at=at
            )
            path = [(step.node.key, step.choice.key) for step in state.steps]
            evidence.attempts.append((attempt, path, state))
            at += dt.timedelta(seconds=25 * len(path) + 15)
        return at

    def _run(self, scenario: Scenario, skill: float) -> engine.State:
        state = engine.start(scenario)
        while state.node is not None:
            choices = state.node.choices
            best = max(choices, key=lambda choice: choice.points)
            choice = best if self.chance.random() < skill else self.chance.choice(choices)
            state = engine.choose(scenario, state, choice.key)
        return state

    def _passing_run(self, scenario: Scenario) -> engine.State:
        for skill in (0.8, 0.9, 0.95, 1, 1):
            state = self._run(scenario, skill)
            if engine.passed(state.score, self.content.pass_mark):
                return state
        raise AssertionError(f"always taking the best choice must pass: {scenario.key}")

    def _write(self, evidence: Evidence) -> None:
        LessonProgress.objects.bulk_create(evidence.lessons)
        rounds: dict[int, list[tuple[Attempt, list[tuple[str, str]], engine.State]]] = defaultdict(list)
        for item in evidence.attempts:
            rounds[item[0].number].append(item)
        for _number, items in sorted(rounds.items()):
            Attempt.objects.bulk_create([attempt for attempt, _path, _state in items])
            Decision.objects.bulk_create(
                [
                    Decision(
                        attempt=attempt,
                        step=step,
                        node_key=node,
                        choice_key=choice,
                        at=attempt.started_at + dt.timedelta(seconds=25 * (step + 1)),
                    )
                    for attempt, path, _state in items
                    for step, (node, choice) in enumerate(path)
                ]
            )
            for attempt, path, state in items:
                assert state.ending is not None
                attempt.finished_at = attempt.started_at + dt.timedelta(seconds=25 * len(path))
                attempt.ending_key, attempt.score = state.ending.key, state.score
                attempt.passed = engine.passed(state.score, self.content.pass_mark)
            Attempt.objects.bulk_update(
                [attempt for attempt, _path, _state in items], ["finished_at", "ending_key", "score", "passed"]
            )
        for cycle, result, at in evidence.finished:
            self._complete(cycle, result, at)

    def _complete(self, cycle: Cycle, result: Attempt, at: dt.datetime) -> None:
        person, day = cycle.person, at.astimezone(ZoneInfo(settings.TIME_ZONE)).date()
        assert cycle.started_at is not None
        assert cycle.revision_id is not None
        assert result.score is not None
        Completion.objects.create(
            cycle=cycle,
            person=person,
            course=self.course,
            revision_id=cycle.revision_id,
            department=person.department,
            department_path=person.department.path if person.department else "",
            person_name=person.name,
            started_at=cycle.started_at,
            completed_at=at,
            completed_on=day,
            due_on=cycle.due_on,
            late=cycle.due_on is not None and day > cycle.due_on,
            expires_on=add_months(day, self.content.validity_months) if self.content.validity_months else None,
            result=result,
            score=result.score,
            acknowledgement_text=self.content.acknowledgement.in_language(person.language),
            acknowledgement_language=person.language,
            acknowledgement_name=person.name,
        )
        Cycle.objects.filter(pk=cycle.pk).update(closed_at=at)

    def _decide_as_hr(self, cycles: list[Cycle], day: int) -> None:
        """Leave, a waiver and more time, each for people who have not begun."""
        idle = [
            cycle
            for cycle in cycles
            if self.fates[cycle.pk] == Fate(None, None, self.fates[cycle.pk].skill)
            and cycle.person_id != self.hr.pk
            and cycle.due_on
        ]
        now, first = self.clock(day), self.first
        for cycle, reason in zip(
            idle[:4], ("Urlop rodzicielski", "Urlop bezpłatny", "Urlop zdrowotny", "Urlop rodzicielski"), strict=False
        ):
            duties.put_on_leave(
                cycle.person,
                starts_on=first + dt.timedelta(days=day - 3),
                ends_on=None,
                reason=reason,
                by=self.hr,
                now=now,
            )
        for cycle in idle[4:6]:
            duties.waive(cycle, reason="Praca bez firmowego konta i urządzenia", until=None, by=self.hr, now=now)
        for cycle in idle[6:9]:
            duties.extend(
                cycle,
                new_due_on=first + dt.timedelta(days=DAYS_AT_MOST + 14),
                reason="Zamknięcie kwartału",
                by=self.hr,
                now=now,
            )
