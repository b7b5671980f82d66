"""The editing forms: what is loaded and sent back unchanged changes nothing, what is typed is never lost."""

import copy

from django.urls import reverse

import pytest

from accounts.models import AuditEvent
from courses.document import to_json
from courses.drafts import compose
from courses.files import read_source
from courses.importing import import_course
from courses.models import LessonDraft, Media, ScenarioDraft
from tests.courses.samples import bomb_png, picture_bytes
from tests.factories import NOW, both, course_document, make_course
from tests.forms import form_fields

LESSON = ("courses:lesson", ["small", "rule-1"])
SCENARIO = ("courses:scenario", ["small", "rule-1"])
NODE = ("courses:place", ["small", "rule-1", "first"])
SECOND = ("courses:place", ["small", "rule-1", "second"])
ENDING = ("courses:place", ["small", "rule-1", "well"])
FRAME = ("courses:frame", ["small"])
FORMS = [LESSON, SCENARIO, NODE, SECOND, ENDING, FRAME]


def address(form) -> str:
    name, arguments = form
    return reverse(name, args=arguments)


@pytest.fixture
def editor(cast, course, sign_in):
    return sign_in(cast.editor)


def load(browser, form) -> dict[str, str]:
    response = browser.get(address(form))
    assert response.status_code == 200
    return form_fields(response.content)


def versions(course) -> list[int]:
    course.refresh_from_db()
    drafts = [*course.lesson_drafts.order_by("pk"), *course.scenario_drafts.order_by("pk")]
    return [course.version, *(draft.version for draft in drafts)]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: f"{form[0]} {form[1][-1]}")
def test_a_form_sent_back_unchanged_changes_nothing(editor, course, form):
    before, old_versions = compose(course), versions(course)
    response = editor.post(address(form), load(editor, form))
    assert response.status_code == 302
    assert compose(course) == before
    assert versions(course) == old_versions
    assert not AuditEvent.objects.filter(action="courses.edit").exists()


def test_every_form_of_the_shipped_course_round_trips(cast, sign_in, settings):
    source = read_source(settings.BASE_DIR / "courses" / "shipped" / "five-rules")
    course = import_course(source.document, by=None, now=NOW, reason="test").course
    before, browser = compose(course), sign_in(cast.editor)
    forms = [("courses:lesson", ["five-rules", lesson["key"]]) for lesson in before["lessons"][:2]]
    for scenario in (before["scenarios"][0], before["scenarios"][-1]):
        forms.append(("courses:scenario", ["five-rules", scenario["key"]]))
        forms += [
            ("courses:place", ["five-rules", scenario["key"], place["key"]])
            for place in scenario["nodes"][:4] + scenario["endings"][:2]
        ]
    for form in forms:
        assert browser.post(address(form), load(browser, form)).status_code == 302, form
    assert compose(course) == before
    assert set(ScenarioDraft.objects.values_list("version", flat=True)) == {1}


@pytest.mark.parametrize(
    ("form", "field", "value", "find"),
    [
        (LESSON, "rule.pl", "Zażółć\r\ngęślą", lambda d: d["lessons"][0]["rule"]["pl"]),
        (LESSON, "blocks[1].markdown.en", "**a** <b>", lambda d: d["lessons"][0]["blocks"][1]["markdown"]["en"]),
        (LESSON, "opening.options[1].reply.pl", "Nowa",
         lambda d: d["lessons"][0]["opening"]["options"][1]["reply"]["pl"]),
        (LESSON, "minutes", "7", lambda d: str(d["lessons"][0]["minutes"])),
        (SCENARIO, "people[0].name", "Ola Nowa", lambda d: d["scenarios"][0]["people"][0]["name"]),
        (SCENARIO, "variables[0].levels[1].text.en", "rock",
         lambda d: d["scenarios"][0]["variables"][0]["levels"][1]["text"]["en"]),
        (NODE, "choices[0].why.en", "Because", lambda d: d["scenarios"][0]["nodes"][0]["choices"][0]["why"]["en"]),
        (NODE, "choices[1].effects.trust", "-2",
         lambda d: str(d["scenarios"][0]["nodes"][0]["choices"][1]["effects"]["trust"])),
        (NODE, "choices[1].goto[0].to", "badly",
         lambda d: d["scenarios"][0]["nodes"][0]["choices"][1]["goto"][0]["to"]),
        (SECOND, "beats[1].when[0].value", "4",
         lambda d: str(d["scenarios"][0]["nodes"][1]["beats"][1]["when"][0]["value"])),
        (ENDING, "story[2].pl", "Trzy", lambda d: d["scenarios"][0]["endings"][0]["story"][2]["pl"]),
        (FRAME, "pass_mark", "75", lambda d: str(d["pass_mark"])),
    ],
)  # fmt: skip
def test_what_was_typed_is_stored_with_a_new_version_and_an_audit_event(editor, course, cast, form, field, value, find):
    response = editor.post(address(form), load(editor, form) | {field: value})
    assert response.status_code == 302
    course.refresh_from_db()
    assert find(compose(course)) == value.replace("\r\n", "\n")
    assert sum(versions(course)) == 7
    event = AuditEvent.objects.get(action="courses.edit")
    assert event.actor == cast.editor
    assert event.detail["changes"][0]["new"] == value.replace("\r\n", "\n")


