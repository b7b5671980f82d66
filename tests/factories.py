"""Building rows for tests, directly and without side effects; changes of state go through the verbs."""

import copy
import datetime as dt
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from accounts.models import Department, Membership, Person, Role, RoleGrant
from courses.document import content_hash, read_course
from courses.models import Course, CourseRevision, LessonDraft, ScenarioDraft

NOW = dt.datetime(2026, 6, 1, 9, 0, tzinfo=ZoneInfo("Europe/Warsaw"))
_numbers = count(1)


def make_department(name: str, parent: Department | None = None) -> Department:
    department = Department.objects.create(name=name, parent=parent, path=f"{parent.path} / {name}" if parent else name)
    department.lineage = [*(parent.lineage if parent else []), department.pk]
    department.save()
    return department


def make_person(department: Department | None = None, **fields: Any) -> Person:
    number = next(_numbers)
    fields.setdefault("first_name", "Jagna")
    fields.setdefault("last_name", f"Testowa{number}")
    fields.setdefault("email", f"person{number}@example.com")
    fields.setdefault("employment_start", dt.date(2026, 1, 7))
    person = Person.objects.create_user(department=department, password="correct horse", **fields)
    if department:
        Membership.objects.create(person=person, department=department, starts_on=person.employment_start)
    return person


def grant(person: Person, role: Role, department: Department | None = None) -> Person:
    RoleGrant.objects.create(person=person, role=role, department=department, granted_at=NOW)
    vars(person).pop("_roles", None)
    return person


def both(text: str) -> dict[str, str]:
    return {"pl": f"{text} (pl)", "en": f"{text} (en)"}


def scenario_document(key: str, rule: int | None = 1) -> dict[str, Any]:
    """Two decisions: `good` twice scores 100; an error first and a repair after scores 80; caution never passes."""

    def choice(key: str, points: int, caution: int, goto: str, **more: Any) -> dict[str, Any]:
        return {
            "key": key,
            "label": both(f"choice {key}"),
            "points": points,
            "caution": caution,
            "goto": goto,
            "why": both(f"why {key}"),
            **more,
        }

    return {
        "key": key,
        "title": both(f"Scenario {key}"),
        **({"rule": rule} if rule else {}),
        "premise": both("Friday afternoon"),
        "minutes": 2,
        "people": [{"key": "marta", "name": "Marta Testowa", "role": both("account manager")}],
        "variables": [
            {
                "key": "trust",
                "label": both("Trust"),
                "start": 3,
                "min": 0,
                "max": 5,
                "better": "high",
                "levels": [{"upto": 2, "text": both("shaken")}, {"upto": 5, "text": both("firm")}],
            },
        ],
        "start": "first",
        "nodes": [
            {
                "key": "first",
                "rule": rule or 1,
                "clock": both("16:40"),
                "prompt": both("What do you do?"),
                "beats": [{"kind": "post", "from": "marta", "text": both("A post")}],
                "choices": [
                    choice(
                        "a",
                        10,
                        1,
                        "second",
                        effects={"trust": 1},
                        leaves={"kind": "comment", "text": both("My comment")},
                    ),
                    choice("b", 6, 0, "second", effects={"trust": -1}),
                    choice("c", 0, 2, "second", effects={"trust": -3}),
                ],
            },
            {
                "key": "second",
                "rule": rule or 1,
                "clock": both("17:00"),
                "jump": both("20 minutes later"),
                "prompt": both("And now?"),
                "beats": [
                    {"kind": "message", "from": "marta", "text": both("Thank you")},
                    {"kind": "notice", "text": both("Trust is low"), "when": [{"var": "trust", "op": "<", "value": 2}]},
                ],
                "choices": [
                    choice("a", 10, 1, "well"),
                    choice("b", 0, 2, "badly"),
                ],
            },
        ],
        "endings": [
            {
                "key": "well",
                "outcome": "mixed",
                "title": both("It went well"),
                "story": [both("one"), both("two"), both("three")],
                "lesson": both("Remember"),
            },
            {
                "key": "badly",
                "outcome": "bad",
                "title": both("It went badly"),
                "story": [both("one"), both("two"), both("three")],
                "lesson": both("Remember"),
            },
        ],
    }


def lesson_document(key: str) -> dict[str, Any]:
    return {
        "key": key,
        "title": both(f"Lesson {key}"),
        "minutes": 2,
        "opening": {
            "text": both("What would you do?"),
            "options": [
                {"text": both("This"), "reply": both("Reply to this")},
                {"text": both("That"), "reply": both("Reply to that")},
            ],
        },
        "rule": both("The rule in one sentence"),
        "blocks": [
            {"kind": "text", "markdown": both("Why it **matters**")},
            {"kind": "callout", "tone": "do", "title": both("Instead"), "markdown": both("Do this")},
            {"kind": "post", "author": "Marta Testowa", "role": both("account manager"), "text": both("Look!")},
        ],
        "key_line": both("Keep this"),
        "scenario": key,
    }


def course_document(key: str = "small", lessons: int = 2) -> dict[str, Any]:
    keys = [f"rule-{number}" for number in range(1, lessons + 1)]
    return {
        "format": "five-rules-course/1",
        "key": key,
        "title": both("Small course"),
        "summary": both("Short"),
        "about": both("About"),
        "acknowledgement": both("I have read the rules."),
        "pass_mark": 80,
        "validity_months": 12,
        "lessons": [lesson_document(key) for key in keys],
        "final": "final",
        "scenarios": [scenario_document(key, rule=number) for number, key in enumerate(keys, 1)]
        + [scenario_document("final", rule=None)],
    }


def make_course(document: dict[str, Any] | None = None, *, by: Person | None = None) -> Course:
    """A course with drafts and revision 1."""
    document = copy.deepcopy(document or course_document())
    read_course(document)
    frame = {name: value for name, value in document.items() if name not in ("lessons", "scenarios")}
    course = Course.objects.create(key=document["key"], frame=frame, created_at=NOW)
    for position, lesson in enumerate(document["lessons"]):
        LessonDraft.objects.create(
            course=course, key=lesson["key"], position=position, document=lesson, updated_by=by, updated_at=NOW
        )
    for scenario in document["scenarios"]:
        ScenarioDraft.objects.create(
            course=course, key=scenario["key"], document=scenario, updated_by=by, updated_at=NOW
        )
    course.current = make_revision(course, document, by=by)
    course.save()
    return course


def make_revision(course: Course, document: dict[str, Any], *, by: Person | None = None) -> CourseRevision:
    return CourseRevision.objects.create(
        course=course,
        number=course.revisions.count() + 1,
        document=document,
        content_hash=content_hash(document),
        pass_mark=document["pass_mark"],
        change_kind="major",
        reason="first",
        published_by=by,
        published_at=NOW,
    )
