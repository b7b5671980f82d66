"""The engine plays a scenario from nothing but the choices taken."""

import pytest

from quizzes import engine
from quizzes.document import read_scenario
from tests.factories import scenario_document


@pytest.fixture
def scenario():
    return read_scenario(scenario_document("one"))


def test_a_run_of_best_choices_ends_with_full_score(scenario):
    state = engine.replay(scenario, ["a", "a"])
    assert state.finished
    assert state.ending.key == "well"
    assert state.score == 100


def test_an_error_repaired_later_still_reaches_the_pass_mark(scenario):
    state = engine.replay(scenario, ["b", "a"])
    assert state.score == 80
    assert engine.passed(state.score, 80)
    assert not engine.passed(state.score, 81)


def test_effects_are_kept_inside_the_bounds_of_the_variable(scenario):
    assert engine.replay(scenario, ["c"]).values == {"trust": 0}
    assert engine.replay(scenario, ["a"]).values == {"trust": 4}


def test_a_conditional_beat_shows_only_when_its_condition_holds(scenario):
    assert len(engine.replay(scenario, ["a"]).beats) == 1
    assert len(engine.replay(scenario, ["c"]).beats) == 2


def test_a_choice_not_on_offer_is_refused(scenario):
    with pytest.raises(engine.IllegalChoice):
        engine.replay(scenario, ["z"])


def test_nothing_can_be_chosen_after_the_end(scenario):
    with pytest.raises(engine.IllegalChoice):
        engine.replay(scenario, ["a", "a", "a"])


def test_the_order_of_choices_depends_on_the_seed_and_keeps_all_of_them(scenario):
    state = engine.start(scenario)
    orders = {tuple(choice.key for choice in engine.offered(state, seed)) for seed in range(40)}
    assert len(orders) == 6
    assert all(sorted(order) == ["a", "b", "c"] for order in orders)
