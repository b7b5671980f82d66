"""What an author should know before publishing a scenario. Pure; used by the editor, the command and publishing.

All paths are explored over the finite space of (place, variables, decisions taken, points), so conditions are honoured:
a node that only an impossible condition leads to counts as unreachable.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from quizzes import engine
from quizzes.document import Scenario, Text
from quizzes.problems import Problem

MOST_STATES = 100_000
POOR_POINTS = 5


@dataclass
class Survey:
    """What exploring every path of a scenario found."""

    places: set[str] = field(default_factory=set)
    choices: set[tuple[str, str]] = field(default_factory=set)
    passing: bool = False
    recovering: bool = False
    lengths: set[int] = field(default_factory=set)
    misjudged: set[tuple[str, bool]] = field(default_factory=set)
    complete: bool = True


def check(scenario: Scenario, pass_mark: int) -> list[Problem]:
    """Every finding, in the order of the document."""
    problems = list(_texts(scenario))
    loops = list(_loops(scenario))
    problems += loops
    if not loops:
        problems += _reach(scenario, survey(scenario, pass_mark))
        problems += _most_cautious(scenario, pass_mark)
    return problems


def survey(scenario: Scenario, pass_mark: int) -> Survey:
    """Explore all paths; two paths that agree in place, variables, points and having erred are explored once."""
    found = Survey()
    frontier = [(engine.start(scenario), False)]
    seen: set[tuple[object, ...]] = set()
    while frontier:
        state, erred = frontier.pop()
        points = sum(step.choice.points for step in state.steps)
        place = state.node or state.ending
        assert place is not None
        mark = (place.key, tuple(state.values.values()), len(state.steps), points, erred)
        if mark in seen:
            continue
        seen.add(mark)
        if len(seen) > MOST_STATES:
            found.complete = False
            return found
        found.places.add(place.key)
        if state.ending is not None:
            _note_ending(found, state, erred=erred, pass_mark=pass_mark)
            continue
        assert state.node is not None
        for choice in state.node.choices:
            found.choices.add((state.node.key, choice.key))
            frontier.append((engine.choose(scenario, state, choice.key), erred or choice.points <= POOR_POINTS))
    return found


def _note_ending(found: Survey, state: engine.State, *, erred: bool, pass_mark: int) -> None:
    assert state.ending is not None
    passed = engine.passed(state.score, pass_mark)
    found.lengths.add(len(state.steps))
    found.passing |= passed
    found.recovering |= passed and erred
    if (state.ending.outcome, passed) in {("good", False), ("bad", True)}:
        found.misjudged.add((state.ending.key, passed))


def _reach(scenario: Scenario, found: Survey) -> Iterator[Problem]:
    if not found.complete:
        yield Problem(
            "nodes", "too_many_paths", "too many different paths to check them all; simplify the variables", "warning"
        )
        return
    for n, node in enumerate(scenario.nodes):
        if node.key not in found.places:
            yield Problem(f"nodes[{n}]", "unreachable", f"no path leads to the node {node.key!r}")
    for e, ending in enumerate(scenario.endings):
        if ending.key not in found.places:
            yield Problem(f"endings[{e}]", "unreachable", f"no path leads to the ending {ending.key!r}")
        if (ending.key, False) in found.misjudged:
            yield Problem(
                f"endings[{e}].outcome",
                "good_without_pass",
                "a path reaches this good ending without passing",
                "warning",
            )
        if (ending.key, True) in found.misjudged:
            yield Problem(
                f"endings[{e}].outcome", "bad_with_pass", "a path reaches this bad ending and still passes", "warning"
            )
    if not found.passing:
        yield Problem("nodes", "no_passing_path", "no path reaches the pass mark")
    elif not found.recovering:
        yield Problem("nodes", "no_recovery", "no path errs and still passes; let people repair a mistake", "warning")


def _loops(scenario: Scenario) -> Iterator[Problem]:
    """A node from which a path leads back to it never has to end: a dead end for the learner and for grading."""
    targets = {node.key: {branch.to for choice in node.choices for branch in choice.goto} for node in scenario.nodes}
    for n, node in enumerate(scenario.nodes):
        reached: set[str] = set()
        frontier = set(targets[node.key])
        while frontier:
            key = frontier.pop()
            if key not in reached:
                reached.add(key)
                frontier |= targets.get(key, set())
        if node.key in reached:
            yield Problem(f"nodes[{n}]", "dead_end", f"a path leads from {node.key!r} back to itself and need not end")


def _most_cautious(scenario: Scenario, pass_mark: int) -> Iterator[Problem]:
    """Always taking the most cautious option must not pass: staying silent is not what the course teaches."""
    state = engine.start(scenario)
    while state.node is not None:
        careful = max(state.node.choices, key=lambda choice: choice.caution)
        if sum(choice.caution == careful.caution for choice in state.node.choices) > 1 and len(state.node.choices) > 1:
            index = scenario.nodes.index(state.node)
            yield Problem(
                f"nodes[{index}].choices",
                "caution_tied",
                "two choices are equally the most cautious; tell them apart",
                "warning",
            )
        state = engine.choose(scenario, state, careful.key)
    if engine.passed(state.score, pass_mark):
        yield Problem(
            "nodes", "caution_passes", f"always choosing the most cautious option passes with {state.score} %"
        )


def _texts(scenario: Scenario) -> Iterator[Problem]:
    yield from missing(scenario.title, "title")
    yield from missing(scenario.premise, "premise")
    for p, person in enumerate(scenario.people):
        yield from missing(person.role, f"people[{p}].role")
    for v, variable in enumerate(scenario.variables):
        yield from missing(variable.label, f"variables[{v}].label")
        for i, level in enumerate(variable.levels):
            yield from missing(level.text, f"variables[{v}].levels[{i}].text")
        if not variable.levels or variable.levels[-1].upto < variable.max:
            yield Problem(f"variables[{v}].levels", "no_word", f"no word for the value {variable.max}")
    for n, node in enumerate(scenario.nodes):
        yield from missing(node.prompt, f"nodes[{n}].prompt")
        yield from optional(node.clock, f"nodes[{n}].clock")
        yield from optional(node.jump, f"nodes[{n}].jump")
        for b, beat in enumerate(node.beats):
            yield from missing(beat.text, f"nodes[{n}].beats[{b}].text")
            yield from optional(beat.meta, f"nodes[{n}].beats[{b}].meta")
        for c, choice in enumerate(node.choices):
            yield from missing(choice.label, f"nodes[{n}].choices[{c}].label")
            yield from missing(choice.why, f"nodes[{n}].choices[{c}].why")
            if choice.leaves:
                yield from missing(choice.leaves.text, f"nodes[{n}].choices[{c}].leaves.text")
    for e, ending in enumerate(scenario.endings):
        yield from missing(ending.title, f"endings[{e}].title")
        yield from missing(ending.lesson, f"endings[{e}].lesson")
        for i, line in enumerate(ending.story):
            yield from missing(line, f"endings[{e}].story[{i}]")
        for b, beat in enumerate(ending.beats):
            yield from missing(beat.text, f"endings[{e}].beats[{b}].text")


def missing(text: Text, path: str) -> Iterator[Problem]:
    """A text that must be there in every language."""
    for language in text.missing():
        yield Problem(f"{path}.{language}", "missing_translation", "missing")


def optional(text: Text, path: str) -> Iterator[Problem]:
    """A text that may be absent, but not in one language only."""
    if text:
        yield from missing(text, path)
