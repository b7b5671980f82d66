"""The effect of a change is the planner's own figure, and finding it out writes nothing."""

import datetime as dt

from django.apps import apps
from django.db import connection

import pytest

from reminders.models import CoursePlan, Kind, Reminder, ReminderPlan, State
from reminders.notices import plan_notices
from reminders.plan_editing import StandardStays, add_step, change_hours, delete_plan, give_plan, remove_step
from reminders.plan_effect import Figures, effect_of, undone
from reminders.plan_rules import HourValues, StepValues
from reminders.planning import LOCK, plan
from tests.reminders.plans import make_plan, make_step, send, standard, step_of
from tests.training.walking import open_cycle


@pytest.fixture
def act(cast, day):
    return {"by": cast.hr, "now": day(0)}


@pytest.fixture
def duties(cast, course, day):
    """Two people whom nothing is due to today; on Tuesday the due date of both is a week away."""
    for person in (cast.employee, cast.colleague):
        open_cycle(course, person, now=day(-20), due_on=day(8).date())
    plan(now=day(0))


def add(anchor="due", offset=-8, audience="person", text="before"):
    return StepValues(anchor, offset, None, audience, text)


def figures(effect) -> dict[dt.date, tuple[tuple[int, int], tuple[int, int]]]:
    def both(each: Figures) -> tuple[int, int]:
        return each.people, each.others

    return {day.day: (both(day.now), both(day.then)) for day in effect.days}


def test_a_step_taken_away_is_missing_tomorrow(duties, act, day):
    step = step_of(standard(), "due", -7)
    effect = effect_of(lambda: remove_step(step, version=1, **act), standard(), now=day(0))
    assert figures(effect) == {day(0).date(): ((0, 0), (0, 0)), day(1).date(): ((2, 0), (0, 0))}
    assert effect.changes


def test_a_new_step_that_falls_on_today_still_goes_out_today(cast, course, act, day):
    open_cycle(course, cast.employee, now=day(-3), due_on=day(3).date())
    plan(now=day(-3))
    send(Reminder.objects.get(state=State.PENDING), now=day(-3))
    effect = effect_of(lambda: add_step(standard(), add(offset=-3), version=1, **act), standard(), now=day(0))
    assert figures(effect)[day(0).date()] == ((0, 0), (1, 0))
    assert [each.is_today for each in effect.days] == [True, False]


def test_after_hours_only_the_days_to_come_are_told_and_todays_step_is_among_them(cast, course, act, day):
    open_cycle(course, cast.employee, now=day(-3), due_on=day(3).date())
    plan(now=day(-3))
    send(Reminder.objects.get(state=State.PENDING), now=day(-3))
    act["now"] = day(0, 19)
    effect = effect_of(lambda: add_step(standard(), add(offset=-3), version=1, **act), standard(), now=day(0, 19))
    assert figures(effect) == {day(1).date(): ((0, 0), (1, 0))}


def test_what_the_effect_says_is_what_then_happens(duties, act, day):
    step = step_of(standard(), "due", -7)
    effect = effect_of(lambda: remove_step(step, version=1, **act), standard(), now=day(0))
    remove_step(step, version=1, **act)
    plan(now=day(1))
    tomorrow = figures(effect)[day(1).date()]
    assert Reminder.objects.filter(state=State.PENDING).count() == tomorrow[1][0] == 0


def test_hours_that_close_the_next_day_move_its_mails(duties, act, day):
    wanted = HourValues(dt.time(8), dt.time(18), (0, 2), True, 14)
    effect = effect_of(lambda: change_hours(standard(), wanted, version=1, **act), standard(), now=day(0))
    assert {when: (now[0], then[0]) for when, (now, then) in figures(effect).items()} == {
        day(0).date(): (0, 0),
        day(1).date(): (2, 0),
        day(2).date(): (0, 2),
    }


