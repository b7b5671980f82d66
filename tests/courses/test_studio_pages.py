"""The studio's pages around the forms: lists, ordering, previews, revisions."""

from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

import pytest

from accounts.models import AuditEvent
from courses.drafts import compose
from courses.models import ChangeKind, LessonDraft, ScenarioDraft
from courses.publishing import publish
from tests.factories import NOW, both, course_document, make_course
from tests.forms import form_fields


@pytest.fixture
def editor(cast, course, sign_in):
    return sign_in(cast.editor)


def url(name, *arguments) -> str:
    return reverse(f"courses:{name}", args=arguments)


def text(response) -> str:
    assert response.status_code == 200
    return response.content.decode()


def change(key="rule-1", **parts):
    draft = LessonDraft.objects.get(course__key="small", key=key)
    draft.document |= parts
    draft.save()


def test_the_list_names_every_course(editor):
    make_course(course_document("other"))
    page = text(editor.get(url("studio")))
    assert url("course", "small") in page
    assert url("course", "other") in page


def test_the_studio_is_in_the_navigation_of_those_who_may_open_it(cast, course, sign_in):
    for person, shown in ((cast.editor, True), (cast.sysadmin, True), (cast.hr, False)):
        page = sign_in(person).get(url("studio") if shown else "/").content.decode()
        assert (f'href="{url("studio")}"' in page) is shown


def test_the_course_page_says_what_changed_what_is_wrong_and_what_fell_behind(editor, cast):
    page = text(editor.get(url("course", "small")))
    assert "changed, not published" not in page
    change(rule={"pl": "Nowa", "en": "The rule in one sentence (en)"}, key_line={"pl": "", "en": "x"})
    cast.editor.language = "en"
    cast.editor.save()
    page = text(editor.get(url("course", "small")))
    assert "changed, not published" in page
    assert "1 text out of date in one language" in page
    assert "1 problem stands in the way of publishing." in page
    assert f"{url('lesson', 'small', 'rule-1')}#key_line.pl" in page


@pytest.mark.parametrize("name", ["course", "revisions", "compare", "studio"])
def test_a_page_takes_the_same_queries_for_a_short_and_a_long_course(cast, sign_in, name):
    counts = []
    for key, lessons in (("short", 1), ("long", 5)):
        made = make_course(course_document(key, lessons), by=cast.editor)
        for reason in "abcdef"[:lessons]:
            made.frame = made.frame | {"summary": both(reason)}
            made.save()
            publish(made, change_kind=ChangeKind.MINOR, reason=reason, by=cast.editor, now=NOW)
        browser = sign_in(cast.editor)
        address = url(name) if name == "studio" else url(name, key)
        browser.get(address)
        with CaptureQueriesContext(connection) as queries:
            text(browser.get(address))
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert counts[0] <= 12


def test_lessons_move_up_and_down(editor, course, cast):
    def order():
        return list(course.lesson_drafts.values_list("key", flat=True))

    editor.post(url("lesson_move", "small", "rule-2"), {"to": "up"})
    assert order() == ["rule-2", "rule-1"]
    editor.post(url("lesson_move", "small", "rule-2"), {"to": "up"})
    assert order() == ["rule-2", "rule-1"]
    editor.post(url("lesson_move", "small", "rule-2"), {"to": "down"})
    assert order() == ["rule-1", "rule-2"]
    assert AuditEvent.objects.filter(action="courses.order", actor=cast.editor).count() == 2


def test_a_new_lesson_comes_with_a_scenario_and_can_be_edited_at_once(editor, course):
    data = {"key": "extra", "title_pl": "Nowa", "title_en": "New"}
    assert editor.post(url("lesson_new", "small"), data).url == url("lesson", "small", "extra")
    assert course.lesson_drafts.get(key="extra").position == 2
    assert [lesson["key"] for lesson in compose(course)["lessons"]] == ["rule-1", "rule-2", "extra"]
    for address in (
        url("lesson", "small", "extra"),
        url("scenario", "small", "extra"),
        url("place", "small", "extra", "start"),
    ):
        assert editor.post(address, form_fields(editor.get(address).content)).status_code == 302


