import datetime as dt
import io
import random
import struct
import zipfile

import pytest

from accounts.refusals import Refusal
from accounts.roster import archive
from accounts.roster.archive import DangerousArchive, FormulaWithoutValue, NoWorkbook, SheetTooLarge, inspect
from accounts.roster.columns import ColumnTwice, MissingColumns, UnknownColumns
from accounts.roster.reading import (
    BrokenCsv,
    FileEmpty,
    FileTooLarge,
    OldExcel,
    TooManyRows,
    UnknownDelimiter,
    UnknownEncoding,
    read_table,
)
from accounts.roster.rows import read_entries
from tests.accounts.rosters import HEADER, TODAY, csv_file, line, with_entry, xlsx_file

POLISH = ("Adres e-mail", "Imię", "Nazwisko", "Dział", "E-mail przełożonego", "Język", "Data zatrudnienia")
GRAZYNA = line("g@example.com", "Firma / Księgowość", first="Grażyna", last="Śćibor-Łężna")
NOISE = bytes(random.Random(5).choices(b"0123456789abcdef", k=1024 * 1024))
SHEET = "xl/worksheets/sheet1.xml"


def entries(content):
    reading = read_entries(read_table(content), today=TODAY)
    assert not reading.problems
    return reading.entries


def reasons(*cells, **changes):
    reading = read_entries(read_table(csv_file(line(*cells, **changes))), today=TODAY)
    return [(problem.line, problem.column, problem.value) for problem in reading.problems]


@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1250"])
@pytest.mark.parametrize("header", [HEADER, POLISH])
def test_a_csv_reads_in_each_encoding_delimiter_and_language(delimiter, encoding, header):
    [entry] = entries(csv_file(GRAZYNA, delimiter=delimiter, encoding=encoding, header=header))
    assert (entry.first_name, entry.last_name) == ("Grażyna", "Śćibor-Łężna")
    assert (entry.path, entry.start, entry.line) == (("Firma", "Księgowość"), dt.date(2026, 5, 4), 2)


def test_an_xlsx_reads_like_the_csv():
    assert entries(xlsx_file(GRAZYNA)) == entries(csv_file(GRAZYNA))


@pytest.mark.parametrize("encoding", ["utf-16", "iso-8859-2", "cp852"])
def test_another_encoding_is_refused_rather_than_misread(encoding):
    with pytest.raises(UnknownEncoding):
        read_table(csv_file(line("g@example.com", first="Grażyna", last="Śćibor Łoś Źdźbło"), encoding=encoding))


def test_another_delimiter_is_named():
    with pytest.raises(UnknownDelimiter):
        read_table(csv_file(GRAZYNA, delimiter="|"))


def test_an_unknown_column_is_rejected_by_name():
    with pytest.raises(UnknownColumns, match="role"):
        entries(csv_file((*GRAZYNA, "sysadmin"), header=(*HEADER, "role")))


def test_a_missing_or_doubled_column_is_named():
    with pytest.raises(MissingColumns, match="department"):
        entries(csv_file(header=("e-mail", "first name", "last name", "manager", "language", "start date")))
    with pytest.raises(ColumnTwice, match="e-mail"):
        entries(csv_file(header=("e-mail", "mail")))


@pytest.mark.parametrize("text", ["2026-05-04", "04.05.2026", "4.5.2026", "2026-05-04 00:00:00"])
def test_dates_read_in_the_forms_people_write(text):
    assert entries(csv_file(line("a@example.com", start=text)))[0].start == dt.date(2026, 5, 4)


def test_a_date_stored_as_a_number_is_read_as_the_spreadsheet_means_it():
    cells = (*line("a@example.com")[:6], 46146)
    assert entries(xlsx_file(cells))[0].start == dt.date(2026, 5, 4)


@pytest.mark.parametrize("text", ["31.02.2026", "05/04/2026", "soon", "2050-01-01", "1900-01-01"])
def test_a_date_that_is_none_is_named(text):
    assert reasons("a@example.com", start=text) == [(2, "start date", text)]


def test_each_bad_cell_is_named_with_line_column_and_value():
    bad = line("no-address", "", first="=1+1", last="", language="de")
    reading = read_entries(read_table(csv_file(GRAZYNA, bad)), today=TODAY)
    assert [(problem.line, problem.column, problem.value) for problem in reading.problems] == [
        (3, "e-mail", "no-address"),
        (3, "first name", "=1+1"),
        (3, "last name", ""),
        (3, "department", ""),
        (3, "language", "de"),
    ]
    assert all(problem.reason for problem in reading.problems)


