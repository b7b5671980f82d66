"""Playing a scenario: pure functions over immutable states; no database, no clock, no randomness of its own.

The record of a run is the list of choices taken; everything else follows from it by `replay`.
"""

import random
from collections.abc import Iterable
from dataclasses import dataclass

from quizzes.document import BEST_POINTS, Beat, Choice, Ending, Node, Scenario


class IllegalChoice(Exception):
    """The choice does not exist at the node where the run stands, or the run is over."""


@dataclass(frozen=True)
class Step:
    """One decision taken, with the values of the variables after it."""

    node: Node
    choice: Choice
    values: dict[str, int]


@dataclass(frozen=True)
class State:
    """Where a run stands. Exactly one of `node` and `ending` is set."""

    values: dict[str, int]
    steps: tuple[Step, ...]
    node: Node | None
    ending: Ending | None

    @property
    def finished(self) -> bool:
        return self.ending is not None

    @property
    def beats(self) -> tuple[Beat, ...]:
        """What arrives at the current place, given what happened before."""
        place = self.node or self.ending
        assert place is not None
        return visible(place.beats, self.values)

    @property
    def score(self) -> int:
        """Whole per cent of the points that the decisions taken could have earned, rounded down."""
        if not self.steps:
            return 0
        return 100 * sum(step.choice.points for step in self.steps) // (BEST_POINTS * len(self.steps))


def visible(beats: Iterable[Beat], values: dict[str, int]) -> tuple[Beat, ...]:
    return tuple(beat for beat in beats if all(condition.holds(values) for condition in beat.when))


def start(scenario: Scenario) -> State:
    values = {variable.key: variable.start for variable in scenario.variables}
    return State(values=values, steps=(), node=scenario.node(scenario.start), ending=None)


def choose(scenario: Scenario, state: State, choice_key: str) -> State:
    """The state after taking the choice; IllegalChoice if it is not on offer."""
    if state.node is None:
        raise IllegalChoice("the run is over")
    choice = next((choice for choice in state.node.choices if choice.key == choice_key), None)
    if choice is None:
        raise IllegalChoice(f"node {state.node.key!r} offers no choice {choice_key!r}")
    values = dict(state.values)
    for variable in scenario.variables:
        moved = values[variable.key] + choice.effects.get(variable.key, 0)
        values[variable.key] = min(variable.max, max(variable.min, moved))
    target = next(branch.to for branch in choice.goto if all(condition.holds(values) for condition in branch.when))
    steps = (*state.steps, Step(node=state.node, choice=choice, values=values))
    return State(values=values, steps=steps, node=scenario.node(target), ending=scenario.ending(target))


def replay(scenario: Scenario, choice_keys: Iterable[str]) -> State:
    """The state that the choices, taken in this order from the start, lead to."""
    state = start(scenario)
    for key in choice_keys:
        state = choose(scenario, state, key)
    return state


def offered(state: State, seed: int) -> tuple[Choice, ...]:
    """The choices of the current node in the order shown; each attempt's seed shuffles them anew.

    The order depends on the seed, the node and the number of choices only, so it says nothing about their quality.
    """
    if state.node is None:
        return ()
    order = list(range(len(state.node.choices)))
    random.Random(f"{seed}:{state.node.key}:{len(state.steps)}").shuffle(order)  # noqa: S311 - presentation, not secrecy
    return tuple(state.node.choices[index] for index in order)


def passed(score: int, pass_mark: int) -> bool:
    """A score equal to the pass mark passes."""
    return score >= pass_mark