@pytest.mark.parametrize("key", ["rule-1", "final", "Not A Key", ""])
def test_a_lesson_needs_a_key_that_is_free(editor, course, key):
    response = editor.post(url("lesson_new", "small"), {"key": key, "title_pl": "Nowa", "title_en": "New"})
    assert response.status_code == 400
    assert course.lesson_drafts.count() == 2


def test_removing_a_lesson_asks_first_takes_its_scenario_and_keeps_the_text_in_the_log(editor, course):
    text(editor.get(url("lesson_remove", "small", "rule-1")))
    assert course.lesson_drafts.count() == 2
    editor.post(url("lesson_remove", "small", "rule-1"))
    assert list(course.lesson_drafts.values_list("key", "position")) == [("rule-2", 0)]
    assert not course.scenario_drafts.filter(key="rule-1").exists()
    assert AuditEvent.objects.get(action="courses.remove_lesson").detail["before"]["lesson"]["key"] == "rule-1"
    assert len(course.current.document["lessons"]) == 2


def test_a_node_and_an_ending_can_be_added(editor):
    for kind, key in (("nodes", "third"), ("endings", "calm")):
        version = ScenarioDraft.objects.get(key="rule-1").version
        response = editor.post(url("place_new", "small", "rule-1"), {"kind": kind, "key": key, "version": version})
        assert response.url == url("place", "small", "rule-1", key)
        assert text(editor.get(response.url))
    document = ScenarioDraft.objects.get(key="rule-1").document
    assert (document["nodes"][-1]["key"], document["endings"][-1]["key"]) == ("third", "calm")


@pytest.mark.parametrize("data", [{"key": "first"}, {"key": "No"}, {"version": "7"}, {"kind": "people"}])
def test_a_place_that_cannot_be_added_changes_nothing(editor, data):
    response = editor.post(
        url("place_new", "small", "rule-1"), {"kind": "nodes", "key": "third", "version": "1"} | data
    )
    assert response.status_code == 400
    assert ScenarioDraft.objects.get(key="rule-1").version == 1


def test_a_place_is_removed_only_when_nothing_leads_there(editor):
    response = editor.post(url("place_remove", "small", "rule-1", "second"), {"version": "1"})
    assert response.status_code == 400
    assert "nodes[0].choices[0].goto[0].to" in response.content.decode()
    editor.post(url("place_new", "small", "rule-1"), {"kind": "nodes", "key": "third", "version": "1"})
    assert editor.post(url("place_remove", "small", "rule-1", "third"), {"version": "2"}).status_code == 302
    assert len(ScenarioDraft.objects.get(key="rule-1").document["nodes"]) == 2


def test_the_map_links_every_place_and_marks_the_open_one(editor):
    page = text(editor.get(url("place", "small", "rule-1", "second")))
    for key in ("first", "second", "well", "badly"):
        assert f'<a href="{url("place", "small", "rule-1", key)}#form"' in page
    assert page.count('aria-current="true"') == 1 + page.count('name="language"') // 2


def rows_everywhere() -> dict[str, int]:
    ours = [model for model in apps.get_models() if model._meta.label != "sessions.Session"]
    return {model._meta.label: model._default_manager.count() for model in ours}


@pytest.mark.parametrize("person", ["editor", "sysadmin"])
def test_a_preview_plays_the_drafts_and_writes_no_row(cast, course, sign_in, person):
    change(rule=both("A rule not published yet"))
    browser = sign_in(cast.actor(person))
    before = rows_everywhere()
    lesson = url("preview_lesson", "small", "rule-1")
    assert "A rule not published yet" not in text(browser.get(lesson))
    answered = browser.post(lesson, {"option": "1"})
    page = text(browser.get(answered.url))
    assert "Reply to that" in page
    assert "A rule not published yet" in page
    play = url("preview_scenario", "small", "rule-1")
    assert play in page
    assert "choice a" in text(browser.get(play))
    response = browser.get(play, {"path": "a", "choice": "a"})
    assert response.url == f"{play}?path=a.a#now"
    assert "It went well" in text(browser.get(response.url.partition("#")[0]))
    assert rows_everywhere() == before


