"""A company of any size with the shipped course under way, written in bulk: `python -m bench.company 10000`.

Prints as JSON who may be played by the load generator: sessions, addresses, attempts.
"""

import datetime as dt
import json
import random
import secrets
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY  # noqa: E402
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402
from django.contrib.sessions.models import Session  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.urls import reverse  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts.departments import create_paths  # noqa: E402
from accounts.models import Department, Membership, Person, Role, RoleGrant  # noqa: E402
from courses.document import CourseDocument  # noqa: E402
from courses.models import Course, revision_content  # noqa: E402
from quizzes import engine  # noqa: E402
from training.models import Attempt, Completion, Cycle, Leave, LessonProgress, Waiver  # noqa: E402

SHIPPED = Path(settings.BASE_DIR) / "courses" / "shipped" / "five-rules"
SEED = 7
DIVISIONS, TEAMS = 7, 52
FIRST_NAMES = ("Zofia", "Łukasz", "Małgorzata", "Jan", "Emily", "Żaneta", "Oliver", "Grażyna", "Stanisław", "Ines")
LAST_NAMES = (
    "Śliwińska",
    "Brzozowy",
    "Ćwikliński",
    "Harper",
    "Jaworzyńska",
    "Okoński",
    "Tarrant",
    "Źrebiec",
    "Wolnicki",
)
# How many of a hundred people stand how.
FATES = {
    "completed": 44,
    "expired": 3,
    "renewing": 3,
    "in progress": 16,
    "not started": 14,
    "overdue": 14,
    "waived": 2,
    "on leave": 2,
    "left": 2,
}
LEARNED = ("completed", "expired", "renewing")


def build(size: int) -> dict[str, Any]:
    call_command("import_course", str(SHIPPED), publish=True, stdout=sys.stderr)
    course = Course.objects.get()
    now = timezone.now()
    with transaction.atomic():
        hr = make_people(size, now)
        by_fate = deal(list(Person.objects.exclude(pk=hr.pk).order_by("pk")))
        learn(course, by_fate, now)
        excuse(by_fate, hr, now)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    return cast(course, hr, by_fate["in progress"], now)


def make_people(size: int, now: dt.datetime) -> Person:
    """Departments on three levels and everyone in one of them; returns HR."""
    today = timezone.localdate(now)
    divisions = [("Company", f"Division {number}") for number in range(1, DIVISIONS + 1)]
    teams = [(*divisions[number % DIVISIONS], f"Team {number}") for number in range(1, TEAMS + 1)]
    places = list(create_paths([*divisions, *teams], by=None, now=now).values())
    chance = random.Random(SEED)
    people = Person.objects.bulk_create(
        Person(
            email=f"person{number}@example.com",
            first_name=chance.choice(FIRST_NAMES),
            last_name=chance.choice(LAST_NAMES),
            language=chance.choice(("pl", "pl", "en")),
            department=chance.choice(places),
            employment_start=today - dt.timedelta(days=chance.randrange(30, 3000)),
            password="!",
        )
        for number in range(size + 1)
    )
    Membership.objects.bulk_create(
        Membership(person=person, department=person.department, starts_on=person.employment_start) for person in people
    )
    Person.objects.exclude(pk=people[0].pk).update(manager=people[0])
    RoleGrant.objects.create(person=people[0], role=Role.HR, granted_at=now)
    return people[0]


def deal(people: Iterable[Person]) -> dict[str, list[Person]]:
    chance = random.Random(SEED + 1)
    by_fate = defaultdict(list)
    for person in people:
        [fate] = chance.choices(list(FATES), weights=list(FATES.values()))
        by_fate[fate].append(person)
    return by_fate


