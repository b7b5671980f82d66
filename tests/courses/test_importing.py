"""Importing a course: all or nothing, every wrong place named, the same file twice changes nothing."""

import copy
import json
import re

import pytest

from accounts.models import AuditEvent
from courses.document import read_course, to_json
from courses.drafts import compose
from courses.exporting import export_text
from courses.files import read_json
from courses.importing import import_course
from courses.models import Course, LessonDraft, Media, ScenarioDraft
from courses.pictures import inspect
from quizzes.problems import DocumentError
from tests.courses.samples import picture_bytes
from tests.factories import NOW, both, course_document, lesson_document, make_course, scenario_document


@pytest.fixture
def import_it(db, cast):
    def run(document, **options):
        return import_course(document, by=cast.editor, now=NOW, reason="test", **options)

    return run


def test_a_new_course_becomes_drafts_and_is_not_published(import_it):
    imported = import_it(course_document())
    assert imported.created
    course = Course.objects.get()
    assert course.current is None
    assert [draft.key for draft in course.lesson_drafts.all()] == ["rule-1", "rule-2"]
    assert course.scenario_drafts.count() == 3
    assert compose(course) == to_json(read_course(course_document()))
    event = AuditEvent.objects.get(action="courses.import")
    assert event.detail["reason"] == "test"
    assert "lessons.rule-1" in event.detail["added"]


def test_the_same_content_again_changes_nothing(import_it):
    import_it(course_document())
    before = list(LessonDraft.objects.values_list("version", "updated_at"))
    again = import_it(to_json(read_course(course_document())))
    assert not again.created
    assert not again.changes
    assert list(LessonDraft.objects.values_list("version", "updated_at")) == before
    assert AuditEvent.objects.filter(action="courses.import").count() == 1


def test_only_what_changed_gets_a_new_version(import_it, course):
    document = course_document()
    document["lessons"][1]["rule"] = both("Another rule")
    document["pass_mark"] = 70
    changes = import_it(document).changes
    assert changes.changed == ["frame", "lessons.rule-2"]
    assert list(course.lesson_drafts.values_list("version", flat=True)) == [1, 2]
    course.refresh_from_db()
    assert (course.version, course.frame["pass_mark"]) == (2, 70)


def test_lessons_can_be_reordered_added_and_removed(import_it, course):
    document = course_document()
    document["lessons"] = [document["lessons"][1], lesson_document("extra")]
    document["scenarios"] = [document["scenarios"][1], scenario_document("extra"), document["scenarios"][2]]
    import_it(document)
    assert [draft.key for draft in course.lesson_drafts.all()] == ["rule-2", "extra"]
    assert set(course.scenario_drafts.values_list("key", flat=True)) == {"rule-2", "extra", "final"}


def test_an_import_touches_neither_the_published_revision_nor_other_courses(import_it, course):
    other = make_course(course_document("other"))
    import_it(course_document() | {"pass_mark": 60})
    course.refresh_from_db()
    other.refresh_from_db()
    assert course.current.document["pass_mark"] == 80
    assert other.frame["pass_mark"] == 80


GONE = object()


def spoil(document, path, value):
    """Set what is at a document path like `lessons[1].key`, or remove it."""
    *way, last = [int(part) if part.isdecimal() else part for part in re.findall(r"\w+", path)]
    place = document
    for part in way:
        place = place[part]
    if value is GONE:
        del place[last]
    else:
        place[last] = value


