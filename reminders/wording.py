"""The words of a mail: subject, text in Markdown, button; and filling them in.

A variable is `{name}` and nothing else is: no expression, no format, no escape. Each is replaced once, after the
Markdown has become HTML, so that no value is ever read as markup or as a variable. A paragraph or an item of a list in
which a value is lacking is left out, and so is a part of the subject up to a colon.
"""

import re
import secrets
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

FOLDER = Path(__file__).parent / "texts"
FIELDS = ("subject", "body", "button")
BRACED = re.compile(r"\{([^{}\n]*)\}")
ITEM = re.compile(r"\s*(?:[-*+]|\d{1,9}[.)])\s")
ALONE = re.compile(r"(?<!\w)([wzioauWZIOAU]) ")
NONCE = secrets.token_hex(8)
"""Nobody who writes a text or a name knows it, so a mark is never mistaken for words."""
MARK = re.compile(rf"q{NONCE}([a-z0-9_]+?)z{NONCE}")
CONTROLS = frozenset({"Cc", "Cs", "Zl", "Zp"})
TURNS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@dataclass(frozen=True)
class Wording:
    subject: str
    body: str
    button: str


class Unwritable(Exception):
    """A text that cannot be filled in."""


@cache
def shipped(kind: str, language: str) -> Wording:
    """As it stands in the repository."""
    text = yaml.safe_load((FOLDER / f"{kind}.yaml").read_text(encoding="utf-8"))[language]
    return Wording(text["subject"], text["body"].strip(), text["button"])


def variables_in(words: str) -> set[str]:
    return set(BRACED.findall(words))


def mark(name: str) -> str:
    """Stands for a variable while Markdown and templates are rendered: letters and digits, which they leave alone."""
    return f"q{NONCE}{name}z{NONCE}"


def marked(words: str) -> str:
    return BRACED.sub(lambda found: mark(found[1]), words)


def subject_without(subject: str, lacking: Collection[str]) -> str:
    return ": ".join(part for part in subject.split(": ") if variables_in(part).isdisjoint(lacking))


def body_without(body: str, lacking: Collection[str]) -> str:
    blocks = ("\n".join(_complete(block, lacking)) for block in re.split(r"\n[ \t]*\n", body.strip()))
    return "\n\n".join(block for block in blocks if block)


def _complete(block: str, lacking: Collection[str]) -> Iterator[str]:
    """The paragraph, or of a list those items, in which nothing is lacking."""
    units: list[list[str]] = []
    for line in block.splitlines():
        if not units or ITEM.match(line):
            units.append([])
        units[-1].append(line)
    for unit in units:
        if variables_in("\n".join(unit)).isdisjoint(lacking):
            yield from unit


def unbroken(words: str, language: str) -> str:
    """In Polish no line ends with a word of one letter."""
    return ALONE.sub("\\1\N{NO-BREAK SPACE}", words) if language == "pl" else words


def one_line(words: str) -> str:
    """A value from outside as one line: control characters, line ends and marks that turn the direction of what follows
    become spaces. Everything else stays what it is."""
    if not words.isprintable():
        words = "".join(" " if unicodedata.category(c) in CONTROLS or c in TURNS else c for c in words)
    return " ".join(words.split())


class Filling:
    """Words with marks, cut at them once, filled in many times."""

    def __init__(self, words: str) -> None:
        pieces = MARK.split(words)
        self.words, self.names = pieces[0::2], pieces[1::2]

    def fill(self, values: Mapping[str, str]) -> str:
        pieces = [self.words[0]]
        for name, words in zip(self.names, self.words[1:], strict=True):
            pieces += (values[name], words)
        return "".join(pieces)
