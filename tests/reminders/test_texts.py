"""Texts of the mails: what may stand in them, what is said about what may not, and that no value is read as markup."""

import re
from dataclasses import replace

from django.utils import translation

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courses.markdown import plain, render
from reminders import letters, reports
from reminders.checking import problems
from reminders.letters import letter
from reminders.mails import NOTICES
from reminders.models import MailKind
from reminders.occasions import duty_values, occasion_of
from reminders.variables import ALLOWED, allowed_in
from reminders.wording import Filling, Unwritable, Wording, body_without, marked, one_line, shipped, subject_without
from tests.reminders.writing import owe
from tests.training.walking import open_cycle

GOOD = Wording("About {course}", "Hello {first_name},\n\nplease do {course}.", "Go")
LANGUAGES = ("pl", "en")


def said(**changes) -> dict[str, str]:
    """The first thing said about each field."""
    with translation.override("en"):
        found = problems(MailKind.ASSIGNED, replace(GOOD, **changes))
    return {problem.field: problem.message for problem in reversed(found)}


def examples(kind: MailKind, language: str = "en", *, lacking: bool = False) -> dict[str, str]:
    return {
        variable.name: "" if lacking and variable.may_lack else variable.example(language) for variable in ALLOWED[kind]
    }


# What is shipped


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", MailKind)
def test_every_shipped_text_can_be_filled_in(kind, language):
    assert problems(kind, shipped(kind, language)) == []


@pytest.mark.parametrize("kind", MailKind)
def test_both_languages_say_the_same_things(kind):
    """But for the name: Polish calls people in the vocative, which no roster holds."""
    polish, english = (set(re.findall(r"{(\w+)}", str(shipped(kind, language)))) for language in LANGUAGES)
    assert polish == english - {"first_name"}
    assert len(shipped(kind, "pl").body.split("\n\n")) == len(shipped(kind, "en").body.split("\n\n"))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", MailKind)
def test_no_shipped_text_is_broken_where_values_are_lacking(kind, language):
    values = examples(kind, language, lacking=True)
    with translation.override(language):
        text = letter(kind, shipped(kind, language), values, url="https://a.example/").text
    words = text.partition("\n\n--\n")[0]
    assert not re.search(r"[{}]|\*\*|“”|„”|\(\)|: ?[.,]|  |\b(około|about|until|do) ?[.,]", words)
    assert len(words.split("\n\n")) >= 2


@pytest.mark.parametrize("kind", MailKind)
def test_polish_texts_keep_to_the_rules_of_the_catalogue(kind):
    words = " ".join((shipped(kind, "pl").subject, shipped(kind, "pl").body, shipped(kind, "pl").button))
    assert not re.search("[\"'“‘’]", words)
    assert not re.search(
        r"(łeś|łaś|łbyś|łabyś)\b|\b(powinieneś|powinnaś)\b|\b(jesteś|zostaniesz) \w+(y|a)\b|/-?a\b", words
    )


def test_in_polish_no_line_ends_with_a_word_of_one_letter():
    wording = Wording("x", "Zajrzyj w {course} i wróć. A potem?", "Otwórz")
    with translation.override("pl"):
        text = letter(MailKind.ASSIGNED, wording, examples(MailKind.ASSIGNED, "pl"), url="u").text
    assert "Zajrzyj w\u00a0Pięć zasad i\u00a0wróć. A\u00a0potem?" in text


# What may stand in a text


