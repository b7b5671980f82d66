"""When a duty is due."""

import datetime as dt

import pytest

from training.due import DueRule

MONDAY = dt.date(2026, 6, 1)


def due(rule, *, start=None, late=False):
    return rule.due_on(assigned_on=MONDAY, employment_start=start, late_joiner=late)


def test_a_fixed_date_is_that_date_for_everyone_reached_at_once():
    assert due(DueRule.fixed(dt.date(2026, 6, 5))) == dt.date(2026, 6, 5)


@pytest.mark.parametrize(
    ("fixed", "expected"),
    [
        (dt.date(2026, 6, 5), dt.date(2026, 6, 15)),
        (dt.date(2026, 6, 15), dt.date(2026, 6, 15)),
        (dt.date(2026, 7, 1), dt.date(2026, 7, 1)),
    ],
)
def test_a_late_joiner_gets_the_later_of_the_fixed_date_and_the_grace(fixed, expected):
    assert due(DueRule.fixed(fixed, grace_days=14), late=True) == expected


def test_days_after_assignment_count_from_that_day():
    assert due(DueRule.after_assignment(30)) == dt.date(2026, 7, 1)


def test_days_after_the_start_of_employment_leave_old_hands_the_grace():
    assert due(DueRule.after_start(30), start=dt.date(2026, 5, 25)) == dt.date(2026, 6, 24)
    assert due(DueRule.after_start(30), start=dt.date(2019, 1, 1)) == dt.date(2026, 6, 15)


def test_without_a_known_start_assignment_counts():
    assert due(DueRule.after_start(30)) == dt.date(2026, 7, 1)


def test_a_course_without_a_due_date_can_be_assigned():
    assert due(DueRule()) is None