def test_a_course_that_gets_another_plan(duties, course, act, day):
    own = make_plan()
    make_step(own, "due", -7, since=day(0).date())
    make_step(own, "assigned", 0)
    change = lambda: give_plan(course, own, instead_of=standard(), **act)  # noqa: E731
    assert not effect_of(change, own, now=day(0)).changes
    own.steps.filter(anchor="due").delete()
    assert figures(effect_of(change, own, now=day(0)))[day(1).date()] == ((2, 0), (0, 0))


def test_mails_to_managers_and_hr_are_counted_on_the_day_they_go_out(cast, course, act, day):
    ReminderPlan.objects.update(digest_weekday=None)
    open_cycle(course, cast.employee, now=day(-40), due_on=day(-2).date())
    manager = add(offset=3, audience="manager", text="escalation")
    effect = effect_of(lambda: add_step(standard(), manager, version=1, **act), standard(), now=day(0))
    assert figures(effect)[day(0).date()][1][1] == 0
    assert figures(effect)[day(1).date()][1][1] == 1
    today = add(offset=2, audience="hr", text="escalation")
    effect = effect_of(lambda: add_step(standard(), today, version=1, **act), standard(), now=day(0))
    assert [then.then.others for then in effect.days] == [1, 0]


def test_a_digest_is_counted_on_its_day(cast, course, act, day):
    ReminderPlan.objects.update(digest_weekday=None)
    open_cycle(course, cast.employee, now=day(-40), due_on=day(-2).date())
    wanted = HourValues(dt.time(8), dt.time(18), (0, 1, 2, 3, 4), True, 14, digest_weekday=1)
    effect = effect_of(lambda: change_hours(standard(), wanted, version=1, **act), standard(), now=day(0))
    assert [(each.now.others, each.then.others) for each in effect.days] == [(0, 0), (0, 2)]


def test_the_warnings_are_those_after_the_change(act, day):
    assert effect_of(lambda: None, standard(), now=day(0)).findings == []
    step = step_of(standard(), "assigned", 0)
    effect = effect_of(lambda: remove_step(step, version=1, **act), standard(), now=day(0))
    assert [finding.code for finding in effect.findings] == ["late_joiners"]


def content() -> dict[str, list[tuple]]:
    """Every row of every table."""
    tables = {}
    with connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            cursor.execute(f'SELECT * FROM "{model._meta.db_table}" AS each ORDER BY each::text')
            tables[model._meta.db_table] = cursor.fetchall()
    return tables


def test_finding_out_writes_nothing(duties, cast, course, act, day):
    own = make_plan()
    make_step(own, "due", -7, since=day(0).date())
    CoursePlan.objects.create(course=course, plan=own, since=day(0).date())
    before = content()
    step = step_of(standard(), "due", -7)
    changed = effect_of(lambda: give_plan(course, standard(), instead_of=own, **act), own, now=day(1, 7))
    effect_of(lambda: remove_step(step, version=1, **act), standard(), now=day(1, 7))
    assert changed.days
    assert content() == before


def test_the_planner_did_run_inside(duties, day):
    with undone():
        plan(now=day(1))
        plan_notices(now=day(1))
        inside = Reminder.objects.filter(state=State.PENDING, kind=Kind.STEP).count()
    assert (inside, Reminder.objects.filter(state=State.PENDING).count()) == (2, 0)


def test_what_the_change_refuses_is_raised_and_nothing_stays(act, day):
    before = content()
    with pytest.raises(StandardStays):
        effect_of(lambda: delete_plan(standard(), version=1, **act), standard(), now=day(0))
    assert content() == before


@pytest.mark.django_db
def test_meanwhile_nobody_else_plans_and_afterwards_everybody_may():
    with connection.cursor() as cursor:
        with undone():
            cursor.execute("SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND objid = %s", [LOCK])
            assert cursor.fetchone() == (1,)
        cursor.execute("SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND objid = %s", [LOCK])
        assert cursor.fetchone() == (0,)