@pytest.mark.parametrize(
    ("field", "words", "message"),
    [
        ("subject", "{kurs}", "“{kurs}” is not a variable of this mail. Allowed are: {first_name}, {course},"),
        ("subject", "{0.__class__}", "“{0.__class__}” is not a variable"),
        ("subject", "{course!r}", "“{course!r}” is not a variable"),
        ("subject", "{course:>9}", "“{course:>9}” is not a variable"),
        ("subject", "{Course}", "“{Course}” is not a variable"),
        ("subject", "{ course }", "“{ course }” is not a variable"),
        ("subject", "{certificate}", "“{certificate}” is not a variable of this mail."),
        ("subject", "{{7*7}}", "“{7*7}” is not a variable"),
        ("subject", "{{course}}", "A brace stands alone near “{}”."),
        ("subject", "About {course", "A brace stands alone near “About {course”."),
        ("subject", "course}", "A brace stands alone near “course}”."),
        ("subject", "{course}\nBcc: x@example.com", "This must be one line: no line breaks here."),
        ("subject", "{course}\rBcc: x", "This must be one line"),
        ("subject", "{course}\u2028x", "This must be one line"),
        ("subject", "{course}\u202e", "There is an invisible character in it (U+202E)."),
        ("subject", "{course}\x00", "There is an invisible character in it (U+0000)."),
        ("subject", " ", "This must not be empty."),
        ("subject", "x" * 151, "151 characters are too many; at most 150."),
        ("subject", "Due {due_words}", "Some mails have no value for {first_name}, {minutes}, {due_words},"),
        ("body", "Fine.\n\nDo {kurs}.", "Line 3: “{kurs}” is not a variable of this mail. Allowed are: {first_name},"),
        ("body", "Fine.\n{course", "Line 2: A brace stands alone near “{course”."),
        ("body", "{course\n}", "Line 1: A brace stands alone near “{course”."),
        ("body", "[x](https://a.example/{course})", "“{course}” stands in the address of a link."),
        ("body", "<https://{course}/>", "“{course}” stands in the address of a link."),
        ("body", "[{course}]\n\n[a]: https://a.example/{course}", "“{course}” stands in the address of a link."),
        ("body", '[x](https://a.example "{course}")', "“{course}” stands in the address of a link."),
        ("body", "[{course}](mailto:{contact})", "“{contact}” stands in the address of a link."),
        ("body", "[here](/learn/)", "A link needs an address that begins with https:// or mailto:."),
        ("body", "[here](ftp://a.example/)", "A link needs an address"),
        ("body", "", "This must not be empty."),
        ("body", "x" * 4001, "4001 characters are too many; at most 4000."),
        ("body", "Due {due_date}.\n\n- {minutes}", "Some mails have no value for"),
        ("button", "Open {course}", "No variables are allowed here."),
        ("button", "Open }", "No variables are allowed here."),
        ("button", "Open\nit", "This must be one line"),
        ("button", "x" * 61, "61 characters are too many; at most 60."),
    ],
)  # fmt: skip
def test_what_cannot_be_sent_is_refused_with_the_place_and_what_is_allowed(field, words, message):
    found = said(**{field: words})
    assert list(found) == [field]
    assert found[field].startswith(message)


@pytest.mark.parametrize(
    "body",
    [
        "**{course}**, *{course}* and `{course}`",
        "[{course}](https://a.example/)",
        "- {due_date}\n- {course}",
        "<script>alert({course})</script>",
        "%s %(course)s $course $" + "{course}",
        "Emoji 👩\u200d💻 and a space\u00a0that stays: {course}",
        "{course}{course}",
    ],
)
def test_what_can_be_sent_is_not_refused(body):
    assert said(body=body) == {}


def test_every_allowed_variable_has_a_value_in_every_mail_of_its_kind(cast, course, now):
    cycle = open_cycle(course, cast.employee, now=now)
    occasion = occasion_of(owe(MailKind.NUDGE, cycle=cycle, now=now).pk)
    of_notice = set(reports.notice_values(reports.Report("", False), "Ewa", now.date()))
    for kind in MailKind:
        of_duty = set(duty_values(occasion._replace(kind=kind), now=now))
        assert set(allowed_in(kind)) <= (of_notice if kind in NOTICES else of_duty)


# Where a value is lacking


@pytest.mark.parametrize(
    ("subject", "without"),
    [
        ("Due {due_words}: {course}", "{course}"),
        ("{course}: due {due_words}", "{course}"),
        ("A: due {due_words}: {course}", "A: {course}"),
        ("Due {due_words}", ""),
        ("{course}", "{course}"),
    ],
)
def test_a_part_of_the_subject_goes_with_its_value(subject, without):
    assert subject_without(subject, {"due_words"}) == without