WRONG = [
    ("format", "format", "other/1"),
    ("key", "key", "Not A Slug"),
    ("title", "title", "only one language"),
    ("title.de", "title.de", "Titel"),
    ("pass_mark", "pass_mark", 0),
    ("pass_mark", "pass_mark", "many"),
    ("validity_months", "validity_months", 500),
    ("final", "final", GONE),
    ("final", "final", "nowhere"),
    ("lessons", "lessons", []),
    ("colour", "colour", "red"),
    ("lessons[1].key", "lessons[1].key", "rule-1"),
    ("lessons[0].minutes", "lessons[0].minutes", 0),
    ("lessons[0].opening", "lessons[0].opening", GONE),
    ("lessons[0].opening.options", "lessons[0].opening.options", []),
    ("lessons[1].blocks[0].markdown.pl", "lessons[1].blocks[0].markdown.pl", ["x"]),
    ("lessons[1].blocks[1].tone", "lessons[1].blocks[1].tone", "loud"),
    ("lessons[1].blocks[2]", "lessons[1].blocks[2].kind", "video"),
    ("lessons[0].scenario", "lessons[0].scenario", "nowhere"),
    ("lessons[1].scenario", "lessons[1].scenario", "rule-1"),
    ("scenarios[0].start", "scenarios[0].start", "nowhere"),
    ("scenarios[0].variables[0]", "scenarios[0].variables[0].start", 9),
    ("scenarios[0].nodes[0].rule", "scenarios[0].nodes[0].rule", 6),
    ("scenarios[1].nodes[0].beats[0].from", "scenarios[1].nodes[0].beats[0].from", "ghost"),
    ("scenarios[1].nodes[0].choices[2].points", "scenarios[1].nodes[0].choices[2].points", 11),
    ("scenarios[1].nodes[1].choices[0].goto[0].to", "scenarios[1].nodes[1].choices[0].goto", "nowhere"),
    ("scenarios[1].nodes[1].beats[1].when[0].var", "scenarios[1].nodes[1].beats[1].when[0].var", "luck"),
    ("scenarios[2].nodes[0].choices[0].effects.luck", "scenarios[2].nodes[0].choices[0].effects", {"luck": 1}),
    ("scenarios[2].endings[0].outcome", "scenarios[2].endings[0].outcome", "fine"),
]


@pytest.mark.parametrize(("path", "place", "value"), WRONG, ids=[f"{i}-{case[0]}" for i, case in enumerate(WRONG)])
def test_a_schema_error_is_named_by_its_path_and_nothing_is_written(import_it, path, place, value):
    document = copy.deepcopy(course_document())
    spoil(document, place, value)
    with pytest.raises(DocumentError) as raised:
        import_it(document)
    assert path in [problem.path for problem in raised.value.problems]
    assert not Course.objects.exists()
    assert not AuditEvent.objects.filter(action="courses.import").exists()


def test_every_wrong_place_is_named_at_once(import_it):
    document = course_document()
    document["lessons"][0]["minutes"] = 0
    document["lessons"][1]["blocks"][1]["tone"] = "loud"
    document["pass_mark"] = 200
    with pytest.raises(DocumentError) as raised:
        import_it(document)
    assert [problem.path for problem in raised.value.problems] == [
        "lessons[0].minutes", "lessons[1].blocks[1].tone", "pass_mark",
    ]  # fmt: skip


def test_an_import_that_fails_halfway_leaves_everything_as_it_was(import_it, course, monkeypatch):
    document = course_document()
    document["lessons"][0]["rule"] = document["lessons"][1]["rule"] = both("changed")
    real_save = ScenarioDraft.save
    monkeypatch.setattr(LessonDraft, "save", lambda self, **k: 1 / 0 if self.key == "rule-2" else real_save(self, **k))
    with pytest.raises(ZeroDivisionError):
        import_it(document)
    assert LessonDraft.objects.get(key="rule-1").document["rule"] == both("The rule in one sentence")


def with_picture(document, sha256):
    document["lessons"][0]["blocks"].append({"kind": "image", "media": sha256, "alt": both("A table")})
    return document


def test_a_picture_that_is_nowhere_is_refused_and_one_that_comes_along_is_stored_once(import_it):
    picture = inspect(picture_bytes())
    document = with_picture(course_document(), picture.sha256)
    with pytest.raises(DocumentError, match=r"lessons\[0\]\.blocks\[3\]\.media"):
        import_it(document)
    import_it(document, pictures={picture.sha256: picture})
    import_it(document, pictures={picture.sha256: picture})
    assert Media.objects.get().pk == picture.sha256


def test_an_exported_course_imports_as_the_same_course_elsewhere(import_it):
    picture = inspect(picture_bytes())
    document = with_picture(course_document(), picture.sha256)
    first = import_it(document, pictures={picture.sha256: picture}).course
    text = export_text(compose(first))
    Media.objects.all().delete()
    LessonDraft.objects.all().delete()
    ScenarioDraft.objects.all().delete()
    Course.objects.all().delete()
    source = read_json(text.encode())
    second = import_it(source.document, pictures=source.pictures).course
    assert compose(second) == to_json(read_course(document))
    assert export_text(compose(second)) == text


def test_an_export_keeps_polish_letters_readable(import_it):
    document = course_document() | {"title": {"pl": "Zażółć gęślą jaźń", "en": "Pangram"}}
    text = export_text(compose(import_it(document).course))
    assert "Zażółć gęślą jaźń" in text
    assert "media" not in json.loads(text)