@pytest.mark.parametrize("other", ["EWA@example.com", "ewa@example.com ", "Ｅwa@example.com", "ewa＠EXAMPLE.com"])
def test_one_address_in_two_forms_is_a_duplicate(other):
    reading = read_entries(read_table(csv_file(line("ewa@example.com"), line(other))), today=TODAY)
    [problem] = reading.problems
    assert (problem.line, problem.column) == (3, "e-mail")
    assert "2" in problem.reason


def test_a_name_over_two_lines_is_refused_and_the_next_line_keeps_its_number():
    content = csv_file(line("a@example.com", first='"Ewa\nBcc: x"'), line("b@example.com", last="@"))
    reading = read_entries(read_table(content), today=TODAY)
    assert [(problem.line, problem.column) for problem in reading.problems] == [(2, "first name"), (4, "last name")]


def test_more_cells_than_columns_are_a_problem():
    reading = read_entries(read_table(csv_file((*GRAZYNA, "x"))), today=TODAY)
    assert [problem.value for problem in reading.problems] == ["x"]


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        (b"", FileEmpty),
        (b"\xef\xbb\xbf\r\n;;\r\n", FileEmpty),
        (csv_file(('"open',)), BrokenCsv),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 600, OldExcel),
        (b"%PDF-1.7", OldExcel),
        (b"e-mail;name\x00;", UnknownEncoding),
        (b"PK\x03\x04broken", DangerousArchive),
        (xlsx_file(GRAZYNA)[:3000], DangerousArchive),
        (b"x" * (10 * 1024 * 1024 + 1), FileTooLarge),
        (b"a;b\r\n" * 50_002, TooManyRows),
        (b";" * 40, SheetTooLarge),
    ],
)
def test_a_file_that_is_no_roster_is_refused_in_one_sentence(content, refusal):
    with pytest.raises(refusal) as caught:
        read_table(content)
    assert len(caught.value.messages) == 1


def bomb(unpacked: int) -> bytes:
    return with_entry(xlsx_file(GRAZYNA), SHEET, b"\0" * unpacked)


def patched(content: bytes, **fields: int) -> bytes:
    """The zip with a lie in the central directory's entry of the sheet."""
    offsets = {
        "flags": (8, "<H"),
        "packed": (20, "<I"),
        "size": (24, "<I"),
        "attributes": (38, "<I"),
        "header": (42, "<I"),
    }
    data = bytearray(content)
    place = data.rindex(SHEET.encode()) - 46
    for name, value in fields.items():
        offset, form = offsets[name]
        struct.pack_into(form, data, place + offset, value)
    return bytes(data)


def many_entries() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as bag:
        for number in range(501):
            bag.writestr(f"xl/{number}.xml", b"")
    return out.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(bomb(120 * 1024 * 1024), id="declares more than 100 MB"),
        pytest.param(bomb(30 * 1024 * 1024), id="unpacks a thousandfold"),
        pytest.param(patched(xlsx_file(GRAZYNA), size=100), id="declares less than there is"),
        pytest.param(patched(bomb(30 * 1024 * 1024), size=4000), id="bomb that declares little"),
        pytest.param(patched(xlsx_file(GRAZYNA), size=999_999), id="declares more than there is"),
        pytest.param(patched(xlsx_file(GRAZYNA), attributes=0o120777 << 16), id="symbolic link"),
        pytest.param(patched(xlsx_file(GRAZYNA), flags=1), id="encrypted"),
        pytest.param(patched(xlsx_file(GRAZYNA), header=0), id="overlapping entries"),
        pytest.param(many_entries(), id="too many entries"),
        pytest.param(with_entry(xlsx_file(GRAZYNA), "../evil.xml", b"x"), id="path upwards"),
        pytest.param(with_entry(xlsx_file(GRAZYNA), "/etc/evil", b"x"), id="absolute path"),
        pytest.param(with_entry(xlsx_file(GRAZYNA), "xl\\..\\..\\evil", b"x"), id="path upwards, other slash"),
        pytest.param(
            with_entry(xlsx_file(GRAZYNA), SHEET, b'<!DOCTYPE x [<!ENTITY a "b">]><worksheet/>'), id="billion laughs"
        ),
        pytest.param(with_entry(xlsx_file(GRAZYNA), SHEET, "<worksheet/>".encode("utf-16")), id="hidden in UTF-16"),
    ],
)
def test_a_dangerous_archive_is_refused_before_any_library_opens_it(content, monkeypatch):
    monkeypatch.setattr("accounts.roster.reading.subprocess.run", pytest.fail)
    with pytest.raises(DangerousArchive):
        read_table(content)


