"""Composing one document from the drafts of a course, and replacing the drafts by those of a document."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from accounts.models import Person
from courses.document import CourseDocument, read_frame, read_lesson, to_json
from courses.models import Course, LessonDraft, ScenarioDraft
from quizzes.document import Part, read_scenario

PARTS = ("lessons", "scenarios")


@dataclass
class Changes:
    """What a replacement of drafts did, by document path (`lessons.rule-1`)."""

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)

    def counts(self) -> dict[str, list[str]]:
        return {"added": self.added, "changed": self.changed, "removed": self.removed}


def compose(course: Course) -> dict[str, Any]:
    """The drafts as one document in canonical form: lessons in order, scenarios in the order they are played.

    Whether the parts fit together is not asked here; `read_course` and `check_course` say so.
    """
    frame = to_json(read_frame(course.frame))
    lessons = [to_json(draft.read()) for draft in course.lesson_drafts.order_by("position")]
    scenarios = {draft.key: to_json(draft.read()) for draft in course.scenario_drafts.order_by("key")}
    played = [lesson["scenario"] for lesson in lessons] + [frame["final"]]
    order = [key for key in dict.fromkeys(played) if key in scenarios]
    order += [key for key in scenarios if key not in order]
    return {**frame, "lessons": lessons, "scenarios": [scenarios[key] for key in order]}


def document_of(part: Course | LessonDraft | ScenarioDraft) -> dict[str, Any]:
    """What a draft says, in canonical form: defaults written out, one way to write each thing."""
    return to_json(part.read())


def same(raw: Any, part: Part, read: Callable[[Any], Part]) -> bool:
    """Does a stored draft say the same as `part`, whatever defaults were written out?"""
    return to_json(read(raw)) == to_json(part)


def frame_of(document: CourseDocument) -> dict[str, Any]:
    return {name: value for name, value in to_json(document).items() if name not in PARTS}


def replace_drafts(course: Course, document: CourseDocument, *, by: Person | None, now: dt.datetime) -> Changes:
    """Make the drafts say what the document says. Rows that already do are left alone, so versions stay.

    To be called with the course locked. Drafts are working copies: those of parts that are gone are deleted.
    """
    changes = Changes()
    frame = frame_of(document)
    if not same(course.frame, read_frame(frame), read_frame):
        course.frame, course.version = frame, course.version + 1
        course.save(update_fields=["frame", "version"])
        changes.changed.append("frame")
    stored_lessons = {draft.key: draft for draft in course.lesson_drafts.all()}
    for position, lesson in enumerate(document.lessons):
        draft = stored_lessons.pop(lesson.key, None) or LessonDraft(course=course, key=lesson.key, version=0)
        moved = draft.position != position
        if draft.pk is None or moved or not same(draft.document, lesson, read_lesson):
            draft.position = position
            _write(draft, to_json(lesson), f"lessons.{lesson.key}", changes, by=by, now=now)
    stored_scenarios = {draft.key: draft for draft in course.scenario_drafts.all()}
    for scenario in document.scenarios:
        found = stored_scenarios.pop(scenario.key, None) or ScenarioDraft(course=course, key=scenario.key, version=0)
        if found.pk is None or not same(found.document, scenario, read_scenario):
            _write(found, to_json(scenario), f"scenarios.{scenario.key}", changes, by=by, now=now)
    for kind, gone in (("lessons", stored_lessons), ("scenarios", stored_scenarios)):
        for key, stale in gone.items():
            stale.delete()
            changes.removed.append(f"{kind}.{key}")
    return changes


def _write(
    draft: LessonDraft | ScenarioDraft,
    document: dict[str, Any],
    path: str,
    changes: Changes,
    *,
    by: Person | None,
    now: dt.datetime,
) -> None:
    (changes.changed if draft.pk else changes.added).append(path)
    draft.document = document
    draft.version += 1
    draft.updated_by = by
    draft.updated_at = now
    draft.save()