def test_an_emptied_optional_number_is_stored_as_none(editor, course):
    editor.post(address(FRAME), load(editor, FRAME) | {"validity_months": " "})
    course.refresh_from_db()
    assert course.read().validity_months is None


def test_a_choice_can_stop_leaving_something_and_lose_an_effect(editor, course):
    fields = load(editor, NODE) | {
        "choices[0].leaves.kind": "", "choices[0].leaves.text.pl": "", "choices[0].leaves.text.en": "",
        "choices[0].effects.trust": "",
    }  # fmt: skip
    editor.post(address(NODE), fields)
    choice = ScenarioDraft.objects.get(key="rule-1").read().nodes[0].choices[0]
    assert choice.leaves is None
    assert choice.effects == {}


@pytest.mark.parametrize("form", [LESSON, NODE, FRAME], ids=lambda form: form[0])
def test_a_late_save_is_refused_with_both_texts_and_can_then_overwrite(editor, course, cast, sign_in, form):
    field = {"courses:lesson": "rule.en", "courses:place": "prompt.en", "courses:frame": "summary.en"}[form[0]]
    mine = load(editor, form) | {field: "My text"}
    theirs = load(editor, form) | {field: "Their text"}
    assert sign_in(cast.editor).post(address(form), theirs).status_code == 302
    response = editor.post(address(form), mine)
    page = response.content.decode()
    assert response.status_code == 409
    assert "Their text" in page
    assert form_fields(response.content)[field] == "My text"
    assert "My text" not in str(compose(reload(course)))
    again = form_fields(response.content)
    assert int(again["version"]) == int(mine["version"]) + 1
    assert editor.post(address(form), again).status_code == 302
    assert "My text" in str(compose(reload(course)))


def reload(course):
    course.refresh_from_db()
    return course


def test_a_conflict_in_another_place_of_the_scenario_says_that_this_one_is_the_same(editor):
    first, second = load(editor, NODE), load(editor, SECOND) | {"prompt.en": "Other"}
    assert editor.post(address(SECOND), second).status_code == 302
    response = editor.post(address(NODE), first | {"prompt.en": "Mine"})
    assert response.status_code == 409
    assert editor.post(address(NODE), form_fields(response.content)).status_code == 302
    nodes = ScenarioDraft.objects.get(key="rule-1").document["nodes"]
    assert [node["prompt"]["en"] for node in nodes] == ["Mine", "Other"]


@pytest.mark.parametrize("version", ["", "x", "-1", "999999999999999999999"])
def test_a_save_without_the_version_it_read_is_a_late_one(editor, course, version):
    before = compose(course)
    response = editor.post(address(LESSON), load(editor, LESSON) | {"version": version, "rule.en": "Mine"})
    assert response.status_code == 409
    assert compose(course) == before


@pytest.mark.parametrize(
    ("form", "field", "value"),
    [
        (LESSON, "minutes", "many"),
        (LESSON, "minutes", "0"),
        (LESSON, "blocks[1].tone", "loud"),
        (LESSON, "rule.pl", "x" * 20_001),
        (SCENARIO, "variables[0].start", "9"),
        (SCENARIO, "people[0].key", "Not A Key"),
        (SCENARIO, "start", "nowhere"),
        (NODE, "rule", "6"),
        (NODE, "choices[0].points", "11"),
        (NODE, "choices[0].goto[0].to", "nowhere"),
        (NODE, "beats[0].from", "ghost"),
        (ENDING, "outcome", "fine"),
        (FRAME, "pass_mark", "101"),
    ],
)
def test_a_wrong_value_is_marked_at_its_field_and_nothing_typed_is_lost(editor, course, form, field, value):
    before = compose(course)
    other = {
        "courses:lesson": "title.en",
        "courses:scenario": "premise.en",
        "courses:place": None,
        "courses:frame": "about.en",
    }[form[0]]
    fields = load(editor, form) | {field: value} | ({other: "Typed & kept <b>"} if other else {})
    response = editor.post(address(form), fields)
    assert response.status_code == 400
    shown = form_fields(response.content)
    assert {name: shown[name] for name in fields if name != "csrfmiddlewaretoken"} == {
        name: text for name, text in fields.items() if name != "csrfmiddlewaretoken"
    }
    page = response.content.decode()
    at = "variables[0]" if field == "variables[0].start" else f"{field}-error"
    assert f'id="{at}"' in page
    assert compose(reload(course)) == before


