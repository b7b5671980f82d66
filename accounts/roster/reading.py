"""From an uploaded file, CSV or XLSX, to a header and numbered rows."""

import csv
import datetime as dt
import io
import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.refusals import Refusal
from accounts.roster import sheet
from accounts.roster.archive import MAX_COLUMNS, MAX_ROWS, DangerousArchive, SheetTooLarge, inspect
from accounts.roster.columns import known_headers

MAX_BYTES = 10 * 1024 * 1024
DELIMITERS = ";,\t"
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
# What Polish text in another eight-bit encoding looks like when it is read as Windows-1250.
NOT_WINDOWS_1250 = re.compile(r"[±¶ˇ¦¬Ľľ¤¸˛×÷µ¨´˝˙]|[a-ząćęłńóśźż][ĄĆĘŁŃÓŚŹŻĽŞŔŐŰÜÁ][a-ząćęłńóśźż]")

Cell = str | float | bool | dt.date


class FileTooLarge(Refusal):
    reason = _("The file is larger than 10 MB. A roster of 50,000 people needs less: remove other sheets and pictures.")


class FileEmpty(Refusal):
    reason = _("The file is empty: it needs a line of column names and at least one person.")


class UnknownEncoding(Refusal):
    reason = _("The letters in the file cannot be read. Save it as CSV in UTF-8, or as XLSX.")


class UnknownDelimiter(Refusal):
    reason = _("The columns must be separated by semicolons, commas or tabs.")


class BrokenCsv(Refusal):
    reason = _("Line %(line)s is not valid CSV; most likely a quotation mark is missing.")


class OldExcel(Refusal):
    reason = _("This is not a CSV or XLSX file. Save an older spreadsheet as XLSX.")


class TooManyRows(Refusal):
    reason = _("The file has more than 50,000 rows.")


@dataclass(frozen=True)
class Table:
    header: list[str]
    rows: list[tuple[int, Sequence[Cell]]]


def read_table(content: bytes) -> Table:
    if len(content) > MAX_BYTES:
        raise FileTooLarge
    if not content.strip():
        raise FileEmpty
    if content.startswith(b"PK\x03\x04"):
        numbered: Iterable[tuple[int, Sequence[Cell]]] = _xlsx_rows(content)
    elif content.startswith((b"\xd0\xcf\x11\xe0", b"%PDF", b"PK")):
        raise OldExcel
    else:
        numbered = _csv_rows(_decode(content))
    filled = [(line, cells) for line, cells in numbered if any(str(cell).strip() for cell in cells)]
    if not filled:
        raise FileEmpty
    if len(filled) > MAX_ROWS + 1:
        raise TooManyRows
    return Table(header=[str(cell).strip() for cell in filled[0][1]], rows=filled[1:])


def _decode(content: bytes) -> str:
    """UTF-8 with or without BOM, else Windows-1250 when the letters make sense in it."""
    for encoding in ("utf-8-sig", "cp1250"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if CONTROL.search(text) or (encoding == "cp1250" and NOT_WINDOWS_1250.search(text)):
            break
        return text
    raise UnknownEncoding


def _csv_rows(text: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    line = 1
    while True:
        try:
            cells = next(reader, None)
        except csv.Error:
            raise BrokenCsv(line=line) from None
        if cells is None:
            return
        if line > MAX_ROWS * 4 or len(cells) > MAX_COLUMNS:
            raise SheetTooLarge
        yield line, cells
        line = reader.line_num + 1


def _delimiter(text: str) -> str:
    """The separator that makes most column names of the first line known."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    known = {delimiter: known_headers(first.replace('"', "").split(delimiter)) for delimiter in DELIMITERS}
    best = max(DELIMITERS, key=lambda delimiter: known[delimiter])
    if known[best] < 2 and not any(delimiter in first for delimiter in DELIMITERS):
        raise UnknownDelimiter
    return best if known[best] else max(DELIMITERS, key=first.count)


def _xlsx_rows(content: bytes) -> list[tuple[int, list[Cell]]]:
    """What the process of sheet.py makes of it; that it ended in any way but well is the file's doing."""
    inspect(content)
    try:
        done = subprocess.run(  # noqa: S603 - our own file
            [sys.executable, "-I", sheet.__file__],
            input=content,
            capture_output=True,
            timeout=2 * sheet.SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise DangerousArchive from None
    if done.returncode == sheet.NO_SHEET:
        raise FileEmpty
    if done.returncode == sheet.TOO_MUCH:
        raise FileTooLarge
    if done.returncode:
        raise DangerousArchive
    rows = map(json.loads, done.stdout.splitlines())
    return [(number, [_cell(cell) for cell in cells]) for number, cells in enumerate(rows, 1)]


def _cell(cell: Any) -> Cell:
    return dt.date.fromisoformat(cell["day"]) if isinstance(cell, dict) else cell
