"""CSV files of exactly what a page shows: in pieces, safe to open in a spreadsheet."""

import csv
import datetime as dt
import io
import re
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Any

from django.http import StreamingHttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from dashboards.figures import LEFT
from dashboards.overview import COLUMNS, Row
from dashboards.selection import GROUP_NAMES
from dashboards.selectors import PersonLine
from training.models import Status

FORMULA = re.compile("[ \0]*[=+\\-@\t\r\n＝＋－＠]")
FILE_START = "\ufeff"
LINES_AT_ONCE = 500


def safe_cell(value: Any) -> Any:
    """Text that a spreadsheet would run as a formula gets an apostrophe in front."""
    if isinstance(value, str):
        return f"'{value}" if FORMULA.match(value) else value
    return "" if value is None else value


def csv_lines(head: list[str], rows: Iterable[list[Any]]) -> Iterator[str]:
    """The file in pieces of some hundred lines, so that neither memory nor the number of writes grows with it.

    All text is quoted: a program that splits at commas must not find the beginning of a cell within a name.
    """
    safe = ([safe_cell(value) for value in row] for row in chain([head], rows))
    start = FILE_START
    while lines := list(islice(safe, LINES_AT_ONCE)):
        piece = io.StringIO(newline="")
        csv.writer(piece, delimiter=";", quoting=csv.QUOTE_NONNUMERIC).writerows(lines)
        yield start + piece.getvalue()
        start = ""


def csv_response(name: str, head: list[str], rows: Iterable[list[Any]]) -> StreamingHttpResponse:
    return StreamingHttpResponse(
        csv_lines(head, rows),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )


def standing_names() -> dict[str, str]:
    """The words for each standing in the reader's language, taken before a response starts to stream."""
    return {standing: str(GROUP_NAMES[standing]) for standing in (*Status.values, LEFT)}


def people_head(everything: bool) -> list[str]:
    head = [pgettext("of a person", "Name"), _("Department"), _("Status"), _("Due date")]
    if everything:
        head[1:1] = [_("E-mail")]
        head += [_("Completed on"), _("On time"), _("Result"), _("Score (%)"), _("Attempts")]
    return head


def people_cells(lines: Iterable[PersonLine], everything: bool) -> Iterator[list[Any]]:
    names = standing_names()
    words = {True: _("yes"), False: _("no"), None: ""}
    results = {True: _("passed"), False: _("failed"), None: ""}
    return (_person_cells(line, everything, names, words, results) for line in lines)


def _person_cells(
    line: PersonLine,
    everything: bool,
    names: dict[str, str],
    words: dict[bool | None, str],
    results: dict[bool | None, str],
) -> list[Any]:
    cells: list[Any] = [line.name, line.department, names[line.standing], _day(line.due_on)]
    if everything:
        on_time = None if line.late is None else not line.late
        cells[1:1] = [line.email]
        cells += [_day(line.completed_on), words[on_time], results[line.passed], line.score, line.attempts]
    return cells


def _day(day: dt.date | None) -> str:
    return day.isoformat() if day else ""


def department_head() -> list[str]:
    return [_("Department"), _("Level"), *(str(label) for _group, label in COLUMNS), _("Rate (%)")]


def department_cells(rows: Iterable[Row]) -> Iterator[list[Any]]:
    for row in rows:
        yield [row.name, row.depth + 1, *(cell.value for cell in row.cells), row.rate]
