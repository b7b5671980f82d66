"""Compiling translations without GNU gettext."""

import gettext

import pytest

from config import messages

HEAD = (
    'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n"Language: pl\\n"\n'
    '"Plural-Forms: nplurals=4; plural=(n==1 ? 0 : (n%10>=2 && n%10<=4) && (n%100<12 || n%100>14) ? 1 : '
    'n!=1 && (n%10>=0 && n%10<=1) || (n%10>=5 && n%10<=9) || (n%100>=12 && n%100<=14) ? 2 : 3);\\n"\n\n'
)


@pytest.fixture
def catalogue(tmp_path):
    path = tmp_path / "pl" / "LC_MESSAGES" / "django.po"
    path.parent.mkdir(parents=True)
    return path


def test_polish_plurals_are_compiled(catalogue, tmp_path):
    forms = "".join(f'msgstr[{n}] "%(days)d {word}"\n' for n, word in enumerate(("dzień", "dni", "dni", "dnia")))
    plural = f'msgid "%(days)d day"\nmsgid_plural "%(days)d days"\n{forms}'
    catalogue.write_text(HEAD + "#, python-format\n" + plural)
    assert messages.compile_all(tmp_path) == []
    translate = gettext.translation("django", tmp_path, ["pl"]).ngettext
    assert [translate("%(days)d day", "%(days)d days", n) % {"days": n} for n in (1, 22)] == ["1 dzień", "22 dni"]


def test_a_wrong_placeholder_is_named_with_its_line_and_nothing_is_written(catalogue, tmp_path):
    catalogue.write_text(HEAD + '#, python-format\nmsgid "Due %(date)s"\nmsgstr "Termin %(data)s"\n')
    (problem,) = messages.compile_all(tmp_path)
    assert f"{catalogue}:8: " in problem
    assert not catalogue.with_suffix(".mo").exists()


def test_a_fuzzy_translation_is_left_out(catalogue, tmp_path):
    catalogue.write_text(HEAD + '#, fuzzy\nmsgid "Yes"\nmsgstr "Nie"\n')
    assert messages.compile_all(tmp_path) == []
    assert gettext.translation("django", tmp_path, ["pl"]).gettext("Yes") == "Yes"