@pytest.mark.parametrize(
    ("button", "count"),
    [
        ("add:blocks:text", 4),
        ("add:blocks:callout", 4),
        ("add:blocks:post", 4),
        ("add:blocks:image", 4),
        ("remove:blocks[1]", 2),
    ],
)
def test_a_block_is_added_or_removed_without_saving_or_losing_text(editor, course, button, count):
    response = editor.post(address(LESSON), load(editor, LESSON) | {"rule.en": "Typed", "do": button})
    fields = form_fields(response.content)
    assert response.status_code == 200
    assert fields["rule.en"] == "Typed"
    assert sum(name.endswith(".kind") for name in fields) == count
    assert LessonDraft.objects.get(key="rule-1").version == 1
    assert editor.post(address(LESSON), fields).status_code == 302
    assert len(LessonDraft.objects.get(key="rule-1").document["blocks"]) == count


def test_blocks_move_and_stay_at_the_ends(editor):
    def kinds(do):
        fields = form_fields(editor.post(address(LESSON), load(editor, LESSON) | {"do": do}).content)
        return [fields[f"blocks[{i}].kind"] for i in range(3)]

    assert kinds("up:blocks[1]") == ["callout", "text", "post"]
    assert kinds("down:blocks[1]") == ["text", "post", "callout"]
    assert kinds("up:blocks[0]") == ["text", "callout", "post"]
    assert kinds("down:blocks[2]") == ["text", "callout", "post"]


@pytest.mark.parametrize(
    ("form", "button", "name"),
    [
        (LESSON, "add:opening.options", "opening.options[2].text.pl"),
        (SCENARIO, "add:people", "people[1].name"),
        (SCENARIO, "add:variables", "variables[1].label.en"),
        (SCENARIO, "add:variables[0].levels", "variables[0].levels[2].upto"),
        (NODE, "add:beats", "beats[1].kind"),
        (NODE, "add:beats[0].when", "beats[0].when[0].var"),
        (NODE, "add:choices", "choices[3].label.pl"),
        (NODE, "add:choices[0].goto", "choices[0].goto[0].when[0].op"),
        (ENDING, "add:story", "story[3].en"),
        (ENDING, "add:beats", "beats[0].text.pl"),
    ],
)
def test_every_list_of_the_forms_can_grow(editor, form, button, name):
    before = load(editor, form)
    assert name not in before
    after = form_fields(editor.post(address(form), before | {"do": button}).content)
    assert name in after


def test_a_conditional_target_comes_before_the_one_without_conditions(editor):
    fields = form_fields(editor.post(address(NODE), load(editor, NODE) | {"do": "add:choices[0].goto"}).content)
    fields |= {
        "choices[0].goto[0].to": "badly",
        "choices[0].goto[0].when[0].op": "<",
        "choices[0].goto[0].when[0].value": "1",
    }
    assert editor.post(address(NODE), fields).status_code == 302
    goto = ScenarioDraft.objects.get(key="rule-1").document["nodes"][0]["choices"][0]["goto"]
    assert goto == [{"when": [{"var": "trust", "op": "<", "value": 1}], "to": "badly"}, {"when": [], "to": "second"}]


@pytest.mark.parametrize(
    "data",
    [
        {"do": "remove:blocks[9]"},
        {"do": "explode:blocks[0]"},
        {"do": "add:blocks:video"},
        {"do": "add:title"},
        {"do": "add:blocks[0].markdown.pl"},
        {"do": "up:title"},
        {"do": "remove:"},
        {"blocks": "x", "blocks[0].kind": "text"},
        {"blocks[0]": "x", "blocks[0].kind": "text"},
        {"__class__": "x"},
        {"a" * 500: "x"},
        {"blocks[0][1]" + ".a" * 40: "x"},
        {"[0]": "x"},
        {"blocks[0].kind": "text", "blocks.kind": "text"},
    ],
)
def test_a_form_that_is_none_of_ours_is_a_bad_request(editor, course, data):
    before = compose(course)
    assert editor.post(address(LESSON), data | {"version": "1"}).status_code == 400
    assert compose(reload(course)) == before


@pytest.mark.parametrize("button", ["remove:blocks[9]", "add:title", "explode"])
def test_a_button_that_the_form_of_the_course_has_not_is_a_bad_request(editor, button):
    assert editor.post(address(FRAME), {"version": "1", "do": button}).status_code == 400


@pytest.mark.parametrize("version", ["9" * 5000, "-1", "²", ""])
def test_a_version_that_is_no_number_of_ours_is_a_late_save(editor, version):
    assert editor.post(address(LESSON), load(editor, LESSON) | {"version": version}).status_code == 409


