"""What a posted form of the scenario editor means, for the story, a node or an ending; and what new items hold."""

from collections.abc import Iterable
from string import ascii_lowercase
from typing import Any

from courses.typed import BadField, find, nest

EMPTY = {"pl": "", "en": ""}
GAUGES = ("reach", "trust", "confidentiality", "tone")
STORY = ("title", "rule", "premise", "minutes", "people", "variables", "start")


def read_story_form(fields: Iterable[tuple[str, str]], stored: dict[str, Any]) -> dict[str, Any]:
    """The whole scenario with its story as typed."""
    typed = nest(fields)
    if not str(typed.get("rule", "")).strip():
        typed.pop("rule", None)
    kept = {name: value for name, value in stored.items() if name not in STORY}
    return kept | {name: value for name, value in typed.items() if name in STORY}


def read_place_form(fields: Iterable[tuple[str, str]], key: str) -> dict[str, Any]:
    """A node or an ending as typed: what was left empty and may be absent is dropped."""
    typed = nest(fields)
    for beat in _mappings(typed.get("beats")):
        if not beat.get("from"):
            beat.pop("from", None)
    for choice in _mappings(typed.get("choices")):
        effects = choice.get("effects")
        if isinstance(effects, dict):
            choice["effects"] = {name: value for name, value in effects.items() if str(value).strip()}
        leaves = choice.get("leaves")
        if isinstance(leaves, dict) and not leaves.get("kind"):
            leaves.pop("kind", None)
            if not any(leaves.get("text", {}).values()):
                choice.pop("leaves")
    return typed | {"key": key}


def _mappings(items: Any) -> list[dict[str, Any]]:
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def blank_node(key: str, rule: int, to: str) -> dict[str, Any]:
    return {
        "key": key,
        "rule": rule,
        "beats": [],
        "prompt": dict(EMPTY),
        "choices": [_choice("a", to), _choice("b", to)],
    }


def _choice(key: str, to: str) -> dict[str, Any]:
    caution = ascii_lowercase.index(key) % 4
    return {"key": key, "label": dict(EMPTY), "points": 0, "caution": caution, "goto": [{"to": to}], "why": dict(EMPTY)}


def blank_ending(key: str) -> dict[str, Any]:
    story = [dict(EMPTY) for _i in range(3)]
    return {"key": key, "outcome": "mixed", "title": dict(EMPTY), "story": story, "lesson": dict(EMPTY)}


def blank_scenario(key: str, title: dict[str, str], rule: int) -> dict[str, Any]:
    """The smallest scenario that can be played: one node, one ending, the four gauges."""
    variables = [_variable(name) for name in GAUGES]
    return {
        "key": key,
        "title": title,
        "rule": rule,
        "premise": dict(EMPTY),
        "people": [],
        "variables": variables,
        "start": "start",
        "nodes": [blank_node("start", rule, "end")],
        "endings": [blank_ending("end")],
    }


def _variable(key: str) -> dict[str, Any]:
    better = "low" if key == "reach" else "high"
    start = 1 if key == "reach" else 3
    levels = [{"upto": upto, "text": dict(EMPTY)} for upto in (1, 3, 5)]
    return {"key": key, "label": dict(EMPTY), "start": start, "min": 0, "max": 5, "better": better, "levels": levels}


class Blanks:
    """Makes the new items that the buttons of one scenario ask for."""

    def __init__(self, scenario: dict[str, Any], typed: dict[str, Any]) -> None:
        self.scenario, self.typed = scenario, typed

    def __call__(self, path: str, kind: str) -> Any:
        last = path.rpartition(".")[2]
        variables = self.scenario.get("variables") or [{"key": "trust"}]
        condition = {"var": variables[0]["key"], "op": ">=", "value": 0}
        ending = self.scenario["endings"][0]["key"] if self.scenario["endings"] else self.scenario["start"]
        if last == "choices":
            used = {choice.get("key") for choice in _mappings(find(self.typed, path))}
            return _choice(next(letter for letter in ascii_lowercase if letter not in used), ending)
        makers = {
            "beats": {"kind": "message", "text": dict(EMPTY), "meta": dict(EMPTY)},
            "goto": {"when": [condition], "to": ending},
            "when": condition,
            "people": {"key": "", "name": "", "role": dict(EMPTY)},
            "levels": {"upto": 5, "text": dict(EMPTY)},
            "story": dict(EMPTY),
            "variables": _variable("") | {"key": ""},
        }
        if last not in makers:
            raise BadField(path)
        return makers[last]
