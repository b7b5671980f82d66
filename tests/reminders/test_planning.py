"""What is owed follows from the state of duties alone; a run never writes the same thing twice."""

import datetime as dt

from django.db import IntegrityError, connection, transaction

import pytest

from accounts.models import Person
from reminders.models import Anchor, Reason, Reminder, ReminderEvent, State
from reminders.models.plan import HORIZON_DAYS
from reminders.planning import plan
from tests.reminders.moving import bounce, sent
from tests.together import together
from tests.training.walking import complete, open_cycle
from training import duties
from training.models import Cycle, Waiver

ASSIGNED, BEFORE_7, BEFORE_1, OVERDUE, DONE = "assigned 0", "due -7", "due -1", "due 1", "completed 0"


def rows(**filters):
    found = Reminder.objects.filter(**filters).select_related("step").order_by("occurs_on", "step")
    return [(f"{row.step.anchor} {row.step.offset_days}", row.occurs_on, row.state, row.reason) for row in found]


@pytest.fixture
def cycle(cast, course, day):
    """Opened on Monday 1 June, due on Monday 22 June."""
    return open_cycle(course, cast.employee, now=day(0), due_on=day(21).date())


def test_a_new_duty_owes_one_mail_at_once(cycle, now, today):
    assert plan(now=now).pending == 1
    assert rows() == [(ASSIGNED, today, State.PENDING, "")]
    assert Reminder.objects.get().not_before == now


def test_planning_again_changes_nothing(cycle, now):
    plan(now=now)
    before = list(Reminder.objects.values())
    assert plan(now=now + dt.timedelta(hours=1)).pending == 0
    assert list(Reminder.objects.values()) == before


def test_each_step_falls_on_its_day(cycle, day):
    for number in range(45):
        plan(now=day(number))
    assert [(step, occurs_on) for step, occurs_on, _state, _reason in rows()] == [
        (ASSIGNED, day(0).date()),
        (BEFORE_7, day(14).date()),
        (BEFORE_1, day(20).date()),
        (OVERDUE, day(22).date()),
        (OVERDUE, day(29).date()),
        (OVERDUE, day(36).date()),
        (OVERDUE, day(43).date()),
    ]


def test_missed_ticks_are_caught_up_with_one_mail(cycle, day):
    plan(now=day(0))
    Reminder.objects.update(state=State.CANCELLED, reason=Reason.REFUSED)
    plan(now=day(24))
    assert rows(occurs_on__gt=day(0).date()) == [
        (BEFORE_7, day(14).date(), State.SUPERSEDED, Reason.NEWER),
        (BEFORE_1, day(20).date(), State.SUPERSEDED, Reason.NEWER),
        (OVERDUE, day(22).date(), State.PENDING, ""),
    ]


def test_a_duty_of_long_ago_gets_its_newest_step_and_a_bounded_history(cycle, day):
    plan(now=day(400))
    assert Reminder.objects.filter(state=State.PENDING).count() == 1
    oldest = Reminder.objects.order_by("occurs_on").first().occurs_on
    assert oldest >= day(400 - HORIZON_DAYS).date()
    assert Reminder.objects.count() == 6


def test_a_duty_without_due_date_gets_the_first_mail_only(cast, course, day):
    open_cycle(course, cast.employee, now=day(0))
    for number in range(0, 60, 5):
        plan(now=day(number))
    assert rows() == [(ASSIGNED, day(0).date(), State.PENDING, "")]


def test_steps_before_the_duty_began_are_never_written(cast, course, day):
    open_cycle(course, cast.employee, now=day(0), due_on=day(3).date())
    for number in range(4):
        plan(now=day(number))
    assert [step for step, *_rest in rows()] == [ASSIGNED, BEFORE_1]


def test_a_step_on_the_first_day_is_covered_by_the_first_mail(cast, course, day):
    open_cycle(course, cast.employee, now=day(0), due_on=day(7).date())
    plan(now=day(0))
    assert [step for step, *_rest in rows()] == [ASSIGNED]


def test_a_waiting_step_is_superseded_when_a_newer_one_is_due(cycle, day):
    plan(now=day(0))
    plan(now=day(14))
    assert rows() == [
        (ASSIGNED, day(0).date(), State.SUPERSEDED, Reason.NEWER),
        (BEFORE_7, day(14).date(), State.PENDING, ""),
    ]
    assert ReminderEvent.objects.get().reason == Reason.NEWER


def test_a_moved_due_date_withdraws_the_waiting_mail(cast, cycle, day):
    plan(now=day(20))
    duties.extend(cycle, new_due_on=day(60).date(), reason="project", by=cast.hr, now=day(20))
    plan(now=day(20, 10))
    assert (BEFORE_1, day(20).date(), State.CANCELLED, Reason.DUE_MOVED) in rows()
    assert not Reminder.objects.filter(state=State.PENDING).exclude(step__anchor=Anchor.ASSIGNED).exists()


