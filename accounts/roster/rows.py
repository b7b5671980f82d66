"""From cells to entries: each bad cell is a problem with its line, column, value and reason."""

import datetime as dt
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.models import Language
from accounts.roster.columns import TITLES, recognise
from accounts.roster.reading import Cell, Table
from accounts.values import clean_department_path, clean_email, clean_name, likeness

LANGUAGES = {
    likeness(name): language
    for language, names in {
        Language.POLISH: ("pl", "pl-PL", "polski", "Polish"),
        Language.ENGLISH: ("en", "en-GB", "en-US", "English", "angielski"),
    }.items()
    for name in names
}
ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[ T]00:00(?::00)?)?")
POLISH = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")
EXCEL_EPOCH = dt.date(1899, 12, 30)
EARLIEST = dt.date(1950, 1, 1)


@dataclass(frozen=True)
class Problem:
    line: int
    column: str
    value: str
    reason: str


@dataclass(frozen=True)
class Entry:
    line: int
    email: str
    first_name: str
    last_name: str
    path: tuple[str, ...]
    manager: str
    language: str
    start: dt.date | None


@dataclass
class Reading:
    """`lines` holds the address of every line that has one, also of lines with other problems."""

    entries: list[Entry]
    problems: list[Problem]
    lines: dict[str, int]


def read_entries(table: Table, *, today: dt.date) -> Reading:
    places = recognise(table.header)
    reading = Reading([], [], {})
    for line, cells in table.rows:
        values, problems = _read_row(line, cells, places, today)
        if extra := [cell for cell in cells[len(table.header) :] if str(cell).strip()]:
            problems.append(Problem(line, "", shown(extra[0]), _("There are more cells than columns.")))
        email = values.get("email")
        if email in reading.lines:
            reason = _("Line %(line)s has the same address.") % {"line": reading.lines[email]}
            problems.append(Problem(line, str(TITLES["email"]), shown(cells[places["email"]]), reason))
        elif email:
            reading.lines[email] = line
        reading.problems += problems
        if not problems:
            reading.entries.append(Entry(line=line, **values))
    return reading


def shown(cell: Cell) -> str:
    text = str(cell)
    return text if len(text) <= 80 else f"{text[:79]}…"


def _read_row(
    line: int, cells: Sequence[Cell], places: dict[str, int], today: dt.date
) -> tuple[dict[str, Any], list[Problem]]:
    readers: dict[str, Callable[[Cell], Any]] = {
        "email": lambda cell: clean_email(str(cell)),
        "first_name": lambda cell: clean_name(str(cell).strip()),
        "last_name": lambda cell: clean_name(str(cell).strip()),
        "department": lambda cell: clean_department_path(str(cell)),
        "manager": lambda cell: clean_email(str(cell)) if str(cell).strip() else "",
        "language": _language,
        "start": lambda cell: _date(cell, today),
    }
    values, problems = {}, []
    for field, read in readers.items():
        cell = cells[places[field]] if places[field] < len(cells) else ""
        try:
            values["path" if field == "department" else field] = read(cell)
        except ValidationError as error:
            problems.append(Problem(line, str(TITLES[field]), shown(cell), error.messages[0]))
    return values, problems


def _language(cell: Cell) -> str:
    text = str(cell).strip()
    if not text:
        return Language.POLISH.value
    if likeness(text) not in LANGUAGES:
        raise ValidationError(_("This language is not offered. Write pl or en."))
    return LANGUAGES[likeness(text)].value


def _date(cell: Cell, today: dt.date) -> dt.date | None:
    """ISO, 31.12.2025, or what a spreadsheet stores; from 1950 to two years ahead."""
    if isinstance(cell, str) and not cell.strip():
        return None
    day = cell if isinstance(cell, dt.date) else _parsed(cell)
    if day is None:
        raise ValidationError(_("This is not a date. Write it as 2025-12-31 or 31.12.2025."))
    if not EARLIEST <= day <= today + dt.timedelta(days=731):
        raise ValidationError(_("This date cannot be a start of employment."))
    return day


def _parsed(cell: Cell) -> dt.date | None:
    try:
        if isinstance(cell, bool):
            return None
        if isinstance(cell, int | float):
            return EXCEL_EPOCH + dt.timedelta(days=int(cell))
        if match := ISO.fullmatch(str(cell).strip()):
            year, month, day = map(int, match.groups())
            return dt.date(year, month, day)
        if match := POLISH.fullmatch(str(cell).strip()):
            day, month, year = map(int, match.groups())
            return dt.date(year, month, day)
    except (ValueError, OverflowError):
        return None
    return None
