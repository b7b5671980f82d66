"""An XLSX is a zip that strangers wrote: it is measured, declared and real, before any library opens it."""

import copy
import io
import re
import stat
import zipfile
import zlib
from collections.abc import Iterator
from xml.parsers import expat

from django.utils.translation import gettext_lazy as _

from accounts.refusals import Refusal

MAX_ENTRIES = 500
MAX_UNPACKED = 100 * 1024 * 1024
MAX_RATIO = 200
RATIO_FREE = 1024 * 1024
MAX_ROWS = 50_000
MAX_COLUMNS = 30
CHUNK = 1024 * 1024
WORKBOOK = "xl/workbook.xml"

PLACE = re.compile(r"([A-Za-z]{0,3})(\d{1,9})")
MARKUP = re.compile(rb"(?:\xef\xbb\xbf)?\s*<")
MARKUP_NAMES = (".xml", ".rels")


class DangerousArchive(Refusal):
    reason = _("The XLSX file is damaged or was made to harm. Open it in a spreadsheet program and save it again.")


class NoWorkbook(Refusal):
    reason = _("This is not a CSV or XLSX file. Open it in a spreadsheet program and save it as XLSX.")


class SheetTooLarge(Refusal):
    reason = _(
        "The sheet has cells beyond row 50,001 or column 30. Delete what lies around the list, save and try again."
    )


class FormulaWithoutValue(Refusal):
    reason = _(
        "The sheet has formulas that were never calculated. Open it in a spreadsheet program, save and try again."
    )


def inspect(content: bytes) -> None:
    """Refuse bombs, escapes and sheets whose few cells would be spread over billions of places."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            _inspect_declared(entries, len(content))
            if WORKBOOK not in archive.namelist():
                raise NoWorkbook
            for entry in entries:
                _inspect_real(archive, entry)
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, RuntimeError, OSError):
        raise DangerousArchive from None


def _inspect_declared(entries: list[zipfile.ZipInfo], size: int) -> None:
    if len(entries) > MAX_ENTRIES or sum(entry.file_size for entry in entries) > MAX_UNPACKED:
        raise DangerousArchive
    if len({entry.filename for entry in entries}) != len(entries):
        raise DangerousArchive
    end = 0
    for entry in sorted(entries, key=lambda entry: entry.header_offset):
        parts = entry.filename.replace("\\", "/").split("/")
        escapes = ".." in parts or parts[0] == "" or ":" in parts[0]
        is_link = stat.S_ISLNK(entry.external_attr >> 16)
        if escapes or is_link or entry.flag_bits & 0x1 or entry.header_offset < end:
            raise DangerousArchive
        if entry.file_size > RATIO_FREE and entry.file_size > MAX_RATIO * max(entry.compress_size, 1):
            raise DangerousArchive
        end = entry.header_offset + 30 + entry.compress_size
    if end > size:
        raise DangerousArchive


def _inspect_real(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
    """Unpack in pieces, never trusting the declared size, and look at what they would become, whatever their name."""
    open_ended = copy.copy(entry)
    open_ended.file_size = MAX_UNPACKED + 1
    size, markup = 0, None
    for piece in _pieces(archive, open_ended):
        if not size and (MARKUP.match(piece) or entry.filename.lower().endswith(MARKUP_NAMES)):
            markup = Markup()
        size += len(piece)
        if size > entry.file_size:
            raise DangerousArchive
        if markup:
            markup.feed(piece)
    if size != entry.file_size:
        raise DangerousArchive


def _pieces(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    with archive.open(entry) as stream:
        while piece := stream.read(CHUNK):
            yield piece


class Markup:
    """One part of the workbook, read as it comes and kept nowhere: where do the cells of a sheet lie?

    A row or cell that does not say its place follows the one before. Parts other than sheets may be as badly formed as
    they like (drawings are), since nothing reads them.
    """

    def __init__(self) -> None:
        self.parser = expat.ParserCreate("utf-8")
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.StartDoctypeDeclHandler = self.doctype
        self.in_sheet = self.broken = self.formula = self.value = False
        self.row = self.column = 0

    def feed(self, piece: bytes) -> None:
        if b"\0" in piece:
            raise DangerousArchive
        if self.broken:
            return
        try:
            self.parser.Parse(piece, False)
        except expat.ExpatError:
            if self.in_sheet:
                raise DangerousArchive from None
            self.broken = True

    def doctype(self, *_what: object) -> None:
        raise DangerousArchive

    def start(self, name: str, attributes: dict[str, str]) -> None:
        name = name.rpartition(":")[2]
        if name == "sheetData":
            self.in_sheet = True
        elif not self.in_sheet:
            return
        elif name == "row":
            self.row, self.column = self.row + 1, 0
            self.go_to(attributes.get("r"))
        elif name == "c":
            self.column += 1
            self.formula = self.value = False
            self.go_to(attributes.get("r"))
        elif name == "f":
            self.formula = True
        elif name == "v":
            self.parser.CharacterDataHandler = self.text

    def end(self, name: str) -> None:
        self.parser.CharacterDataHandler = None
        if self.in_sheet and self.formula and not self.value and name.rpartition(":")[2] == "c":
            raise FormulaWithoutValue

    def text(self, text: str) -> None:
        self.value = self.value or not text.isspace()

    def go_to(self, place: str | None) -> None:
        if place is not None:
            found = PLACE.fullmatch(place)
            if found is None:
                raise DangerousArchive
            self.row, self.column = int(found[2]), _column(found[1])
        if self.row > MAX_ROWS + 1 or self.column > MAX_COLUMNS:
            raise SheetTooLarge


def _column(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number