def test_the_preview_button_shows_the_rendered_markdown_without_saving(editor):
    fields = load(editor, LESSON) | {"blocks[0].markdown.en": "**bold** <script>x</script>", "do": "preview"}
    page = editor.post(address(LESSON), fields).content.decode()
    assert "<strong>bold</strong> &lt;script&gt;x&lt;/script&gt;" in page
    assert LessonDraft.objects.get(key="rule-1").version == 1


def test_the_live_preview_answers_with_cleaned_html(editor):
    response = editor.post(reverse("courses:markdown"), {"text": "# Hi\r\n[x](javascript:alert(1))"})
    assert response.content.decode().startswith("<h3>Hi</h3>")
    assert "href" not in response.content.decode()
    assert editor.post(reverse("courses:markdown"), {"text": "x" * 20_001}).status_code == 400


def upload(editor, content, name="table.png"):
    from django.core.files.uploadedfile import SimpleUploadedFile

    fields = form_fields(editor.post(address(LESSON), load(editor, LESSON) | {"do": "add:blocks:image"}).content)
    fields |= {"blocks[3].alt.pl": "Stół", "blocks[3].alt.en": "A table"}
    return editor.post(address(LESSON), fields | {"blocks[3].upload": SimpleUploadedFile(name, content)})


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_picture_is_uploaded_stored_by_its_hash_and_served_for_ever(editor, settings, tmp_path, kind):
    settings.MEDIA_ROOT = tmp_path
    assert upload(editor, picture_bytes(kind)).status_code == 302
    picture = Media.objects.get()
    assert LessonDraft.objects.get(key="rule-1").document["blocks"][3]["media"] == picture.pk
    assert (picture.width, picture.height, picture.content_type) == (4, 3, f"image/{kind.lower()}")
    response = editor.get(reverse("courses:media", args=[picture.pk]))
    assert response["Content-Type"] == picture.content_type
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "immutable" in response["Cache-Control"]
    assert b"".join(response.streaming_content)


def test_where_a_photograph_was_taken_is_not_kept(editor, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    from PIL import Image

    exif = Image.Exif()
    exif[0x010F] = "Camera of Jagna"
    assert upload(editor, picture_bytes("JPEG", exif=exif)).status_code == 302
    with Media.objects.get().file.open("rb") as file:
        assert b"Camera of Jagna" not in file.read()


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', "x.svg"),
        (b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', "x.png"),
        (b"GIF89a\x01\x00\x01\x00\x00\x00\x00;", "x.gif"),
        (b"<html><script>alert(1)</script>", "x.jpg"),
        (picture_bytes("PNG")[:40], "half.png"),
        (bomb_png(), "bomb.png"),
        (bomb_png(7000), "large.png"),
        (picture_bytes("PNG") + b"\0" * (5 * 1024 * 1024), "heavy.png"),
        (b"x", "tiny.webp"),
    ],
    ids=["svg", "svg-as-png", "gif", "html-as-jpg", "half", "bomb", "large", "heavy", "tiny"],
)
def test_a_file_that_is_no_usable_picture_is_refused_at_its_block(editor, settings, tmp_path, content, name):
    settings.MEDIA_ROOT = tmp_path
    response = upload(editor, content, name)
    assert response.status_code == 400
    assert "errorlist" in response.content.decode()
    assert form_fields(response.content)["blocks[3].alt.pl"] == "Stół"
    assert not Media.objects.exists()
    assert not list(tmp_path.rglob("*.*"))


def test_a_language_left_behind_is_marked_in_the_margin(editor, course):
    fields = load(editor, LESSON) | {"rule.pl": "Zupełnie nowa zasada"}
    editor.post(address(LESSON), fields)
    page = editor.get(address(LESSON)).content.decode()
    assert page.count("side stale") == 1
    assert (
        "text out of date in one language"
        not in editor.get(reverse("courses:revisions", args=["small"])).content.decode()
    )


def test_a_system_administrator_reads_the_forms_but_cannot_write(cast, course, sign_in, editor):
    browser = sign_in(cast.sysadmin)
    fields = load(editor, LESSON) | {"rule.en": "Taken over"}
    page = browser.get(address(LESSON)).content.decode()
    assert '<fieldset class="bare" disabled>' in page
    before = compose(course)
    for form in FORMS:
        assert browser.post(address(form), fields).status_code == 404
    assert compose(reload(course)) == before


def test_a_copy_of_the_course_is_not_touched_by_editing_the_other(editor, course):
    other = make_course(copy.deepcopy(course_document("other")))
    editor.post(address(LESSON), load(editor, LESSON) | {"rule.en": "Mine"})
    assert compose(other)["lessons"][0]["rule"] == both("The rule in one sentence")
    assert to_json(other.current.content)["lessons"][0]["rule"] == both("The rule in one sentence")
