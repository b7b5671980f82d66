"""Mails go out Monday to Friday, 08:00 to 18:00, unless an operator says otherwise, whatever the clocks do."""

import datetime as dt
from zoneinfo import ZoneInfo

from django.core.exceptions import ImproperlyConfigured

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.environment import Environment
from reminders.calendar import Hours

WEEKDAYS = Hours.parse("08:00-18:00 mon-fri")
WARSAW = ZoneInfo("Europe/Warsaw")
ZONES = [ZoneInfo(name) for name in ("Europe/Warsaw", "UTC", "America/New_York", "Asia/Kathmandu", "Pacific/Auckland")]


def local(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=WARSAW)


@pytest.mark.parametrize(
    ("moment", "opening"),
    [
        ("2026-06-01T08:00", "2026-06-01T08:00"),
        ("2026-06-01T17:59:59", "2026-06-01T17:59:59"),
        ("2026-06-01T07:59:59", "2026-06-01T08:00"),
        ("2026-06-01T18:00", "2026-06-02T08:00"),
        ("2026-06-05T18:00", "2026-06-08T08:00"),
        ("2026-06-06T12:00", "2026-06-08T08:00"),
        ("2026-06-07T23:59", "2026-06-08T08:00"),
        ("2026-03-29T02:30", "2026-03-30T08:00"),
        ("2026-10-25T02:30", "2026-10-26T08:00"),
        ("2028-02-28T19:00", "2028-02-29T08:00"),
    ],
)
def test_the_next_opening_of_a_moment(moment, opening):
    assert WEEKDAYS.next_opening(local(moment), WARSAW) == local(opening)


def test_the_window_opens_at_eight_local_on_both_sides_of_a_clock_change():
    before = WEEKDAYS.next_opening(dt.datetime(2026, 3, 27, 0, tzinfo=dt.UTC), WARSAW).astimezone(dt.UTC)
    after = WEEKDAYS.next_opening(dt.datetime(2026, 3, 30, 0, tzinfo=dt.UTC), WARSAW).astimezone(dt.UTC)
    assert (before.hour, after.hour) == (7, 6)


@given(
    st.datetimes(dt.datetime(2026, 1, 1), dt.datetime(2028, 12, 31), timezones=st.just(dt.UTC)), st.sampled_from(ZONES)
)
def test_the_next_opening_is_open_and_never_before_the_moment(moment, zone):
    opening = WEEKDAYS.next_opening(moment, zone)
    assert opening >= moment
    assert WEEKDAYS.is_open(opening, zone)
    assert opening - moment < dt.timedelta(days=6)  # Christmas from a Wednesday evening


def test_the_sending_days_around_a_weekend():
    friday, monday = dt.date(2026, 6, 5), dt.date(2026, 6, 8)
    assert WEEKDAYS.sending_day_after(friday) == monday
    assert WEEKDAYS.sending_day_before(monday) == friday


@pytest.mark.parametrize(
    "day",
    ["2026-01-01", "2026-01-06", "2026-04-06", "2026-05-01", "2026-06-04", "2026-11-11", "2026-12-24", "2026-12-25"],
)
def test_public_holidays_of_poland_have_no_mails(day):
    holiday = dt.date.fromisoformat(day)
    assert holiday.weekday() < 5
    assert not WEEKDAYS.is_sending_day(holiday)
    assert Hours(WEEKDAYS.opens, WEEKDAYS.closes, WEEKDAYS.weekdays).is_sending_day(holiday)


def test_always_is_open_at_every_moment():
    always = Hours.parse("always")
    sunday_night = local("2026-06-07T23:59:59.999999")
    assert always.is_open(sunday_night, WARSAW)
    assert always.next_opening(sunday_night, WARSAW) == sunday_night
    assert always.opening_after(sunday_night.date(), WARSAW) == local("2026-06-08T00:00")
    assert always.sending_day_after(dt.date(2026, 6, 5)) == dt.date(2026, 6, 6)


@pytest.mark.parametrize(
    ("window", "moment", "opening"),
    [
        ("09:30-24:00 sat", "2026-06-05T12:00", "2026-06-06T09:30"),
        ("09:30-24:00 sat", "2026-06-06T23:59:59", "2026-06-06T23:59:59"),
        ("06:00-14:00 tue-sun", "2026-06-01T08:00", "2026-06-02T06:00"),
        ("06:00-14:00 tue-sun", "2026-06-07T14:00", "2026-06-09T06:00"),
    ],
)
def test_hours_and_days_may_be_others(window, moment, opening):
    assert Hours.parse(window).next_opening(local(moment), WARSAW) == local(opening)


@pytest.mark.parametrize(
    "text", ["never", "8-18 mon-fri", "08:00-18:00", "18:00-08:00 mon-fri", "08:00-08:00 mon", "08:00-18:00 fri-mon",
             "08:00-25:00 mon-fri", "08:00-18:00 mon-xyz", "08:00-18:00 mon-fri sat"],
)  # fmt: skip
def test_a_window_that_is_none_stops_the_start_and_says_what_to_write(monkeypatch, text):
    monkeypatch.setenv("SENDING_WINDOW", text)
    with pytest.raises(ImproperlyConfigured, match=r"SENDING_WINDOW is .*08:00-18:00 mon-fri"):
        Environment().sending_window("SENDING_WINDOW", default="always")
