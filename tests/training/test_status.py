"""The status shown is derived from what happened and from today, in one query."""

import datetime as dt

import pytest

from tests.training.walking import complete, open_cycle
from training import assigning, duties, progress
from training.models import Cycle

DAY = dt.timedelta(days=1)


def status(person, today):
    cycle = Cycle.objects.filter(person=person).current().with_status(today).with_compliance(today).get()
    return cycle.status, cycle.compliant


@pytest.fixture
def cycle(cast, course, now, today):
    return open_cycle(course, cast.employee, now=now, due_on=today + 10 * DAY)


def test_a_duty_is_on_time_until_its_day_ends(cycle, cast, today):
    assert status(cast.employee, today + 10 * DAY) == ("not_started", False)
    assert status(cast.employee, today + 11 * DAY) == ("overdue", False)


def test_starting_makes_it_in_progress_until_it_is_overdue(cycle, cast, now, today):
    progress.start(cycle, now=now)
    assert status(cast.employee, today) == ("in_progress", False)
    assert status(cast.employee, today + 11 * DAY) == ("overdue", False)


def test_a_waiver_counts_until_its_last_day(cycle, cast, now, today):
    duties.waive(cycle, reason="No computer", until=today + 20 * DAY, by=cast.hr, now=now)
    assert status(cast.employee, today + 20 * DAY) == ("waived", False)
    assert status(cast.employee, today + 21 * DAY) == ("overdue", False)


def test_leave_counts_on_its_days_only_and_moves_the_due_date(cycle, cast, now, today):
    duties.put_on_leave(
        cast.employee, starts_on=today + DAY, ends_on=today + 5 * DAY, reason="Leave", by=cast.hr, now=now
    )
    assert status(cast.employee, today)[0] == "not_started"
    assert status(cast.employee, today + 5 * DAY)[0] == "on_leave"
    assert status(cast.employee, today + 6 * DAY)[0] == "not_started"
    assert status(cast.employee, today + 15 * DAY)[0] == "not_started"
    assert status(cast.employee, today + 16 * DAY)[0] == "overdue"


def test_a_completion_is_compliant_until_its_last_valid_day(cast, course, now):
    expires = complete(course, cast.employee, now=now).expires_on
    assert status(cast.employee, expires) == ("completed", True)
    assert status(cast.employee, expires + DAY) == ("expired", False)


def test_while_a_renewal_is_open_the_person_stays_compliant_until_expiry(cast, course, now):
    expires = complete(course, cast.employee, now=now).expires_on
    assigning.open_renewals(now=now.replace(year=2027) - 20 * DAY)
    assert status(cast.employee, expires) == ("not_started", True)
    assert status(cast.employee, expires + DAY) == ("expired", False)


def test_people_who_left_are_out_of_the_figures_from_that_day(cycle, cast, today):
    cast.employee.left_on = today
    cast.employee.save()
    assert not Cycle.objects.of_employed(today).exists()
    assert Cycle.objects.of_employed(today - DAY).count() == 1


def test_only_what_is_owed_may_be_reminded(cycle, cast, course, now, today):
    others = {name: open_cycle(course, cast.actor(name), now=now) for name in ("colleague", "manager", "hr")}
    duties.waive(others["colleague"], reason="x", until=None, by=cast.hr, now=now)
    duties.put_on_leave(cast.manager, starts_on=today, ends_on=None, reason="x", by=cast.hr, now=now)
    cast.hr.left_on = today
    cast.hr.save()
    assert list(Cycle.objects.owed(today)) == [cycle]