@pytest.mark.parametrize(
    ("body", "without"),
    [
        ("Hello,\n\nDue {due_words}: stop\nany time.\n\nBye.", "Hello,\n\nBye."),
        ("With:\n\n- {course}\n- {due_words},\n  which is soon\n- more", "With:\n\n- {course}\n- more"),
        ("1. {due_words}\n2. {course}", "2. {course}"),
        ("Title {due_words}:\n- {course}", "- {course}"),
        ("{due_words}\n \n{due_words}", ""),
        ("One\n\n\n\nTwo", "One\n\nTwo"),
    ],
)
def test_a_paragraph_or_an_item_goes_with_its_value(body, without):
    assert body_without(body, {"due_words"}) == without


# Filling in


HOSTILE = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        ["{course}", "{{7*7}}", "{0.__class__}", "%s", "**x**", "[x](https://evil.example)", "<b>", "&amp;"]
    ),
)


@given(name=HOSTILE, title=HOSTILE)
def test_no_value_is_read_as_markup_or_as_a_variable(name, title):
    values = {"first_name": one_line(name), "course": one_line(title)}
    html = Filling(render(marked(GOOD.body))).fill({key: f"⟨{value}⟩" for key, value in values.items()})
    assert html == f"<p>Hello ⟨{values['first_name']}⟩,</p>\n<p>please do ⟨{values['course']}⟩.</p>\n"
    text = Filling(plain(marked(GOOD.body))).fill(values)
    assert text == f"Hello {values['first_name']},\n\nplease do {values['course']}."


@given(st.text(max_size=60))
def test_a_value_is_one_line_and_loses_nothing_that_can_be_seen(words):
    line = one_line(words)
    assert len(line.splitlines()) <= 1
    assert [c for c in line if not c.isspace()] == [
        c
        for c in words
        if not c.isspace() and not re.match(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", c)
    ]


def test_a_name_of_another_script_keeps_its_joiners_and_marks():
    assert one_line("نرگس‌خان \u200fאבג 👩\u200d💻") == "نرگس‌خان \u200fאבג 👩\u200d💻"


def test_a_text_is_rendered_once_for_many_mails(monkeypatch):
    """Else a mail costs milliseconds."""
    letters._fillings.cache_clear()
    rendered = []
    monkeypatch.setattr(letters, "render", lambda text: rendered.append(text) or render(text))
    for name in ("Ewa", "Jan", "Zoë"):
        values = examples(MailKind.ASSIGNED) | {"first_name": name}
        assert f"Hello {name}," in letter(MailKind.ASSIGNED, GOOD, values, url="https://a.example/").html
    assert len(rendered) == 1


def test_a_broken_text_is_refused_each_time():
    for _time in range(2):
        with pytest.raises(Unwritable, match=r"assigned .* subject: .*kurs"):
            letter(MailKind.ASSIGNED, replace(GOOD, subject="{kurs}"), examples(MailKind.ASSIGNED), url="u")


def test_the_words_of_hr_are_escaped_like_any():
    wording = Wording("<i>{course}</i> & more", "<b>{course}</b> **{course}** & more", "<u>Go</u>")
    made = letter(MailKind.ASSIGNED, wording, examples(MailKind.ASSIGNED), url="https://a.example/?a=1&b=2")
    assert made.subject == "<i>Five rules</i> & more"
    assert "<b>Five rules</b> Five rules & more" in made.text
    assert "<h1 " in made.html
    assert "&lt;i&gt;Five rules&lt;/i&gt; &amp; more</h1>" in made.html
    assert "&lt;b&gt;Five rules&lt;/b&gt; <strong>Five rules</strong> &amp; more" in made.html
    assert "&lt;u&gt;Go&lt;/u&gt;</a>" in made.html
    assert 'href="https://a.example/?a=1&amp;b=2"' in made.html
    assert "https://a.example/?a=1&b=2" in made.text.splitlines()
