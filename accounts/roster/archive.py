"""An XLSX is a zip that strangers wrote: it is measured, declared and real, before any library opens it."""

import copy
import io
import re
import stat
import zipfile
import zlib
from collections.abc import Iterator

from django.utils.translation import gettext_lazy as _

from accounts.refusals import Refusal

MAX_ENTRIES = 500
MAX_UNPACKED = 100 * 1024 * 1024
MAX_RATIO = 200
RATIO_FREE = 1024 * 1024
MAX_ROWS = 50_000
MAX_COLUMNS = 30
CHUNK = 1024 * 1024
CARRY = 1024

CELL_PLACE = re.compile(rb"<(?:\w{1,20}:)?(?:row|c)\b[^<>]{0,400}?\br\s*=\s*[\"']([A-Za-z]{0,3})(\d{1,9})[\"']")
ROW = re.compile(rb"<(?:\w{1,20}:)?row\b")
CELL = re.compile(rb"<(?:\w{1,20}:)?c\b")
DOCTYPE = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
UNCALCULATED = re.compile(rb"(?:</f>|<f\b[^<>]{0,400}/>)\s{0,9}(?:<v\s{0,9}/>|<v>\s{0,9}</v>)?\s{0,9}</c>")


class DangerousArchive(Refusal):
    reason = _("The XLSX file is damaged or was made to harm. Open it in a spreadsheet program and save it again.")


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
    """Unpack in pieces, never trusting the declared size, and look at what the pieces would become."""
    open_ended = copy.copy(entry)
    open_ended.file_size = MAX_UNPACKED + 1
    size = rows = cells = 0
    is_markup = entry.filename.lower().endswith((".xml", ".rels", ".vml"))
    for piece, fresh in _pieces(archive, open_ended):
        size += fresh
        if size > entry.file_size:
            raise DangerousArchive
        if is_markup:
            rows += len(ROW.findall(piece, len(piece) - fresh))
            cells += len(CELL.findall(piece, len(piece) - fresh))
            _inspect_markup(piece)
        if rows > MAX_ROWS + 1 or cells > (MAX_ROWS + 1) * MAX_COLUMNS:
            raise SheetTooLarge
    if size != entry.file_size:
        raise DangerousArchive


def _pieces(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[tuple[bytes, int]]:
    """Each piece begins with the end of the one before, so that no tag hides on the seam."""
    carry = b""
    with archive.open(entry) as stream:
        while fresh := stream.read(CHUNK):
            piece = carry + fresh
            yield piece, len(fresh)
            carry = piece[-CARRY:]


def _inspect_markup(piece: bytes) -> None:
    if DOCTYPE.search(piece) or b"\0" in piece:
        raise DangerousArchive
    for letters, digits in CELL_PLACE.findall(piece):
        if int(digits) > MAX_ROWS + 1 or _column(letters) > MAX_COLUMNS:
            raise SheetTooLarge
    if UNCALCULATED.search(piece):
        raise FormulaWithoutValue


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number
