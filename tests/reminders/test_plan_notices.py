"""Escalations and digests when the plan changes: nothing is told twice, nothing is made up for."""

import datetime as dt

import pytest

from reminders.models import Kind, PlanStep, Reminder, ReminderPlan
from reminders.notices import plan_notices
from tests.reminders.plans import make_step, standard, step_of
from tests.training.walking import open_cycle


@pytest.fixture
def overdue(cast, course, day):
    """Due on the Monday 14 days before `now`."""
    return open_cycle(course, cast.employee, now=day(-60), due_on=day(-14).date())


@pytest.fixture
def steps(db):
    PlanStep.objects.update(since=dt.date(2000, 1, 1))
    ReminderPlan.objects.update(digest_weekday=None)


def escalations():
    return list(Reminder.objects.filter(kind=Kind.ESCALATION).values_list("person__last_name", "occurs_on"))


def test_a_changed_escalation_does_not_tell_of_the_same_day_again(overdue, steps, cast, day):
    plan_notices(now=day(0))
    assert escalations() == [(cast.manager.last_name, day(0).date())]
    step = step_of(standard(), "due", 14, "manager")
    PlanStep.objects.filter(pk=step.pk).update(ended_at=day(0, 10))
    make_step(standard(), "due", 14, audience="manager", repeat_days=7, since=day(0).date())
    plan_notices(now=day(0, 11))
    plan_notices(now=day(1))
    assert len(escalations()) == 1
    plan_notices(now=day(7))
    assert len(escalations()) == 2


def test_who_hears_of_it_next_is_told_although_others_were(overdue, steps, cast, day):
    plan_notices(now=day(0))
    make_step(standard(), "due", 14, audience="hr", since=day(0).date())
    plan_notices(now=day(0, 10))
    assert sorted(name for name, _day in escalations()) == sorted([cast.manager.last_name, cast.hr.last_name])


def test_an_older_step_of_the_same_audience_is_told_with_the_newer_one(overdue, steps, cast, day):
    make_step(standard(), "due", 10, audience="manager")
    plan_notices(now=day(0))
    assert Reminder.objects.get(kind=Kind.ESCALATION).escalations.count() == 2


def digests():
    return list(Reminder.objects.filter(kind=Kind.DIGEST).values_list("person__last_name", "occurs_on"))


def test_a_digest_that_begins_today_does_not_make_up_for_monday(overdue, steps, cast, day):
    ReminderPlan.objects.update(digest_weekday=0, updated_at=day(2))
    plan_notices(now=day(2, 10))
    assert digests() == []
    plan_notices(now=day(7))
    assert {on for _name, on in digests()} == {day(7).date()}


def test_a_digest_that_begins_on_its_day_goes_out(overdue, steps, cast, day):
    ReminderPlan.objects.update(digest_weekday=2, updated_at=day(2))
    plan_notices(now=day(2, 10))
    assert {on for _name, on in digests()} == {day(2).date()}


def test_a_missed_digest_is_made_up_for(overdue, steps, cast, day):
    ReminderPlan.objects.update(digest_weekday=0, updated_at=day(-1))
    plan_notices(now=day(2))
    assert {on for _name, on in digests()} == {day(0).date()}
