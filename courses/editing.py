"""Saving drafts. Each save names the version that was read; one that comes too late changes nothing."""

import datetime as dt
from typing import Any

from django.db import transaction

from accounts import audit
from accounts.models import Person
from courses.comparing import differences
from courses.document import read_frame, read_lesson, to_json
from courses.drafts import document_of
from courses.models import Course, LessonDraft, ScenarioDraft
from quizzes.document import Part, read_scenario
from quizzes.problems import DocumentError, Problem

MOST_DIFFERENCES = 200


class LostUpdate(Exception):
    """Someone saved since the version that was read. `stored` and `version` are what is there now."""

    def __init__(self, stored: dict[str, Any], version: int) -> None:
        self.stored, self.version = stored, version
        super().__init__(f"the stored version is {version}")


@transaction.atomic
def save_frame(
    course: Course, document: dict[str, Any], *, version: int, by: Person | None, now: dt.datetime
) -> Course:
    """Store what belongs to the whole course. DocumentError or LostUpdate, and then nothing is stored."""
    course = _lock(course)
    if course.version != version:
        raise LostUpdate(document_of(course), course.version)
    typed = read_frame(document)
    if typed.key != course.key:
        raise DocumentError([Problem("key", "fixed", "the key of a course never changes")])
    changed = _changes(document_of(course), typed)
    if changed:
        course.frame, course.version = to_json(typed), course.version + 1
        course.save(update_fields=["frame", "version"])
        audit.record("courses.edit", subject=course, by=by, now=now, part="frame", changes=changed)
    return course


def save_lesson(
    draft: LessonDraft, document: dict[str, Any], *, version: int, by: Person | None, now: dt.datetime
) -> LessonDraft:
    """Store a lesson. DocumentError or LostUpdate, and then nothing is stored; unchanged text makes no new version."""
    typed = read_lesson(document)
    if typed.scenario != draft.document.get("scenario"):
        raise DocumentError([Problem("scenario", "fixed", "the scenario of a lesson never changes")])
    saved = _save(draft, typed, version=version, by=by, now=now)
    assert isinstance(saved, LessonDraft)
    return saved


def save_scenario(
    draft: ScenarioDraft, document: dict[str, Any], *, version: int, by: Person | None, now: dt.datetime
) -> ScenarioDraft:
    """Store a scenario, like save_lesson."""
    saved = _save(draft, read_scenario(document), version=version, by=by, now=now)
    assert isinstance(saved, ScenarioDraft)
    return saved


@transaction.atomic
def _save(
    draft: LessonDraft | ScenarioDraft, typed: Any, *, version: int, by: Person | None, now: dt.datetime
) -> LessonDraft | ScenarioDraft:
    course = _lock(draft.course)
    draft = type(draft).objects.select_for_update(of=("self",)).get(pk=draft.pk)
    if draft.version != version:
        raise LostUpdate(document_of(draft), draft.version)
    if typed.key != draft.key:
        raise DocumentError([Problem("key", "fixed", "the key never changes")])
    changed = _changes(document_of(draft), typed)
    if changed:
        draft.document, draft.version = to_json(typed), draft.version + 1
        draft.updated_by, draft.updated_at = by, now
        draft.save()
        part = f"{'lessons' if isinstance(draft, LessonDraft) else 'scenarios'}.{draft.key}"
        audit.record("courses.edit", subject=course, by=by, now=now, part=part, version=draft.version, changes=changed)
    return draft


def _lock(course: Course) -> Course:
    """Saving, ordering and publishing a course wait for one another."""
    return Course.objects.select_for_update(of=("self",)).get(pk=course.pk)


def _changes(stored: dict[str, Any], typed: Part) -> list[dict[str, str | None]]:
    found = [{"path": d.path, "old": d.old, "new": d.new} for d in differences(stored, to_json(typed))]
    if not found and stored != to_json(typed):
        found = [{"path": "", "old": None, "new": None}]
    return found[:MOST_DIFFERENCES]


@transaction.atomic
def add_lesson(
    course: Course, *, key: str, lesson: dict[str, Any], scenario: dict[str, Any], by: Person | None, now: dt.datetime
) -> LessonDraft:
    """A lesson and its scenario, both at the end. DocumentError when the key is taken or no key at all."""
    course = _lock(course)
    typed, graph = read_lesson(lesson), read_scenario(scenario)
    if course.lesson_drafts.filter(key=key).exists() or course.scenario_drafts.filter(key=key).exists():
        raise DocumentError([Problem("key", "repeated", f"the key {key!r} is used already")])
    position = course.lesson_drafts.count()
    draft = LessonDraft.objects.create(
        course=course, key=key, position=position, document=to_json(typed), updated_by=by, updated_at=now
    )
    ScenarioDraft.objects.create(course=course, key=key, document=to_json(graph), updated_by=by, updated_at=now)
    audit.record("courses.add_lesson", subject=course, by=by, now=now, lesson=key)
    return draft


@transaction.atomic
def move_lesson(draft: LessonDraft, *, by_places: int, by: Person | None, now: dt.datetime) -> None:
    """Up (negative) or down; past either end it stays there."""
    course = _lock(draft.course)
    lessons = list(course.lesson_drafts.order_by("position"))
    index = next(i for i, lesson in enumerate(lessons) if lesson.pk == draft.pk)
    target = min(max(index + by_places, 0), len(lessons) - 1)
    if target == index:
        return
    lessons.insert(target, lessons.pop(index))
    _number(lessons)
    audit.record("courses.order", subject=course, by=by, now=now, lessons=[lesson.key for lesson in lessons])


@transaction.atomic
def remove_lesson(draft: LessonDraft, *, by: Person | None, now: dt.datetime) -> None:
    """Take a lesson and its scenario out of the drafts; published revisions keep both. The audit log keeps the text."""
    course = _lock(draft.course)
    scenario = course.scenario_drafts.filter(key=draft.document["scenario"]).first()
    removed = {"lesson": draft.document, "scenario": scenario.document if scenario else None}
    draft.delete()
    if scenario:
        scenario.delete()
    _number(list(course.lesson_drafts.order_by("position")))
    audit.record("courses.remove_lesson", subject=course, by=by, now=now, before=removed)


def _number(lessons: list[LessonDraft]) -> None:
    for position, lesson in enumerate(lessons):
        lesson.position = position
    LessonDraft.objects.bulk_update(lessons, ["position"])