def learn(course: Course, by_fate: dict[str, list[Person]], now: dt.datetime) -> None:
    """Everyone has a duty; some have completed it, some stand before the final scenario."""
    assert course.current_id is not None
    content = revision_content(course.current_id)
    today = timezone.localdate(now)
    begun = (*LEARNED, "in progress")
    cycles = {
        person.pk: Cycle(
            person=person,
            course=course,
            opened_at=now - dt.timedelta(days=40 if fate != "expired" else 400),
            due_on=today + dt.timedelta(days=-5 if fate == "overdue" else 10 + person.pk % 3),
            revision_id=course.current_id if fate in begun else None,
            started_at=now - dt.timedelta(days=30) if fate in begun else None,
        )
        for fate, people in by_fate.items()
        for person in people
    }
    Cycle.objects.bulk_create(cycles.values(), batch_size=2000)
    finished = [person for fate in LEARNED for person in by_fate[fate]]
    finals = [cycles[person.pk] for person in finished]
    started = finals + [cycles[person.pk] for person in by_fate["in progress"]]
    leave_evidence(content, started, [lesson.scenario for lesson in content.lessons], now)
    leave_evidence(content, finals, [content.final], now)
    complete(content, finished, {person.pk for person in by_fate["expired"]}, now)
    Cycle.objects.bulk_create(
        Cycle(person=person, course=course, number=2, opened_at=now, due_on=today + dt.timedelta(days=20))
        for person in by_fate["renewing"]
    )


def leave_evidence(content: CourseDocument, cycles: Sequence[Cycle], scenarios: list[str], now: dt.datetime) -> None:
    """Lessons seen and one passed attempt of each scenario, with its decisions."""
    at = now - dt.timedelta(days=20)
    LessonProgress.objects.bulk_create(
        LessonProgress(cycle=cycle, lesson_key=lesson.key, opening_choice=0, answered_at=at, seen_at=at)
        for lesson in content.lessons
        if lesson.scenario in scenarios
        for cycle in cycles
    )
    for key in scenarios:
        Attempt.objects.bulk_create(
            Attempt(cycle=cycle, scenario_key=key, number=1, seed=cycle.pk, started_at=at) for cycle in cycles
        )
        state = best_run(content, key)
        assert state.ending is not None
        steps = [(step.node.key, step.choice.key) for step in state.steps]
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO training_decision (attempt_id, step, node_key, choice_key, at) "
                "SELECT attempt.id, path.step - 1, path.node, path.choice, attempt.started_at "
                "FROM training_attempt attempt "
                "CROSS JOIN unnest(%s::text[], %s::text[]) WITH ORDINALITY AS path(node, choice, step) "
                "WHERE attempt.scenario_key = %s AND attempt.finished_at IS NULL",
                [[node for node, _choice in steps], [choice for _node, choice in steps], key],
            )
        Attempt.objects.filter(scenario_key=key, finished_at=None).update(
            finished_at=at, ending_key=state.ending.key, score=state.score, passed=True
        )


def best_run(content: CourseDocument, key: str) -> engine.State:
    scenario = content.scenario(key)
    assert scenario is not None
    state = engine.start(scenario)
    while state.node is not None:
        state = engine.choose(scenario, state, max(state.node.choices, key=lambda choice: choice.points).key)
    return state


def complete(content: CourseDocument, people: list[Person], expired: set[int], now: dt.datetime) -> None:
    today = timezone.localdate(now)
    results = Attempt.objects.filter(scenario_key=content.final).select_related("cycle")
    by_person = {attempt.cycle.person_id: attempt for attempt in results}
    paths = dict(Department.objects.values_list("pk", "path"))
    completions = []
    for person in people:
        result = by_person[person.pk]
        cycle = result.cycle
        assert cycle.revision_id is not None
        assert cycle.started_at is not None
        assert result.score is not None
        day = today - dt.timedelta(days=380 if person.pk in expired else person.pk % 20)
        completions.append(
            Completion(
                cycle=cycle,
                person=person,
                course_id=cycle.course_id,
                revision_id=cycle.revision_id,
                department_id=person.department_id,
                department_path=paths[person.department_id or 0],
                person_name=person.name,
                started_at=cycle.started_at,
                completed_at=now,
                completed_on=day,
                due_on=cycle.due_on,
                late=False,
                expires_on=day + dt.timedelta(days=365),
                result=result,
                score=result.score,
                acknowledgement_text=content.acknowledgement.pl,
                acknowledgement_language="pl",
                acknowledgement_name=person.name,
            )
        )
    Completion.objects.bulk_create(completions, batch_size=1000)
    Cycle.objects.filter(completion__isnull=False).update(closed_at=now)


