"""Publishing and going back."""

from django.db import DatabaseError, connection, transaction

import pytest

from accounts.models import AuditEvent
from courses.document import content_hash, read_course, to_json
from courses.drafts import compose
from courses.importing import import_course
from courses.models import ChangeKind, CourseRevision, LessonDraft
from courses.publishing import (
    ChecksFailed,
    DraftChanged,
    NothingChanged,
    ReasonMissing,
    draft_hash,
    publish,
    restore,
)
from tests.factories import NOW, both, course_document, make_course


def change_lesson(course, text="A better rule"):
    draft = course.lesson_drafts.get(key="rule-1")
    draft.document["rule"] = both(text)
    draft.save()


@pytest.fixture
def publish_it(course, cast):
    def run(**options):
        options = {"change_kind": ChangeKind.MINOR, "reason": "Clearer words"} | options
        return publish(course, by=cast.editor, now=NOW, **options)

    return run


def test_publishing_freezes_the_drafts_as_the_next_revision(course, publish_it, cast):
    change_lesson(course)
    revision = publish_it(change_kind=ChangeKind.MAJOR, reason=" Clearer words ")
    course.refresh_from_db()
    assert course.current == revision
    assert (revision.number, revision.change_kind, revision.reason) == (2, "major", "Clearer words")
    assert revision.document == compose(course)
    assert revision.content_hash == content_hash(revision.document)
    assert revision.content.lesson("rule-1").rule.en == "A better rule (en)"
    event = AuditEvent.objects.get(action="courses.publish")
    assert (event.actor, event.detail["revision"]) == (cast.editor, 2)


def test_earlier_revisions_keep_what_they_said(course, publish_it):
    first = course.current
    before = first.document
    change_lesson(course)
    publish_it()
    first.refresh_from_db()
    assert first.document == before


def test_unchanged_drafts_are_not_published_again(course, publish_it):
    with pytest.raises(NothingChanged):
        publish_it()
    assert course.revisions.count() == 1


def test_writing_out_defaults_is_no_change(course, publish_it):
    for draft in course.lesson_drafts.all():
        draft.document = to_json(draft.read())
        draft.save()
    with pytest.raises(NothingChanged):
        publish_it()


def test_drafts_with_errors_are_not_published(course, publish_it):
    change_lesson(course, "")
    LessonDraft.objects.filter(key="rule-2").update(
        document=compose(course)["lessons"][1] | {"key_line": {"pl": "", "en": "x"}}
    )
    with pytest.raises(ChecksFailed) as raised:
        publish_it()
    assert [problem.path for problem in raised.value.problems] == ["lessons[1].key_line.pl"]
    assert course.revisions.count() == 1
    assert not AuditEvent.objects.filter(action="courses.publish").exists()


def test_warnings_do_not_forbid_publishing(course, publish_it):
    LessonDraft.objects.filter(key="rule-2").update(document=compose(course)["lessons"][1] | {"blocks": []})
    assert publish_it().number == 2


def test_a_draft_that_changed_after_the_preview_is_not_published(course, publish_it):
    change_lesson(course)
    shown = draft_hash(course)
    change_lesson(course, "Someone else's words")
    with pytest.raises(DraftChanged) as raised:
        publish_it(expected_hash=shown)
    assert raised.value.found == draft_hash(course)
    assert publish_it(expected_hash=raised.value.found).number == 2


@pytest.mark.parametrize("reason", ["", "  "])
def test_a_revision_needs_a_reason(course, publish_it, reason):
    change_lesson(course)
    with pytest.raises(ReasonMissing):
        publish_it(reason=reason)


def test_a_course_that_was_never_published_gets_revision_1(cast):
    course = import_course(course_document(), by=cast.editor, now=NOW, reason="new").course
    assert publish(course, change_kind=ChangeKind.MAJOR, reason="first", by=cast.editor, now=NOW).number == 1


@pytest.mark.parametrize(
    "change", ["UPDATE courses_courserevision SET reason = 'other'", "DELETE FROM courses_courserevision"]
)
def test_the_database_refuses_to_change_or_delete_a_revision(course, change):
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(change)
    assert CourseRevision.objects.get().reason == "first"


def test_going_back_loads_an_old_revision_into_the_drafts_and_publishes_nothing(course, publish_it, cast):
    change_lesson(course)
    course.frame["pass_mark"] = 60
    course.save()
    publish_it()
    changes = restore(course.revisions.get(number=1), by=cast.editor, now=NOW)
    course.refresh_from_db()
    assert changes.changed == ["frame", "lessons.rule-1"]
    assert compose(course) == to_json(read_course(course_document()))
    assert course.current.number == 2
    assert AuditEvent.objects.get(action="courses.restore").detail["revision"] == 1
    third = publish_it(reason="Back to the first")
    assert (third.number, third.document) == (3, to_json(read_course(course_document())))


def test_going_back_to_what_the_drafts_say_leaves_no_trace(course, cast):
    assert not restore(course.current, by=cast.editor, now=NOW)
    assert not AuditEvent.objects.filter(action="courses.restore").exists()


def test_composing_takes_the_same_queries_however_long_the_course(db, django_assert_num_queries):
    for key, lessons in (("short", 1), ("long", 5)):
        made = make_course(course_document(key, lessons))
        with django_assert_num_queries(2):
            compose(made)
