"""More time, exemption and leave: always with a reason, always kept, always on the audit log."""

import datetime as dt

import pytest

from accounts.models import AuditEvent
from tests.training.walking import complete, open_cycle
from training import duties
from training.models import Extension, Waiver

DAY = dt.timedelta(days=1)


@pytest.fixture
def cycle(cast, course, now, today):
    return open_cycle(course, cast.employee, now=now, due_on=today + 10 * DAY)


def test_an_extension_keeps_the_old_date_and_says_who_and_why(cycle, cast, now, today):
    extension = duties.extend(cycle, new_due_on=today + 30 * DAY, reason=" Audit season ", by=cast.hr, now=now)
    cycle.refresh_from_db()
    assert cycle.due_on == today + 30 * DAY
    assert (extension.old_due_on, extension.reason, extension.by) == (today + 10 * DAY, "Audit season", cast.hr)
    assert AuditEvent.objects.get().action == "duties.extend"


@pytest.mark.parametrize(
    ("days", "reason", "error"),
    [
        (10, "same day", duties.NotLater),
        (5, "earlier", duties.NotLater),
        (20, "  ", duties.ReasonMissing),
    ],
)
def test_an_extension_must_be_later_and_explained(cycle, cast, now, today, days, reason, error):
    with pytest.raises(error):
        duties.extend(cycle, new_due_on=today + days * DAY, reason=reason, by=cast.hr, now=now)
    assert not Extension.objects.exists()


def test_a_closed_duty_can_be_neither_extended_nor_waived(cast, course, now, today):
    cycle = complete(course, cast.employee, now=now).cycle
    with pytest.raises(duties.CycleClosed):
        duties.extend(cycle, new_due_on=today + 30 * DAY, reason="x", by=cast.hr, now=now)
    with pytest.raises(duties.CycleClosed):
        duties.waive(cycle, reason="x", until=None, by=cast.hr, now=now)


def test_a_duty_is_waived_once_at_a_time(cycle, cast, now):
    waiver = duties.waive(cycle, reason="x", until=None, by=cast.hr, now=now)
    with pytest.raises(duties.AlreadyWaived):
        duties.waive(cycle, reason="y", until=None, by=cast.hr, now=now)
    duties.end_waiver(waiver, by=cast.hr, now=now)
    duties.waive(cycle, reason="y", until=None, by=cast.hr, now=now)
    assert Waiver.objects.count() == 2


def test_a_waiver_that_ran_out_gives_way_to_a_new_one(cycle, cast, now, today):
    duties.waive(cycle, reason="x", until=today, by=cast.hr, now=now)
    duties.waive(cycle, reason="y", until=None, by=cast.hr, now=now + 2 * DAY)
    assert Waiver.objects.filter(ended_at=None).get().reason == "y"


def test_an_open_ended_leave_moves_the_due_date_when_it_ends(cycle, cast, now, today):
    leave = duties.put_on_leave(cast.employee, starts_on=today, ends_on=None, reason="x", by=cast.hr, now=now)
    cycle.refresh_from_db()
    assert cycle.due_on == today + 10 * DAY
    duties.end_leave(leave, last_day=today + 4 * DAY, by=cast.hr, now=now + 5 * DAY)
    cycle.refresh_from_db()
    assert cycle.due_on == today + 15 * DAY


def test_coming_back_earlier_gives_the_days_back(cycle, cast, now, today):
    leave = duties.put_on_leave(
        cast.employee, starts_on=today, ends_on=today + 9 * DAY, reason="x", by=cast.hr, now=now
    )
    duties.end_leave(leave, last_day=today + 1 * DAY, by=cast.hr, now=now)
    cycle.refresh_from_db()
    assert cycle.due_on == today + 12 * DAY
    assert Extension.objects.count() == 2


def test_days_away_before_the_duty_was_opened_do_not_count(cast, course, now, today):
    cycle = open_cycle(course, cast.employee, now=now, due_on=today + 10 * DAY)
    duties.put_on_leave(
        cast.employee, starts_on=today - 30 * DAY, ends_on=today + 1 * DAY, reason="x", by=cast.hr, now=now
    )
    cycle.refresh_from_db()
    assert cycle.due_on == today + 12 * DAY


def test_leaves_do_not_overlap(cast, now, today):
    duties.put_on_leave(cast.employee, starts_on=today, ends_on=today + 9 * DAY, reason="x", by=cast.hr, now=now)
    for first, last in ((9, 12), (-3, 0), (2, 3), (-3, None)):
        with pytest.raises(duties.LeavesOverlap):
            duties.put_on_leave(
                cast.employee,
                starts_on=today + first * DAY,
                ends_on=None if last is None else today + last * DAY,
                reason="y",
                by=cast.hr,
                now=now,
            )
    duties.put_on_leave(cast.employee, starts_on=today + 10 * DAY, ends_on=None, reason="y", by=cast.hr, now=now)


def test_a_leave_cannot_end_before_it_starts(cast, now, today):
    with pytest.raises(duties.WrongDays):
        duties.put_on_leave(cast.employee, starts_on=today, ends_on=today - DAY, reason="x", by=cast.hr, now=now)


@pytest.mark.parametrize(
    "error",
    [
        duties.CycleClosed,
        duties.ReasonMissing,
        duties.NotLater,
        duties.AlreadyWaived,
        duties.LeavesOverlap,
        duties.WrongDays,
    ],
)
def test_every_refusal_says_why_in_a_sentence(error):
    assert str(error()).endswith(".")