def excuse(by_fate: dict[str, list[Person]], hr: Person, now: dt.datetime) -> None:
    today = timezone.localdate(now)
    cycles = {cycle.person_id: cycle for cycle in Cycle.objects.filter(person__in=by_fate["waived"])}
    Waiver.objects.bulk_create(
        Waiver(cycle=cycles[person.pk], reason="Bench", by=hr, at=now) for person in by_fate["waived"]
    )
    Leave.objects.bulk_create(
        Leave(person=person, starts_on=today, reason="Bench", by=hr, at=now) for person in by_fate["on leave"]
    )
    Person.objects.filter(pk__in=[person.pk for person in by_fate["left"]]).update(left_on=today)


def cast(course: Course, hr: Person, learners: list[Person], now: dt.datetime) -> dict[str, Any]:
    """Who plays which part: a third of those before the final decides, a third plays, a third reads."""
    assert course.current_id is not None
    content = revision_content(course.current_id)
    cookies = sign_in([hr, *learners], now)
    cycles = {cycle.person_id: cycle for cycle in Cycle.objects.filter(person__in=learners)}
    third = len(learners) // 3
    deciders, players, readers = learners[:third], learners[third : 2 * third], learners[2 * third :]
    attempts = Attempt.objects.bulk_create(
        Attempt(cycle=cycles[person.pk], scenario_key=content.final, number=1, seed=person.pk, started_at=now)
        for person in deciders
    )

    def final(person: Person) -> str:
        return reverse("training:step", args=[cycles[person.pk].pk, f"play-{content.final}"])

    def lesson(number: int, person: Person) -> str:
        key = content.lessons[number % len(content.lessons)].key
        return reverse("training:step", args=[cycles[person.pk].pk, f"lesson-{key}"])

    csv = reverse("dashboards:people_csv")
    return {
        "bare": [{"cookie": cookies[p.pk], "path": "/bench/bare/"} for p in readers],
        "lesson": [{"cookie": cookies[p.pk], "path": lesson(n, p)} for n, p in enumerate(readers)],
        "home": [{"cookie": cookies[p.pk], "path": reverse("training:home")} for p in readers],
        "step": [
            {"cookie": cookies[p.pk], "path": final(p), "attempt": a.pk}
            for p, a in zip(deciders, attempts, strict=True)
        ],
        "attempt": [{"cookie": cookies[p.pk], "path": final(p)} for p in players],
        "dashboard": [{"cookie": cookies[hr.pk], "path": reverse("dashboards:overview")}],
        "csv": [{"cookie": cookies[hr.pk], "path": f"{csv}?course={course.key}"}],
    }


def sign_in(people: Iterable[Person], now: dt.datetime) -> dict[int, str]:
    """A session for each, as signing in would leave it; the cookies of the browser by person."""
    sessions = {
        person.pk: Session(
            session_key=f"bench{person.pk:027d}",
            session_data=SessionStore().encode(
                {
                    SESSION_KEY: str(person.pk),
                    BACKEND_SESSION_KEY: settings.AUTHENTICATION_BACKENDS[0],
                    HASH_SESSION_KEY: person.get_session_auth_hash(),
                }
            ),
            expire_date=now + dt.timedelta(days=1),
        )
        for person in people
    }
    Session.objects.bulk_create(sessions.values())
    return {
        pk: f"{settings.SESSION_COOKIE_NAME}={session.session_key}; {settings.CSRF_COOKIE_NAME}={secrets.token_hex(16)}"
        for pk, session in sessions.items()
    }


if __name__ == "__main__":
    call_command("migrate", interactive=False, verbosity=0)
    json.dump(build(int(sys.argv[1])), sys.stdout)
