"""When mails may go out: the hours of a plan, in the company's time zone.

A moment and a zone in, a moment out. Every date that a mail depends on is decided here, never by the scheduler.
"""

import datetime as dt
import re
from dataclasses import dataclass
from functools import cache
from zoneinfo import ZoneInfo

import holidays

WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SHAPE = re.compile(r"(\d\d:\d\d)-(\d\d:\d\d) ([a-z]{3})(?:-([a-z]{3}))?")
DAY = dt.timedelta(days=1)


@cache
def public_holidays(year: int) -> frozenset[dt.date]:
    """Those of Poland."""
    return frozenset(holidays.country_holidays("PL", years=year))


@dataclass(frozen=True)
class Hours:
    """From `opens` until before `closes` (None: midnight) on these weekdays (Monday is 0), perhaps not on public
    holidays."""

    opens: dt.time
    closes: dt.time | None
    weekdays: frozenset[int]
    skips_holidays: bool = False

    @classmethod
    def parse(cls, text: str) -> "Hours":
        """`always`, or hours and days: `08:00-18:00 mon-fri`, `09:00-24:00 sat`, which leave out public holidays.
        ValueError for anything else."""
        found = SHAPE.fullmatch("00:00-24:00 mon-sun" if text == "always" else text)
        if found is None:
            raise ValueError(text)
        opens, closes, first, last = found.groups()
        begin, end = WEEK.index(first), WEEK.index(last or first)
        hours = cls(
            dt.time.fromisoformat(opens),
            None if closes == "24:00" else dt.time.fromisoformat(closes),
            frozenset(range(begin, end + 1)),
            skips_holidays=text != "always",
        )
        if not hours.weekdays or (hours.closes is not None and hours.closes <= hours.opens):
            raise ValueError(text)
        return hours

    def is_holiday(self, day: dt.date) -> bool:
        return self.skips_holidays and day in public_holidays(day.year)

    def is_sending_day(self, day: dt.date) -> bool:
        return day.weekday() in self.weekdays and not self.is_holiday(day)

    def is_open(self, moment: dt.datetime, zone: ZoneInfo) -> bool:
        local = moment.astimezone(zone)
        within = self.opens <= local.time() and (self.closes is None or local.time() < self.closes)
        return within and self.is_sending_day(local.date())

    def opening_of(self, day: dt.date, zone: ZoneInfo) -> dt.datetime:
        return dt.datetime.combine(day, self.opens, zone)

    def sending_day_after(self, day: dt.date) -> dt.date:
        day += DAY
        while not self.is_sending_day(day):
            day += DAY
        return day

    def sending_day_before(self, day: dt.date) -> dt.date:
        day -= DAY
        while not self.is_sending_day(day):
            day -= DAY
        return day

    def next_opening(self, moment: dt.datetime, zone: ZoneInfo) -> dt.datetime:
        """`moment` itself while mails may go out, else the start of the next hours."""
        if self.is_open(moment, zone):
            return moment
        local = moment.astimezone(zone)
        if self.is_sending_day(local.date()) and local.time() < self.opens:
            return self.opening_of(local.date(), zone)
        return self.opening_after(local.date(), zone)

    def opening_after(self, day: dt.date, zone: ZoneInfo) -> dt.datetime:
        """The start of the first hours on a later day."""
        return self.opening_of(self.sending_day_after(day), zone)


def local_day(moment: dt.datetime, zone: ZoneInfo) -> dt.date:
    return moment.astimezone(zone).date()


def start_of(day: dt.date, zone: ZoneInfo) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), zone)
