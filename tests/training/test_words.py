"""Dates as people say them."""

import datetime as dt

from django.utils import translation

import pytest

from training.words import day_in_words, due_in_words

TODAY = dt.date(2026, 6, 1)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["8 days ago", "yesterday", "today", "tomorrow", "in 2 days", "in 22 days"]),
        ("pl", ["8 dni temu", "wczoraj", "dzisiaj", "jutro", "za 2 dni", "za 22 dni"]),
    ],
)
def test_the_words_for_a_distance_count_right(language, words):
    with translation.override(language):
        said = [due_in_words(TODAY + dt.timedelta(days), TODAY) for days in (-8, -1, 0, 1, 2, 22)]
    assert [entry.replace("\N{NO-BREAK SPACE}", " ") for entry in said] == words


@pytest.mark.parametrize(("language", "words"), [("en", "Monday, 1 June 2026"), ("pl", "poniedziałek, 1 czerwca 2026")])
def test_a_day_in_words_has_its_weekday_and_its_month_as_people_say_it(language, words):
    with translation.override(language):
        assert day_in_words(TODAY) == words