def test_after_a_late_move_the_steps_follow_the_new_date(cast, cycle, day):
    for number in (0, 14, 20):
        plan(now=day(number))
    duties.extend(cycle, new_due_on=day(60).date(), reason="project", by=cast.hr, now=day(20, 8))
    for number in range(21, 60):
        plan(now=day(number))
    assert [occurs_on for _step, occurs_on, *_rest in rows()][3:] == [day(53).date(), day(59).date()]


@pytest.mark.parametrize(
    ("how", "reason"),
    [("waived", Reason.WAIVED), ("on_leave", Reason.ON_LEAVE), ("left", None), ("bounced", Reason.BOUNCED)],
)
def test_nobody_who_is_waived_away_gone_or_out_of_reach_is_mailed_and_the_ledger_says_why(
    how, reason, cast, other_course, cycle, day, now, today
):
    if how == "waived":
        duties.waive(cycle, reason="contract", until=None, by=cast.hr, now=now)
    elif how == "on_leave":
        duties.put_on_leave(cast.employee, starts_on=today, ends_on=None, reason="parental", by=cast.hr, now=now)
    elif how == "bounced":
        bounce(cast.employee, complete(other_course, cast.employee, now=day(-90)).cycle, now=now)
    else:
        Person.objects.filter(pk=cast.employee.pk).update(left_on=today)
    plan(now=now)
    assert rows(cycle=cycle) == ([(ASSIGNED, today, State.CANCELLED, reason)] if reason else [])
    assert [event.reason for event in ReminderEvent.objects.filter(reminder__cycle=cycle)] == (
        [reason] if reason else []
    )


def test_whoever_was_away_when_the_duty_began_is_mailed_on_return(cast, course, day):
    leave = duties.put_on_leave(
        cast.employee, starts_on=day(0).date(), ends_on=None, reason="x", by=cast.hr, now=day(0)
    )
    open_cycle(course, cast.employee, now=day(0))
    for number in range(3):
        plan(now=day(number))
    assert rows() == [(ASSIGNED, day(0).date(), State.CANCELLED, Reason.ON_LEAVE)]
    duties.end_leave(leave, last_day=day(70).date(), by=cast.hr, now=day(71))
    plan(now=day(71))
    assert rows(state=State.PENDING) == [(ASSIGNED, day(71).date(), State.PENDING, "")]


def test_a_first_mail_held_back_by_leave_is_planned_again_after_it(cast, course, day):
    open_cycle(course, cast.employee, now=day(4, 19))
    plan(now=day(4, 19))
    duties.put_on_leave(
        cast.employee, starts_on=day(5).date(), ends_on=day(9).date(), reason="x", by=cast.hr, now=day(4, 20)
    )
    plan(now=day(7))
    assert rows() == [(ASSIGNED, day(4).date(), State.CANCELLED, Reason.ON_LEAVE)]
    for number in (8, 10, 11, 12):
        plan(now=day(number))
    assert rows(state=State.PENDING) == [(ASSIGNED, day(10).date(), State.PENDING, "")]
    assert Reminder.objects.count() == 2


def test_a_waiver_that_ended_brings_the_later_steps_back(cast, cycle, day):
    plan(now=day(0))
    sent([Reminder.objects.get().pk], now=day(0))
    waiver = duties.waive(cycle, reason="contract", until=None, by=cast.hr, now=day(1))
    plan(now=day(14))
    assert rows(occurs_on=day(14).date()) == [(BEFORE_7, day(14).date(), State.CANCELLED, Reason.WAIVED)]
    duties.end_waiver(Waiver.objects.get(pk=waiver.pk), by=cast.hr, now=day(15))
    for number in range(15, 21):
        plan(now=day(number))
    assert rows(state=State.PENDING) == [(BEFORE_1, day(20).date(), State.PENDING, Reason.DAY_OFF)]


def test_completing_withdraws_what_waits_and_owes_the_done_mail_once(cast, course, day):
    cycle = complete(course, cast.employee, now=day(0), due_on=day(21).date()).cycle
    for number in range(3):
        plan(now=day(number))
    assert rows() == [(DONE, day(0).date(), State.PENDING, "")]
    assert Reminder.objects.get().cycle == cycle


def test_completions_of_long_ago_are_not_mailed(cast, course, day):
    complete(course, cast.employee, now=day(0))
    plan(now=day(HORIZON_DAYS))
    assert rows() == []


