"""What a player sees, and above all what a player does not see before choosing."""

import copy
import dataclasses

import pytest

from quizzes import engine
from quizzes.document import read_scenario
from quizzes.presenting import initials, present, speakers
from tests.factories import both, scenario_document

PATHS = ([], ["a"], ["b"], ["c"])


def play(document, taken, *, language="en", seed=7):
    scenario = read_scenario(document)
    return present(scenario, engine.replay(scenario, taken), language=language, seed=seed)


def with_secrets_swapped(document):
    """The same story to look at, with the worth, effects, targets and reasons of choices turned around."""
    swapped = copy.deepcopy(document)
    for node in swapped["nodes"]:
        choices = node["choices"]
        secrets = [
            {name: choice.get(name) for name in ("points", "caution", "goto", "why", "effects", "leaves")}
            for choice in choices
        ]
        for choice, secret in zip(choices, reversed(secrets), strict=True):
            for name, value in secret.items():
                if value is None:
                    choice.pop(name, None)
                else:
                    choice[name] = value
    for ending in swapped["endings"]:
        ending["outcome"] = "good" if ending["outcome"] == "bad" else "bad"
    return swapped


def test_the_first_page_shows_the_first_scene_and_the_offered_choices():
    view = play(scenario_document("one"), [])
    assert view.step == 0
    assert not view.finished
    assert view.premise == "Friday afternoon (en)"
    assert [entry.text for entry in view.scene.entries] == ["A post (en)"]
    assert view.scene.clock == "16:40 (en)"
    assert view.prompt == "What do you do? (en)"
    assert {option.label for option in view.options} == {"choice a (en)", "choice b (en)", "choice c (en)"}
    assert view.explanation == ""


def test_every_text_is_in_the_language_asked_for():
    texts = str(dataclasses.asdict(play(scenario_document("one"), ["c", "b"], language="pl")))
    assert "(pl)" in texts
    assert "(en)" not in texts


def test_what_was_chosen_stays_in_the_thread_as_the_learners_own():
    first, second = play(scenario_document("one"), ["a"]).scenes
    assert first.chosen == "choice a (en)"
    (trace,) = first.traces
    assert (trace.kind, trace.text, trace.trace) == ("comment", "My comment (en)", True)
    assert trace.speaker.you
    assert not first.current
    assert second.current
    assert second.jump == "20 minutes later (en)"


def test_a_notice_left_behind_has_no_speaker():
    document = scenario_document("one")
    document["nodes"][0]["choices"][0]["leaves"]["kind"] = "notice"
    assert play(document, ["a"]).scenes[0].traces[0].speaker is None


def test_the_explanation_belongs_to_the_scene_the_choice_led_to():
    view = play(scenario_document("one"), ["c", "b"])
    assert [scene.explanation for scene in view.scenes] == ["", "why c (en)", "why b (en)"]
    assert view.explanation == "why b (en)"


def test_a_scene_that_is_over_keeps_the_beats_that_were_shown_then():
    document = scenario_document("one")
    document["nodes"][1]["choices"][1]["effects"] = {"trust": -5}
    view = play(document, ["a", "b"])
    assert [len(scene.entries) for scene in view.scenes] == [1, 1, 0]
    assert len(play(document, ["c", "b"]).scenes[1].entries) == 2


def test_a_gauge_has_a_word_and_says_what_the_last_choice_did():
    (before,) = play(scenario_document("one"), []).gauges
    (after,) = play(scenario_document("one"), ["c"]).gauges
    (later,) = play(scenario_document("one"), ["c", "a"]).gauges
    assert (before.value, before.word, before.moved, before.marks, before.alarm) == (3, "firm (en)", 0, 3, False)
    assert (after.value, after.word, after.moved, after.alarm) == (0, "shaken (en)", -3, True)
    assert later.moved == 0


@pytest.mark.parametrize(
    ("better", "start", "alarm"), [("low", 5, True), ("low", 3, False), ("high", 1, True), ("high", 2, False)]
)
def test_a_gauge_near_its_bad_end_raises_the_alarm(better, start, alarm):
    document = scenario_document("one")
    document["variables"][0] |= {"better": better, "start": start}
    assert play(document, []).gauges[0].alarm is alarm


def test_the_ending_tells_the_story_back_and_the_score():
    view = play(scenario_document("one"), ["b", "a"])
    assert view.finished
    assert view.options == ()
    assert view.prompt == ""
    assert (view.conclusion.key, view.conclusion.score, len(view.conclusion.story)) == ("well", 80, 3)


@pytest.mark.parametrize("taken", PATHS)
def test_before_a_choice_nothing_tells_the_choices_apart(taken):
    document = scenario_document("one")
    for node in document["nodes"]:
        for choice in node["choices"]:
            choice["leaves"] = {"kind": "post", "text": both(f"canary leaves {node['key']}")}
    scenario = read_scenario(document)
    state = engine.replay(scenario, taken)
    other = copy.deepcopy(document)
    index = next(i for i, node in enumerate(other["nodes"]) if node["key"] == state.node.key)
    other["nodes"][index:] = with_secrets_swapped({"nodes": other["nodes"][index:], "endings": []})["nodes"]
    assert play(document, taken) == play(other, taken)
    assert other != document


def test_before_the_first_choice_endings_and_later_scenes_do_not_matter():
    document = scenario_document("one")
    assert play(document, []) == play(with_secrets_swapped(document), [])


def test_the_order_of_options_follows_the_seed_alone():
    document = scenario_document("one")
    orders = {tuple(option.key for option in play(document, [], seed=seed).options) for seed in range(40)}
    assert len(orders) == 6
    assert play(document, [], seed=3) == play(document, [], seed=3)


def test_people_keep_their_portrait_and_never_share_one():
    document = scenario_document("one")
    document["people"] = [{"key": f"p{n}", "name": f"Person {n}", "role": both("x")} for n in range(12)]
    document["people"].append({"key": "marta", "name": "Marta Testowa", "role": both("x")})
    found = speakers(read_scenario(document), "en")
    assert len({found[f"p{n}"].portrait for n in range(12)}) == 12
    alone = {**scenario_document("two"), "people": [document["people"][12]]}
    assert (
        speakers(read_scenario(alone), "en")["marta"]
        == speakers(read_scenario(scenario_document("one") | alone), "en")["marta"]
    )


@pytest.mark.parametrize(
    ("name", "expected"), [("Marta Zielińska", "MZ"), ("Łucja", "Ł"), ("Anna Maria Żak-Nowa", "AŻ"), ("", "")]
)
def test_initials_are_those_of_the_first_and_last_word(name, expected):
    assert initials(name) == expected