def test_unpacking_stops_as_soon_as_more_comes_than_was_declared(monkeypatch):
    unpacked = []
    pieces = archive._pieces

    def count(*args):
        for piece in pieces(*args):
            unpacked.append(len(piece))
            yield piece

    monkeypatch.setattr(archive, "_pieces", count)
    with pytest.raises(DangerousArchive):
        read_table(patched(with_entry(xlsx_file(GRAZYNA), "xl/worksheets/sheet1.xml", NOISE * 8), size=4000))
    assert sum(unpacked) < 2 * 1024 * 1024


@pytest.mark.parametrize(
    "data",
    [
        b'<sheetData><row r="1048576"><c r="A1048576"><v>1</v></c></row></sheetData>',
        b'<sheetData><row r="1"><c r="XFD1"><v>1</v></c></row></sheetData>',
        b"<sheetData><x:row foo='1' r = 'A60000'/></sheetData>",
        b"<sheetData>" + b"<row/>" * 50_002 + b"</sheetData>",
        b"<sheetData>" + b" " * (1024 * 1024 - 16) + b'<c r="XFD1048576"/></sheetData>',
        b"""<sheetData><c x='&gt;>' r='XFD1048576'/></sheetData>""",
        b"<sheetData><c x='" + b"x" * 5000 + b"' r='XFD1048576'/></sheetData>",
        b"<sheetData><" + b"x" * 50 + b":c r='XFD1048576'/></sheetData>",
        b"<sheetData><row>" + b"<c/>" * 31 + b"</row></sheetData>",
        b"<sheetData><row r='50001'/><row/></sheetData>",
    ],
)
def test_few_cells_spread_over_billions_of_places_are_refused(data):
    with pytest.raises(SheetTooLarge):
        inspect(with_entry(xlsx_file(GRAZYNA), SHEET, data + NOISE))


def test_a_sheet_under_another_name_is_looked_at_too():
    with pytest.raises(SheetTooLarge):
        inspect(with_entry(xlsx_file(GRAZYNA), "xl/picture.png", b'<sheetData><c r="XFD1"/></sheetData>'))


def test_another_kind_of_workbook_is_named():
    sheet = with_entry(xlsx_file(GRAZYNA), "content.xml", b"<x/>")
    with pytest.raises(NoWorkbook):
        read_table(sheet.replace(b"xl/workbook.xml", b"xl/workbook.bin"))


def test_badly_formed_drawings_do_not_matter_and_badly_formed_sheets_do():
    assert read_table(with_entry(xlsx_file(GRAZYNA), "xl/drawings/vmlDrawing1.vml", b"<xml><br></xml>")).rows
    with pytest.raises(DangerousArchive):
        inspect(with_entry(xlsx_file(GRAZYNA), SHEET, b"<sheetData><row><br></row></sheetData>"))


@pytest.mark.parametrize(("rows", "refusal"), [(100, FileTooLarge), (2000, DangerousArchive)])
def test_what_the_inspection_lets_through_ends_another_process_than_this(monkeypatch, rows, refusal):
    """One string of 30 kB stands in every cell: 90 MB are more than any roster, and 1.8 GB more than a process gets."""
    cells = b"".join(b'<row r="%d">%s</row>' % (row, b'<c t="s"><v>0</v></c>' * 30) for row in range(1, rows + 1))
    sheet = b"<worksheet><sheetData>" + cells + b"</sheetData></worksheet>"
    strings = b"<sst><si><t>" + b"x" * 30_000 + b"</t></si></sst>"
    monkeypatch.setattr(archive, "MAX_RATIO", 2000)
    with pytest.raises(refusal):
        read_table(with_entry(with_entry(xlsx_file(GRAZYNA), SHEET, sheet), "xl/sharedStrings.xml", strings))


def test_a_formula_without_a_stored_value_is_refused_and_one_with_is_read():
    with pytest.raises(FormulaWithoutValue):
        read_table(xlsx_file((*GRAZYNA[:5], '=LOWER("PL")', GRAZYNA[6])))
    sheet = zipfile.ZipFile(io.BytesIO(xlsx_file(("a", "=1+1")))).read(SHEET)
    stored = with_entry(
        xlsx_file(("a", "b")), SHEET, sheet.replace(b"<v></v>", b"<v>2</v>").replace(b"<v/>", b"<v>2</v>")
    )
    assert read_table(stored).rows[0][1][1] == 2


def test_cutting_or_garbling_a_file_anywhere_never_breaks_the_reader():
    for content in (xlsx_file(GRAZYNA), csv_file(GRAZYNA)):
        step = max(1, len(content) // 60)
        for place in range(1, len(content), step):
            for damaged in (content[:place], content[:place] + b"\xff\x00" + content[place + 2 :]):
                try:
                    read_table(damaged)
                except Refusal:
                    continue