@pytest.mark.parametrize("query", ["?path=z", "?path=a.a.a.a"])
def test_a_path_that_does_not_exist_starts_the_preview_anew(editor, query):
    play = url("preview_scenario", "small", "rule-1")
    assert editor.get(play + query).url == play


@pytest.mark.parametrize("option", ["2", "-1", "x", "", "9" * 5000])
def test_an_option_that_does_not_exist_is_not_found(editor, option):
    assert editor.get(url("preview_lesson", "small", "rule-1"), {"option": option}).status_code == 404


def test_before_the_first_choice_a_preview_shows_nothing_of_what_follows(editor):
    page = text(editor.get(url("preview_scenario", "small", "rule-1")))
    assert "why a" not in page
    assert "It went well" not in page


def test_the_comparison_shows_old_and_new_words_by_place(editor, cast):
    change(rule=both("The new rule"))
    page = text(editor.get(url("compare", "small")))
    assert "lessons[rule-1].rule.pl" in page
    assert "<ins>" in page
    assert "<del>" in page
    same = text(editor.get(url("compare", "small"), {"from": "1", "to": "1"}))
    assert "lessons[rule-1]" not in same


@pytest.mark.parametrize("side", ["2", "x", "99999999999999", "-1"])
def test_a_revision_that_does_not_exist_cannot_be_compared(editor, side):
    assert editor.get(url("compare", "small"), {"from": side}).status_code == 404


def test_a_revision_is_restored_as_draft_after_asking(editor, course, cast):
    change(rule=both("Worse"))
    asked = editor.get(url("revision_restore", "small", 1))
    assert compose(course)["lessons"][0]["rule"] == both("Worse")
    seen = form_fields(asked.content, "section")
    assert editor.post(url("revision_restore", "small", 1), seen).url == url("course", "small")
    assert compose(course)["lessons"][0]["rule"] == both("The rule in one sentence")
    assert course.revisions.count() == 1


def test_drafts_changed_after_the_question_are_not_replaced(editor, course):
    change(rule=both("Worse"))
    seen = form_fields(editor.get(url("revision_restore", "small", 1)).content, "section")
    change(rule=both("An hour of work"))
    answer = editor.post(url("revision_restore", "small", 1), seen)
    assert answer.status_code == 409
    assert "szkice się zmieniły" in answer.content.decode()
    assert compose(course)["lessons"][0]["rule"] == both("An hour of work")
    editor.post(url("revision_restore", "small", 1), form_fields(answer.content, "section"))
    assert compose(course)["lessons"][0]["rule"] == both("The rule in one sentence")


def test_the_list_of_revisions_says_who_why_and_which(editor, course, cast):
    change(rule=both("Better"))
    publish(course, change_kind=ChangeKind.MAJOR, reason="Because of the law", by=cast.editor, now=NOW)
    page = text(editor.get(url("revisions", "small")))
    course.refresh_from_db()
    for words in ("Because of the law", cast.editor.name, course.current.content_hash[:10]):
        assert words in page


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("course", ["nothing"]),
        ("lesson", ["small", "nothing"]),
        ("lesson", ["other", "rule-9"]),
        ("scenario", ["small", "nothing"]),
        ("place", ["small", "rule-1", "nothing"]),
        ("revision_restore", ["small", 9]),
        ("preview_lesson", ["small", "nothing"]),
        ("preview_scenario", ["small", "nothing"]),
        ("media", ["a" * 64]),
    ],
)
def test_what_does_not_exist_is_not_found(editor, name, arguments):
    make_course(course_document("other"))
    assert editor.get(url(name, *arguments)).status_code == 404