def test_the_done_mail_is_not_for_someone_who_left(cast, course, day):
    complete(course, cast.employee, now=day(0))
    Person.objects.filter(pk=cast.employee.pk).update(left_on=day(0).date())
    plan(now=day(0))
    assert rows() == []


@pytest.mark.parametrize(("hour", "opens_on"), [(7, 0), (18, 1), (23, 1)])
def test_outside_the_sending_window_a_mail_waits_for_its_opening(cycle, day, hour, opens_on):
    plan(now=day(0, hour))
    mail = Reminder.objects.get()
    assert (mail.not_before, mail.state, mail.reason) == (day(opens_on, 8), State.PENDING, Reason.QUIET_HOURS)
    assert mail.events.get().reason == Reason.QUIET_HOURS


def test_a_step_on_saturday_waits_for_monday(cast, course, day):
    open_cycle(course, cast.employee, now=day(5))
    plan(now=day(5))
    assert (Reminder.objects.get().not_before, Reminder.objects.get().reason) == (day(7, 8), Reason.DAY_OFF)


def test_the_day_of_a_step_is_the_local_one(cast, course, day):
    """23:30 UTC on 31 May is already 1 June in Warsaw."""
    open_cycle(course, cast.employee, now=dt.datetime(2026, 5, 31, 23, 30, tzinfo=dt.UTC))
    plan(now=dt.datetime(2026, 5, 31, 23, 45, tzinfo=dt.UTC))
    assert Reminder.objects.get().occurs_on == dt.date(2026, 6, 1)


@pytest.mark.parametrize("due_on", [dt.date(2026, 3, 30), dt.date(2026, 10, 26), dt.date(2028, 3, 1)])
def test_clock_changes_and_leap_days_move_no_step(cast, course, due_on):
    opened = dt.datetime.combine(due_on - dt.timedelta(20), dt.time(12), dt.UTC)
    open_cycle(course, cast.employee, now=opened, due_on=due_on)
    for hour in range(0, 24 * 31, 6):
        plan(now=opened + dt.timedelta(hours=hour))
    assert [(row[1] - due_on).days for row in rows()] == [-20, -7, -1, 1, 8]


def test_the_message_id_is_the_same_whenever_it_is_planned_and_differs_between_steps(cycle, day):
    with transaction.atomic():
        plan(now=day(14))
        first = dict(Reminder.objects.values_list("step_id", "message_id"))
        transaction.set_rollback(True)
    plan(now=day(15))
    assert dict(Reminder.objects.values_list("step_id", "message_id")) == first
    assert len(set(first.values())) == 2
    assert all(value.endswith("@127.0.0.1>") for value in first.values())


def test_the_database_refuses_a_second_row_of_the_same_key(cycle, now):
    plan(now=now)
    twin = Reminder.objects.get()
    twin.pk, twin.message_id = None, "<other@example.com>"
    with pytest.raises(IntegrityError, match="reminder_once"), transaction.atomic():
        twin.save(force_insert=True)


def test_planning_takes_the_same_number_of_queries_for_one_duty_and_for_many(
    cast, course, other_course, day, django_assert_num_queries
):
    open_cycle(course, cast.employee, now=day(0), due_on=day(21).date())
    with django_assert_num_queries(8):
        assert plan(now=day(0)).pending == 1
    open_cycle(other_course, cast.employee, now=day(0), due_on=day(21).date())
    with django_assert_num_queries(9):  # what waits is looked through once more, because something new may replace it
        assert plan(now=day(0)).pending == 1
    for person in (cast.colleague, cast.manager, cast.hr, cast.editor):
        open_cycle(course, person, now=day(0), due_on=day(21).date())
        open_cycle(other_course, person, now=day(0), due_on=day(21).date())
    with django_assert_num_queries(9):
        assert plan(now=day(0)).pending == 8


@pytest.mark.django_db(transaction=True)
def test_two_schedulers_at_the_same_moment_write_each_row_once(cast, course, day):
    for person in (cast.employee, cast.colleague, cast.manager):
        open_cycle(course, person, now=day(0), due_on=day(21).date())
    results = []
    together(lambda _number: results.extend(plan(now=day(20)) for _time in range(5)))
    assert len(results) == 20
    assert sum(result.pending for result in results) == 3
    assert Reminder.objects.count() == 9


def address(parameters):
    return {name: value for name, value in parameters.items() if name in ("dbname", "user", "password", "host", "port")}


def test_a_run_that_finds_another_at_work_does_nothing(cycle, now, monkeypatch):
    monkeypatch.setattr("reminders.planning.LOCK", 5_009_999)
    with connection.Database.connect(**address(connection.get_connection_params())) as other:
        other.execute("SELECT pg_advisory_lock(5009999)")
        assert plan(now=now).busy
    assert Cycle.objects.exists()
    assert not Reminder.objects.exists()
