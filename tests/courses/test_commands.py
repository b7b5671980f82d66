"""The commands that import, export and check a course."""

import io
import json

from django.core.management import CommandError, call_command

import pytest

from courses.drafts import compose
from courses.models import Course
from tests.courses.samples import write_folder
from tests.factories import both, course_document


def run(*arguments) -> str:
    output = io.StringIO()
    call_command(*arguments, stdout=output)
    return output.getvalue()


def test_a_folder_is_imported_and_published_and_the_second_time_nothing_happens(db, tmp_path):
    folder = str(write_folder(tmp_path, course_document()))
    assert "published as revision 1" in run("import_course", folder, "--publish")
    assert "already published" in run("import_course", folder, "--publish")
    assert Course.objects.get().revisions.count() == 1


def test_a_faulty_folder_is_refused_with_file_and_line(db, tmp_path):
    document = course_document()
    document["scenarios"][0]["nodes"][0]["rule"] = 7
    folder = str(write_folder(tmp_path, document))
    with pytest.raises(CommandError, match=r"scenarios/rule-1\.yaml:\d+: scenarios\[0\]\.nodes\[0\]\.rule: "):
        run("import_course", folder)
    assert not Course.objects.exists()


def test_a_course_that_may_not_be_published_is_not_imported_either(db, tmp_path):
    folder = str(write_folder(tmp_path, course_document() | {"summary": {"pl": "x", "en": ""}}))
    with pytest.raises(CommandError, match=r"summary\.en"):
        run("import_course", folder, "--publish")
    assert not Course.objects.exists()


def test_an_exported_course_can_be_imported_again(course, tmp_path):
    path = tmp_path / "small.json"
    path.write_text(run("export_course", "small"), "utf-8")
    assert "0 added, 0 changed, 0 removed" in run("import_course", str(path))
    assert json.loads(path.read_text("utf-8")) == compose(course)


def test_an_old_revision_can_be_exported(course):
    course.frame = course.frame | {"title": both("Later")}
    course.save()
    assert json.loads(run("export_course", "small", "--revision", "1"))["title"] == both("Small course")
    with pytest.raises(CommandError, match="no revision 9"):
        run("export_course", "small", "--revision", "9")
    with pytest.raises(CommandError, match="no course 'other'"):
        run("export_course", "other")


def test_checking_a_sound_draft_says_so(course):
    assert "0 errors" in run("check_course", "small")


def test_checking_a_faulty_folder_prints_path_and_message_and_fails(db, tmp_path, capsys):
    document = course_document()
    document["lessons"][0]["rule"]["en"] = ""
    folder = write_folder(tmp_path, document)
    output = io.StringIO()
    with pytest.raises(CommandError, match="1 errors, 3 warnings"):
        call_command("check_course", str(folder), stdout=output)
    assert "lessons[0].rule.en: missing" in output.getvalue()
    assert "lessons/rule-1.yaml:" in output.getvalue()


def test_checking_a_broken_draft_fails_too(course):
    draft = course.lesson_drafts.get(key="rule-1")
    draft.document["scenario"] = "nowhere"
    draft.save()
    output = io.StringIO()
    with pytest.raises(CommandError):
        call_command("check_course", "small", stdout=output)
    assert "lessons[0].scenario: there is no scenario 'nowhere'" in output.getvalue()


def test_checking_something_that_is_neither_file_nor_course_says_so(db):
    with pytest.raises(CommandError, match="no file, folder or course 'nothing'"):
        run("check_course", "nothing")
