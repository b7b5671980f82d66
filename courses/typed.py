"""What was typed into a form whose field names are document paths (`blocks[2].alt.pl`), as nested data and back. Pure.

The buttons that add, remove and move items work on this data, so that text typed but not saved is never lost.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any

PART = re.compile(r"(?:^|\.)([a-z0-9_][a-z0-9_-]{0,59})|\[(\d{1,3})\]")
NAME = re.compile(rf"(?:{PART.pattern}){{1,12}}")
LONGEST_LIST = 60


class BadField(Exception):
    """The field names contradict each other or a button names nothing; no form of ours sends that."""


def parts_of(path: str) -> list[str | int]:
    """`blocks[2].alt` as ["blocks", 2, "alt"]."""
    if not NAME.fullmatch(path):
        raise BadField(path)
    return [match[1] if match[2] is None else int(match[2]) for match in PART.finditer(path)]


def nest(fields: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Fields by path as nested data. Lists follow the order of their indices; gaps close. Line ends become LF."""
    tree: dict[Any, Any] = {}
    for name, value in fields:
        *way, last = parts_of(name)
        place = tree
        for part in way:
            place = place.setdefault(part, {})
            if not isinstance(place, dict):
                raise BadField(name)
        if isinstance(place.get(last), dict):
            raise BadField(name)
        place[last] = value.replace("\r\n", "\n")
    closed = _close(tree)
    if not isinstance(closed, dict):
        raise BadField("")
    return closed


def _close(tree: Any) -> Any:
    if not isinstance(tree, dict):
        return tree
    numbered = [isinstance(key, int) for key in tree]
    if numbered and all(numbered):
        return [_close(tree[key]) for key in sorted(tree)]
    if any(numbered):
        raise BadField("a list and a mapping at once")
    return {key: _close(value) for key, value in tree.items()}


def find(data: Any, path: str) -> Any:
    """What stands at the path, or None."""
    for part in parts_of(path):
        if isinstance(part, int):
            if not isinstance(data, list) or part >= len(data):
                return None
            data = data[part]
        else:
            if not isinstance(data, dict):
                return None
            data = data.get(part)
    return data


def act(data: dict[str, Any], button: str, blank: Callable[[str, str], Any]) -> str:
    """Do what a button says (`add:blocks:text`, `remove:blocks[1]`, `up:blocks[1]`, `down:blocks[1]`) in place.

    `blank(path, kind)` makes a new item. Returns the path of the item that is now in question.
    """
    verb, _colon, rest = button.partition(":")
    path, _colon, kind = rest.partition(":")
    if verb == "add":
        return _add(data, path, blank(path, kind))
    *way, index = parts_of(path)
    items = find(data, _path(way)) if way else None
    if not isinstance(index, int) or not isinstance(items, list) or index >= len(items):
        raise BadField(button)
    if verb == "remove":
        del items[index]
        return _path(way)
    other = {"up": index - 1, "down": index + 1}.get(verb)
    if other is None:
        raise BadField(button)
    if 0 <= other < len(items):
        items[index], items[other] = items[other], items[index]
        index = other
    return f"{_path(way)}[{index}]"


def _add(data: dict[str, Any], path: str, item: Any) -> str:
    *way, last = parts_of(path)
    place = find(data, _path(way)) if way else data
    if not isinstance(place, dict) or not isinstance(last, str):
        raise BadField(path)
    items = place.setdefault(last, [])
    if not isinstance(items, list) or len(items) >= LONGEST_LIST:
        raise BadField(path)
    # The last target of a choice is the one without conditions: new ones go before it.
    index = max(len(items) - 1, 0) if last == "goto" else len(items)
    items.insert(index, item)
    return f"{path}[{index}]"


def _path(parts: list[str | int]) -> str:
    text = ""
    for part in parts:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text
