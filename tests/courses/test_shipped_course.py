"""The course that ships: what its authors promised of every text and every path."""

import re

from django.conf import settings

import pytest

from courses.checks import check_course
from courses.document import read_course
from courses.files import read_folder
from quizzes import engine
from quizzes.checks import survey

FOLDER = settings.BASE_DIR / "courses" / "shipped" / "five-rules"
SCENARIOS = ["rule-1", "rule-2", "rule-3", "rule-4", "rule-5", "final"]
RULES = {1, 2, 3, 4, 5}
MINUTES = 15
WORDS_PER_MINUTE = 240
LOOSE_LETTER = re.compile(r"(?<!\w)[aiouwz]\s(?<!\u00a0)", re.IGNORECASE)
STRAIGHT_QUOTE = re.compile("[\"']")


@pytest.fixture(scope="module")
def source():
    return read_folder(FOLDER)


@pytest.fixture(scope="module")
def document(source):
    return read_course(source.document)


@pytest.fixture(scope="module")
def texts(source):
    return dict(both_languages(source.document, ""))


def both_languages(part, path):
    """Every text a person reads: its path, and the mapping of languages."""
    if isinstance(part, dict) and set(part) == {"pl", "en"}:
        yield path, part
    elif isinstance(part, dict):
        for name, value in part.items():
            yield from both_languages(value, f"{path}.{name}" if path else name)
    elif isinstance(part, list):
        for i, value in enumerate(part):
            yield from both_languages(value, f"{path}[{i}]")


def test_the_shipped_course_has_no_findings(source):
    assert [source.explain(problem) for problem in check_course(source.document)] == []


def test_there_is_a_lesson_and_a_scenario_for_every_rule_and_a_final(document):
    assert [lesson.scenario for lesson in document.lessons] == SCENARIOS[:-1]
    assert [scenario.key for scenario in document.scenarios] == SCENARIOS
    assert document.final == "final"


@pytest.mark.parametrize("key", SCENARIOS)
def test_every_path_has_three_to_five_decisions_and_one_errs_and_still_passes(document, key):
    scenario = document.scenario(key)
    found = survey(scenario, document.pass_mark)
    assert found.complete
    assert found.lengths <= {3, 4, 5}
    assert found.recovering
    assert len(scenario.nodes) >= 8
    assert len(scenario.endings) >= 3


@pytest.mark.parametrize("key", SCENARIOS)
def test_earlier_decisions_matter_later(document, key):
    scenario = document.scenario(key)
    places = [*scenario.nodes, *scenario.endings]
    beats = [beat for place in places for beat in place.beats if beat.when]
    forks = [choice for node in scenario.nodes for choice in node.choices if len(choice.goto) > 1]
    assert len(beats) + len(forks) >= 2


@pytest.mark.parametrize("key", SCENARIOS)
def test_no_label_gives_the_answer_away_by_being_the_longest(document, key):
    best_is_longest = [
        max(node.choices, key=lambda c: (len(c.label.pl), c.points)).points >= 8
        for node in document.scenario(key).nodes
    ]
    assert sum(best_is_longest) <= len(best_is_longest) / 2


@pytest.mark.parametrize("key", SCENARIOS)
def test_whoever_chooses_badly_is_told_which_rule_it_was(document, key):
    for node in document.scenario(key).nodes:
        for choice in node.choices:
            if choice.points <= 5:
                assert re.search(r"zasad\w+\s\d", choice.why.pl, re.IGNORECASE), (node.key, choice.key)
                assert re.search(r"rule\s\d", choice.why.en, re.IGNORECASE), (node.key, choice.key)


def test_the_final_brings_all_five_rules_together(document):
    scenario = document.scenario("final")
    assert {node.rule for node in scenario.nodes} == RULES


def test_no_line_ends_in_a_one_letter_word(texts):
    loose = {path: text["pl"] for path, text in texts.items() if LOOSE_LETTER.search(text["pl"])}
    assert loose == {}


@pytest.mark.parametrize("language", ["pl", "en"])
def test_quotes_and_apostrophes_are_typographic(texts, language):
    straight = {path: text[language] for path, text in texts.items() if STRAIGHT_QUOTE.search(text[language])}
    assert straight == {}


@pytest.mark.parametrize(("language", "opening"), [("pl", "„"), ("en", "“")])
def test_every_quotation_that_opens_closes(texts, language, opening):
    foreign = ({"„", "“"} - {opening}).pop()
    for path, text in texts.items():
        assert text[language].count(opening) == text[language].count("”"), path
        assert foreign not in text[language], path


def test_the_length_announced_is_the_sum_of_its_parts(document):
    assert document.minutes == MINUTES
    assert "około kwadransa" in document.summary.pl
    assert "about a quarter of an hour" in document.summary.en


@pytest.mark.parametrize("language", ["pl", "en"])
def test_a_full_run_can_be_read_in_the_time_announced(document, language):
    words = sum(words_of_lesson(lesson, language) for lesson in document.lessons)
    words += sum(words_of_run(scenario, engine.start(scenario), language) for scenario in document.scenarios)
    assert words / document.minutes <= WORDS_PER_MINUTE


def count(language, *texts):
    """Words in the language; punctuation standing alone is no word."""
    return sum(len(re.findall(r"\S*\w\S*", text.in_language(language))) for text in texts)


def words_of_lesson(lesson, language):
    """A lesson as read: after the opening one reply of those offered is shown."""
    options = lesson.opening.options
    words = count(language, lesson.title, lesson.opening.text, lesson.rule, lesson.key_line)
    words += count(language, *(option.text for option in options))
    words += count(language, *(option.reply for option in options)) / len(options)
    return words + sum(
        count(language, *(text for name, text in block if name in {"title", "markdown", "role", "text", "meta"}))
        for block in lesson.blocks
    )


def words_of_run(scenario, state, language):
    """The words from here to the end, on average when every choice is equally likely: all labels, one explanation."""
    words = sum(count(language, beat.text, beat.meta) for beat in state.beats)
    if not state.steps:
        words += count(language, scenario.title, scenario.premise)
    if state.ending:
        return words + count(language, state.ending.title, state.ending.lesson, *state.ending.story)
    node = state.node
    words += count(language, node.clock, node.jump, node.prompt, *(choice.label for choice in node.choices))
    for choice in node.choices:
        after = count(language, choice.why, *([choice.leaves.text] if choice.leaves else []))
        after += words_of_run(scenario, engine.choose(scenario, state, choice.key), language)
        words += after / len(node.choices)
    return words
