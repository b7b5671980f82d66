"""The quarter of an hour that a mail proposes: on the right day, at the right hour, for every calendar program."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from accounts.models import Person
from reminders.appointment import Appointment, moment_for
from reminders.calendar import Hours
from reminders.models import MailKind, ReminderPlan
from tests.reminders.writing import owe, text, written
from tests.training.walking import complete, open_cycle

WARSAW = ZoneInfo("Europe/Warsaw")
OFFICE = Hours.parse("08:00-18:00 mon-fri")


def at(day: str, hour: int = 10) -> dt.datetime:
    return dt.datetime.combine(dt.date.fromisoformat(day), dt.time(hour), WARSAW)


def calendar_in(mail) -> Calendar | None:
    found = [part for part in mail.iter_attachments() if part.get_content_type() == "text/calendar"]
    return Calendar.from_ical(found[0].get_payload(decode=True)) if found else None


@pytest.fixture
def event_of(course, cast, now):
    """`event_of(due)`: of the mail about a duty due on that date, written at `at`."""

    def found(due: str | None, kind=MailKind.ASSIGNED, *, at=now, person=None):
        due_on = dt.date.fromisoformat(due) if due else None
        cycle = open_cycle(course, person or cast.colleague, now=now, due_on=due_on)
        calendar = calendar_in(written(owe(kind, cycle=cycle, now=now), now=at))
        return calendar.walk("VEVENT")[0] if calendar else None

    return found


@pytest.mark.parametrize(
    ("due", "starts"),
    [
        ("2026-06-19", "2026-06-18"),  # Friday: the Thursday before
        ("2026-06-22", "2026-06-19"),  # Monday: the Friday before
        ("2026-06-05", "2026-06-03"),  # the day after Corpus Christi
        ("2026-10-26", "2026-10-23"),  # the Monday after summer time has ended
        ("2027-03-29", "2027-03-26"),  # Easter Monday
    ],
)
def test_it_is_at_ten_on_the_last_sending_day_before_the_due_date(event_of, due, starts):
    event = event_of(due)
    assert event["DTSTART"].dt.astimezone(WARSAW) == at(starts)
    assert event["DTSTART"].dt.astimezone(WARSAW).hour == 10
    assert event["DTEND"].dt - event["DTSTART"].dt == dt.timedelta(minutes=15)


@pytest.mark.parametrize(("day", "utc"), [("2026-03-27", 9), ("2026-03-30", 8), ("2026-10-23", 8), ("2026-10-26", 9)])
def test_the_hour_on_the_wire_follows_summer_time(day, utc):
    due = dt.date.fromisoformat(day) + dt.timedelta(1)
    moment = moment_for(due, OFFICE, WARSAW, now=at("2026-01-01"))
    made = Appointment(moment, "x", "x", "u", "a@b", "h", 1, at("2026-01-01"), 0).as_text()
    assert f"DTSTART:{day.replace('-', '')}T{utc:02d}0000Z" in made


@pytest.mark.parametrize(
    ("hours", "starts"),
    [("08:00-18:00 mon-fri", 10), ("12:00-16:00 mon-fri", 12), ("06:00-09:00 mon-fri", 6), ("always", 10)],
)
def test_it_lies_inside_the_hours_of_the_plan(hours, starts):
    moment = moment_for(dt.date(2026, 6, 19), Hours.parse(hours), WARSAW, now=at("2026-06-01"))
    assert moment == at("2026-06-18", starts)
    assert Hours.parse(hours).is_open(moment, WARSAW)


@pytest.mark.parametrize(("now", "proposed"), [(at("2026-06-18", 9), True), (at("2026-06-18", 10), False)])
def test_a_moment_that_has_passed_is_not_proposed(event_of, now, proposed):
    assert (event_of("2026-06-19", at=now) is not None) == proposed


def test_the_mail_speaks_of_it_only_when_it_is_attached(course, cast, day):
    cycle = open_cycle(course, cast.colleague, now=day(0), due_on=dt.date(2026, 6, 19))
    row = owe(MailKind.BEFORE, cycle=cycle, now=day(0))
    ahead, behind = written(row, now=day(17, 9)), written(row, now=day(17, 11))
    assert "is attached: Thursday, 18 June, 10:00." in text(ahead)
    assert calendar_in(ahead)
    assert "attached" not in text(behind)
    assert calendar_in(behind) is None


@pytest.mark.parametrize("kind", [MailKind.OVERDUE, MailKind.NUDGE, MailKind.EXPIRING])
def test_other_mails_propose_nothing(event_of, kind):
    assert event_of("2026-06-19", kind) is None


def test_neither_a_duty_without_due_date_nor_a_completion_proposes_any(event_of, course, cast, now):
    assert event_of(None) is None
    completion = complete(course, cast.employee, now=now, due_on=dt.date(2026, 6, 19))
    assert calendar_in(written(owe(MailKind.DONE, cycle=completion.cycle, now=now), now=now)) is None


def test_the_hours_are_those_of_the_mails_own_plan(event_of, course, cast, now):
    ReminderPlan.objects.filter(standard=True).update(opens=dt.time(13), closes=dt.time(15))
    assert event_of("2026-06-19")["DTSTART"].dt.astimezone(WARSAW).hour == 13


@pytest.mark.parametrize(("language", "due"), [("pl", "piątek, 19 czerwca 2026"), ("en", "Friday, 19 June 2026")])
def test_it_says_what_and_where_in_the_persons_language(event_of, cast, settings, language, due):
    Person.objects.filter(pk=cast.colleague.pk).update(language=language)
    event = event_of("2026-06-19")
    url = f"{settings.BASE_URL}/learn/{cast.colleague.cycles.get().pk}/"
    assert event["SUMMARY"] == f"Small course ({language})"
    assert due in event["DESCRIPTION"]
    assert event["DESCRIPTION"].endswith(f"\n{url}")
    assert event["URL"] == url


def test_it_keeps_its_identity_and_a_later_mail_moves_it(course, cast, day):
    """The calendar program replaces what it has by what comes with a higher sequence."""
    cycle = open_cycle(course, cast.colleague, now=day(0), due_on=dt.date(2026, 6, 19))
    first = calendar_in(written(owe(MailKind.ASSIGNED, cycle=cycle, now=day(0)), now=day(0)))
    cycle.due_on = dt.date(2026, 7, 17)
    cycle.save()
    again = calendar_in(written(owe(MailKind.BEFORE, cycle=cycle, now=day(9)), now=day(9)))
    old, new = (calendar.walk("VEVENT")[0] for calendar in (first, again))
    assert old["UID"] == new["UID"]
    assert (old["SEQUENCE"], new["SEQUENCE"]) == (0, 9)
    assert old["DTSTART"].dt < new["DTSTART"].dt
    assert cast.colleague.last_name not in old["UID"]


def test_two_duties_have_two_appointments(event_of, cast):
    assert event_of("2026-06-19")["UID"] != event_of("2026-06-19", person=cast.employee)["UID"]


def test_it_is_published_and_asks_for_no_answer(event_of):
    event = event_of("2026-06-19")
    assert "ATTENDEE" not in event
    assert event["ORGANIZER"] == "mailto:five-rules@localhost"


PRINTABLE = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=120)


@given(title=PRINTABLE, extra=PRINTABLE)
def test_any_title_comes_back_and_no_line_is_too_long(title, extra):
    made = Appointment(
        at("2026-06-18"),
        title,
        f"{extra}\nhttps://a.example/",
        "https://a.example/",
        "a@b.example",
        "h",
        1,
        at("2026-06-01"),
        0,
    )
    written_as = made.as_text().replace("\n", "\r\n").encode()
    assert max(map(len, written_as.split(b"\r\n"))) <= 75
    event = Calendar.from_ical(written_as).walk("VEVENT")[0]
    assert (event["SUMMARY"], event["DESCRIPTION"]) == (title, f"{extra}\nhttps://a.example/")
