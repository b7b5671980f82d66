"""The quarter of an hour that a mail proposes for the calendar (RFC 5545, published as RFC 5546 says).

Written by hand: a dozen fixed lines, at a fifteenth of what a library takes for each mail.
"""

import datetime as dt
import hashlib
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.utils.translation import get_language

from babel.dates import format_datetime

from reminders.calendar import Hours

USUALLY_AT = dt.time(10)
LASTS = dt.timedelta(minutes=15)
LINE_BYTES = 75
ESCAPES = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n"})


@dataclass(frozen=True)
class Appointment:
    starts: dt.datetime
    summary: str
    description: str
    url: str
    organizer: str
    host: str
    cycle_id: int
    written_at: dt.datetime
    sequence: int

    def as_text(self) -> str:
        """In UTC, so that no rule about summer time is needed to read it."""
        uid = hashlib.sha256(f"appointment|{self.cycle_id}".encode()).hexdigest()[:32]
        lines = (
            "BEGIN:VCALENDAR",
            "VERSION:2.0",
            "PRODID:-//Five Rules//Reminders//EN",
            "METHOD:PUBLISH",
            "BEGIN:VEVENT",
            f"UID:{uid}@{self.host}",
            f"SEQUENCE:{self.sequence}",
            f"DTSTAMP:{stamp(self.written_at)}",
            f"DTSTART:{stamp(self.starts)}",
            f"DTEND:{stamp(self.starts + LASTS)}",
            f"SUMMARY:{self.summary.translate(ESCAPES)}",
            f"DESCRIPTION:{self.description.translate(ESCAPES)}",
            f"URL:{self.url}",
            f"ORGANIZER:mailto:{self.organizer}",
            "END:VEVENT",
            "END:VCALENDAR",
        )
        return "".join(f"{folded(line)}\n" for line in lines)


def moment_for(due_on: dt.date | None, hours: Hours, zone: ZoneInfo, *, now: dt.datetime) -> dt.datetime | None:
    """Ten o'clock (or the opening, where that is outside the hours) on the last sending day before the due date; None
    without a due date or when that moment has passed."""
    if due_on is None:
        return None
    day = hours.sending_day_before(due_on)
    moment = dt.datetime.combine(day, USUALLY_AT, zone)
    if not hours.is_open(moment, zone):
        moment = hours.opening_of(day, zone)
    return moment if moment > now else None


def moment_in_words(moment: dt.datetime, zone: ZoneInfo) -> str:
    """Such as: Thursday, 27 November, 10:00."""
    return format_datetime(moment.astimezone(zone), "EEEE, d MMMM, HH:mm", locale=get_language() or "pl")


def stamp(moment: dt.datetime) -> str:
    return f"{moment.astimezone(dt.UTC):%Y%m%dT%H%M%SZ}"


def folded(line: str) -> str:
    """No line above 75 octets, no character cut in two."""
    rest, pieces = line.encode(), list[bytes]()
    while len(rest) > LINE_BYTES:
        cut = LINE_BYTES - bool(pieces)
        while rest[cut] & 0xC0 == 0x80:
            cut -= 1
        pieces.append(rest[:cut])
        rest = rest[cut:]
    return b"\n ".join([*pieces, rest]).decode()
