"""The Polish catalogues: complete, and written by the rules that stand at the head of locale/pl."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from django.template.base import Node, NodeList
from django.template.loader import get_template
from django.templatetags.i18n import BlockTranslateNode, TranslateNode
from django.utils import translation

import allauth
import pytest
from babel.messages import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po

from config import messages

OURS = messages.LOCALES / "pl/LC_MESSAGES/django.po"
BORROWED = messages.BORROWED / "pl/LC_MESSAGES/django.po"
ALLAUTH = Path(allauth.__file__).parent / "locale/pl/LC_MESSAGES/django.po"
PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]|%[sd]|\{\w*\}|%%")
# Polish calls people in the vocative, which no column of a roster holds: „Dzień dobry,” does without the name.
WITHOUT_PLACEHOLDERS = {"Hello %(person_name)s,", "Hello from %(site_name)s!"}


def catalogue(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale="pl")


def entries(path: Path) -> list[Message]:
    return [message for message in catalogue(path) if message.id]


def forms(words: str | Iterable[str]) -> list[str]:
    return [words] if isinstance(words, str) else list(words)


def said() -> Iterator[tuple[str, str]]:
    """Every msgid with each of its Polish forms, without markup."""
    for path in (OURS, BORROWED):
        for message in entries(path):
            for form in forms(message.string):
                yield forms(message.id)[0], re.sub(r"<[^>]*>", "", form)


def test_the_catalogue_holds_what_the_code_says_and_nothing_is_left_untranslated():
    assert messages.scan("--check", "--no-untranslated") == 0


@pytest.mark.parametrize("path", [OURS, BORROWED], ids=["ours", "borrowed"])
def test_every_message_is_translated_in_all_its_forms_and_none_is_a_guess(path):
    found = entries(path)
    assert [m.id for m in found if not all(forms(m.string)) or m.fuzzy] == []
    assert {len(m.string) for m in found if m.pluralizable} == {4}


@pytest.mark.parametrize("path", [OURS, BORROWED], ids=["ours", "borrowed"])
def test_a_translation_has_the_placeholders_of_its_original(path):
    wrong = [
        (message.id, form)
        for message in entries(path)
        for form in forms(message.string)
        if forms(message.id)[0] not in WITHOUT_PLACEHOLDERS
        and set(PLACEHOLDER.findall(form)) != set(PLACEHOLDER.findall(forms(message.id)[-1]))
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("singular", "plural", "placeholder", "polish"),
    [
        ("%(total)s person", "%(total)s people", "total", ["1 osoba", "2 osoby", "5 osób", "22 osoby"]),
        ("in %(days)d day", "in %(days)d days", "days", ["za 1 dzień", "za 2 dni", "za 5 dni", "za 22 dni"]),
        (
            "about %(minutes)s minute left",
            "about %(minutes)s minutes left",
            "minutes",
            ["jeszcze około 1 minuty", "jeszcze około 2 minut", "jeszcze około 5 minut", "jeszcze około 22 minut"],
        ),
        (
            "Publish %(changed)s change",
            "Publish %(changed)s changes",
            "changed",
            ["Opublikuj 1 zmianę", "Opublikuj 2 zmiany", "Opublikuj 5 zmian", "Opublikuj 22 zmiany"],
        ),
    ],
)
def test_plurals_follow_the_number(singular, plural, placeholder, polish):
    with translation.override("pl"):
        words = [translation.ngettext(singular, plural, number) % {placeholder: number} for number in (1, 2, 5, 22)]
    assert [entry.replace("\N{NO-BREAK SPACE}", " ") for entry in words] == polish


def test_no_line_ends_with_a_word_of_one_letter():
    assert [form for _id, form in said() if re.search(r"(?<![\w%(.])[wzioauWZIOAU] ", form)] == []


def test_a_number_stays_with_its_per_cent_sign():
    assert [form for _id, form in said() if re.search(r"(\d|\)[sd]) %(?!\()", form)] == []


def test_quotation_marks_are_polish():
    assert [form for _id, form in said() if re.search("[\"'“‘’]", form)] == []


def test_no_sentence_presumes_the_gender_of_its_reader():
    gendered = re.compile(
        r"((?<!węz|zia|has)łem|(łeś|łaś|łam|łbyś|łabyś|łbym|łabym))\b"
        r"|\b(jesteś|zostaniesz|byłaś|byłeś|bądź) \w+(y|a|ny|na|ty|ta)\b"
        r"|\b(powinieneś|powinnaś|pewien|pewna|pewny|zalogowany|zalogowana)\b|/-?a\b|\(-?a\)",
        re.IGNORECASE,
    )
    assert [form for _id, form in said() if gendered.search(form)] == []


def test_a_message_ends_like_its_original():
    """A sentence stays a sentence and a label a label."""
    kept = [(m.id, m.string) for m in entries(OURS) if isinstance(m.id, str) and m.id not in WITHOUT_PLACEHOLDERS]
    assert [pair for pair in kept if (pair[0][-1] in ".:?") != (pair[1][-1] in ".:?")] == []


def msgids(nodes: NodeList | list[Node]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, TranslateNode):
            yield str(node.filter_expression.var.literal).replace("%", "%%")
        elif isinstance(node, BlockTranslateNode):
            yield node.render_token_list(node.singular)[0]
        for name in getattr(node, "child_nodelists", ()):
            yield from msgids(getattr(node, name, None) or [])


def test_no_template_says_something_that_the_extractor_did_not_see():
    """Compared with what Django itself will look up, because the extractor reads templates in its own way."""
    known = {forms(message.id)[0] for message in entries(OURS)}
    folder = messages.ROOT / "templates"
    names = [path.relative_to(folder).as_posix() for path in folder.rglob("*.*") if "dev" not in path.parts]
    found = {msgid for name in names for msgid in msgids(get_template(name).template.nodelist)}
    assert len(found) > 300
    assert sorted(found - known) == []


def test_no_module_says_something_that_the_extractor_did_not_see():
    known = {(message.context, forms(message.id)[0]) for message in entries(OURS)}
    lazy = {f"{name}_lazy": DEFAULT_KEYWORDS[name] for name in ("gettext", "ngettext", "pgettext")}
    found = set()
    for app in ("accounts", "config", "courses", "dashboards", "quizzes", "reminders", "training"):
        skipped = (messages.ROOT / app / "embedded").as_posix()
        for file, _line, words, _comments, context in extract_from_dir(
            messages.ROOT / app, [("**.py", "python")], keywords=DEFAULT_KEYWORDS | lazy
        ):
            if not (messages.ROOT / app / file).as_posix().startswith(skipped):
                found.add((context, forms(words)[0]))
    assert len(found) > 300
    assert sorted(found - known, key=str) == []


def test_what_is_said_on_pages_of_allauth_is_asked_for_by_allauth():
    theirs = {str(message.id) for message in entries(ALLAUTH)}
    assert [message.id for message in entries(BORROWED) if str(message.id) not in theirs] == []


def test_our_words_win_over_those_of_allauth_and_django():
    with translation.override("pl"):
        assert translation.gettext("Are you sure?") == "Czy na pewno?"
        assert translation.gettext("Sign In") == "Zaloguj się"
