"""What differs between two documents, place by place, and which translations fell behind. Pure."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

TOKENS = re.compile(r"\w+|\s+|[^\w\s]")
LONGEST_COMPARED = 6000


@dataclass(frozen=True)
class Difference:
    """`old` or `new` is None where the place does not exist."""

    path: str
    old: str | None
    new: str | None

    @property
    def segments(self) -> list[tuple[str, str]]:
        """The words as ("same" | "gone" | "new", text), in reading order."""
        return list(_segments(self.old or "", self.new or ""))


def differences(old: Any, new: Any, path: str = "") -> Iterator[Difference]:
    """Every leaf that differs. Items with a key are matched by it (`nodes[guessed]`), others by their content."""
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for name in dict.fromkeys([*old, *new]):
            yield from differences(old.get(name), new.get(name), f"{path}.{name}" if path else name)
    elif isinstance(old, list) and isinstance(new, list):
        yield from _lists(old, new, path)
    elif isinstance(old, dict | list) or isinstance(new, dict | list):
        for place, text in _leaves(old, path):
            yield Difference(place, text, None)
        for place, text in _leaves(new, path):
            yield Difference(place, None, text)
    elif not (_text(old) in (None, "") and _text(new) in (None, "")):
        yield Difference(path, _text(old), _text(new))


def _lists(old: list[Any], new: list[Any], path: str) -> Iterator[Difference]:
    if all(isinstance(item, dict) and "key" in item for item in [*old, *new]):
        before, after = ({item["key"]: item for item in items} for items in (old, new))
        for key in dict.fromkeys([*after, *before]):
            yield from differences(before.get(key), after.get(key), f"{path}[{key}]")
        return
    before_texts, after_texts = ([json.dumps(item, sort_keys=True) for item in items] for items in (old, new))
    for _tag, i1, i2, j1, j2 in SequenceMatcher(None, before_texts, after_texts, autojunk=False).get_opcodes():
        for step in range(max(i2 - i1, j2 - j1)):
            left = old[i1 + step] if i1 + step < i2 else None
            right = new[j1 + step] if j1 + step < j2 else None
            yield from differences(left, right, f"{path}[{j1 + step if right is not None else i1 + step}]")


def _leaves(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            key = inner.get("key", i) if isinstance(inner, dict) else i
            yield from _leaves(inner, f"{path}[{key}]")
    elif text := _text(value):
        yield path, text


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _segments(old: str, new: str) -> Iterator[tuple[str, str]]:
    if len(old) + len(new) > LONGEST_COMPARED:
        yield from ((kind, text) for kind, text in (("gone", old), ("new", new)) if text)
        return
    left, right = TOKENS.findall(old), TOKENS.findall(new)
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        if tag == "equal":
            yield "same", "".join(left[i1:i2])
            continue
        if i2 > i1:
            yield "gone", "".join(left[i1:i2])
        if j2 > j1:
            yield "new", "".join(right[j1:j2])


def texts(document: Any, path: str = "") -> Iterator[tuple[str, dict[str, str]]]:
    """Every text in two languages, with its path."""
    if isinstance(document, dict):
        if document and set(document) <= {"pl", "en"}:
            yield path, {"pl": str(document.get("pl", "")), "en": str(document.get("en", ""))}
            return
        for name, value in document.items():
            yield from texts(value, f"{path}.{name}" if path else name)
    elif isinstance(document, list):
        for i, value in enumerate(document):
            yield from texts(value, f"{path}[{i}]")


def behind(published: Any, draft: Any) -> dict[str, str]:
    """Texts of the draft in which one language was changed since the publication and the other was not: the path, and
    the language that fell behind. Moving a text changes nothing."""
    pairs = {(text["pl"], text["en"]) for _path, text in texts(published)}
    polish = {pl for pl, _en in pairs if pl}
    english = {en for _pl, en in pairs if en}
    found = {}
    for path, text in texts(draft):
        if (text["pl"], text["en"]) in pairs or not (text["pl"] and text["en"]):
            continue
        if text["en"] in english and text["pl"] not in polish:
            found[path] = "en"
        elif text["pl"] in polish and text["en"] not in english:
            found[path] = "pl"
    return found
