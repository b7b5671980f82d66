"""Roster files for tests."""

import datetime as dt
import io
import zipfile

import openpyxl

from accounts.roster.applying import apply_roster, plan_roster, upload_roster
from tests.factories import NOW

HEADER = ("e-mail", "first name", "last name", "department", "manager e-mail", "language", "start date")
TODAY = NOW.date()


def line(email, path="Firma / Payroll", *, first="Ewa", last="Nowa", manager="", language="pl", start="2026-05-04"):
    return (email, first, last, path, manager, language, start)


def csv_file(*lines, header=HEADER, delimiter=";", encoding="utf-8") -> bytes:
    return "\r\n".join(delimiter.join(cells) for cells in (header, *lines)).encode(encoding)


def xlsx_file(*lines, header=HEADER) -> bytes:
    book = openpyxl.Workbook()
    for cells in (header, *lines):
        book.active.append([dt.date(2026, 5, 4) if cell == "2026-05-04" else cell for cell in cells])
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def with_entry(content: bytes, name: str, data: bytes) -> bytes:
    """The same zip with one entry replaced or added."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            if entry.filename != name:
                new.writestr(entry.filename, old.read(entry))
        new.writestr(name, data)
    return out.getvalue()


def company_file(cast, **overrides) -> list[tuple]:
    """A line for everyone in the cast that changes nothing; `employee=None` leaves one out, a tuple replaces it."""
    lines = []
    for name in ("employee", "colleague", "manager", "hr", "editor", "sysadmin"):
        person = cast.actor(name)
        boss = person.manager.email if person.manager else ""
        known = (person.email, person.first_name, person.last_name, person.department.path, boss, person.language, "")
        chosen = overrides.get(name, known)
        if chosen is not None:
            lines.append(chosen)
    return lines


def upload(cast, content, *, missing=False, by=None):
    return upload_roster(
        filename="roster.csv", content=content, marks_missing_as_left=missing, by=by or cast.hr, now=NOW, today=TODAY
    )


def plan_of(cast, *lines, missing=False):
    return plan_roster(upload(cast, csv_file(*lines), missing=missing), today=TODAY)


def apply(cast, *lines, missing=False, confirmed=None, by=None):
    roster = upload(cast, csv_file(*lines), missing=missing, by=by)
    return apply_roster(
        roster, plan_hash=roster.plan_hash, leaving_confirmed=confirmed, by=by or cast.hr, now=NOW, today=TODAY
    )
