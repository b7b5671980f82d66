"""The building blocks of an editing form: rows with both languages side by side. View data, made from what was typed.

Every field is named by its document path, so that a finding about the document lands at its field.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from courses.markdown import render
from courses.typed import find
from courses.words import say
from quizzes.document import LANGUAGES
from quizzes.problems import Problem

NAMES = {"pl": "Polski", "en": "English"}
LINE = 110
ONE_LINE = 40


@dataclass
class Input:
    """One control. `kind`: line, area, markdown, number, select, file, hidden. `look`: as-title, as-lead, as-rule or
    as-name. `stored` is what somebody else saved meanwhile, where it differs."""

    name: str
    label: str
    value: str
    kind: str = "line"
    look: str = ""
    rows: int = 1
    options: list[tuple[str, str, bool]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    stored: str | None = None
    low: int | None = None
    high: int | None = None
    optional: bool = False

    @property
    def preview(self) -> SafeString:
        return render(self.value)


@dataclass
class Side:
    """One language of a row."""

    language: str
    stale: bool
    fields: list[Input]

    @property
    def language_name(self) -> str:
        return NAMES[self.language]


@dataclass
class Button:
    """A submit button that changes the form without saving it: `do` is for typed.act."""

    label: str
    do: str


@dataclass
class Row:
    kind: str
    icon: str
    path: str
    sides: list[Side] = field(default_factory=list)
    settings: list[Input] = field(default_factory=list)
    tools: list[Button] = field(default_factory=list)
    rows: list["Row"] = field(default_factory=list)
    adds: list[Button] = field(default_factory=list)
    picture: str = ""
    note: str = ""
    errors: list[str] = field(default_factory=list)


class Sheet:
    """Makes the fields of one form from the typed data, findings, the stored data of a conflict, stale texts."""

    def __init__(
        self,
        typed: dict[str, Any],
        *,
        problems: Iterable[Problem] = (),
        stored: dict[str, Any] | None = None,
        stale: dict[str, str] | None = None,
    ) -> None:
        self.typed = typed
        self.stored = stored
        self.stale = stale or {}
        self.errors: dict[str, list[str]] = {}
        for problem in problems:
            self.errors.setdefault(problem.path, []).append(say(problem))
        self.named: set[str] = set()

    def value(self, path: str) -> str:
        return _plain(find(self.typed, path))

    def items(self, path: str) -> range:
        found = find(self.typed, path)
        return range(len(found) if isinstance(found, list) else 0)

    def input(self, path: str, label: str, **options: Any) -> Input:
        self.named.add(path)
        made = Input(path, label, self.value(path), errors=self.errors.get(path, []), **options)
        if self.stored is not None and (other := _plain(find(self.stored, path))) != made.value:
            made.stored = other
        return made

    def number(self, path: str, label: str, low: int, high: int, *, optional: bool = False) -> Input:
        return self.input(path, label, kind="number", low=low, high=high, optional=optional)

    def select(self, path: str, label: str, options: Sequence[tuple[str, str]]) -> Input:
        value = self.value(path)
        shown = [(key, text, key == value) for key, text in options]
        if value and not any(selected for _key, _text, selected in shown):
            shown.append((value, value, True))
        return self.input(path, label, kind="select", options=shown)

    def sides(self, *texts: "Words") -> list[Side]:
        """Both languages of the texts of a row."""
        return [
            Side(
                language,
                any(self.stale.get(text.path) == language for text in texts),
                [self.words(text, language) for text in texts],
            )
            for language in LANGUAGES
        ]

    def words(self, text: "Words", language: str) -> Input:
        path = f"{text.path}.{language}"
        value = self.value(path)
        long = text.rows > 1 or len(value) > ONE_LINE
        lines = max(text.rows, value.count("\n") + 1, len(value) // LINE + 1 if long else 1)
        kind = "markdown" if text.markdown else "area" if long or lines > 1 else "line"
        label = f"{text.label} ({NAMES[language]})"
        return self.input(path, label, kind=kind, look=text.look, rows=lines, optional=text.optional)

    def row_errors(self, path: str) -> list[str]:
        self.named.add(path)
        return self.errors.get(path, [])

    def movable(self, path: str) -> list[Button]:
        return [Button(_("Move up"), f"up:{path}"), Button(_("Move down"), f"down:{path}"), self.removable(path)]

    def removable(self, path: str) -> Button:
        return Button(_("Remove"), f"remove:{path}")

    def unplaced(self) -> list[str]:
        """Findings whose place has no field in this form."""
        return [f"{path}: {text}" for path, texts in self.errors.items() if path not in self.named for text in texts]


@dataclass
class Words:
    """A text in two languages as a form shows it."""

    path: str
    label: str
    rows: int = 1
    look: str = ""
    markdown: bool = False
    optional: bool = False


def _plain(value: Any) -> str:
    return "" if value is None or isinstance(value, dict | list) else str(value)
