"""Plans in the planner: which steps a course has, since when, and what becomes of waiting mails when they change."""

import datetime as dt

import pytest

from reminders.models import CoursePlan, PlanStep, Reason, Reminder, State
from reminders.planning import plan
from reminders.previewing import preview
from tests.reminders.plans import make_plan, make_step, rows, send, standard
from tests.training.walking import complete, open_cycle, walk_to
from training import duties, progress
from training.models import Cycle

FRIDAY, SATURDAY, MONDAY = 4, 5, 7


@pytest.fixture
def own(course):
    """The course has a plan of its own from the beginning."""
    made = make_plan()
    CoursePlan.objects.create(course=course, plan=made, since=dt.date(2026, 1, 1))
    return made


def with_catch_up(own, days):
    own.catch_up_days = days
    own.save()


@pytest.mark.parametrize(
    ("days", "outcome"),
    [(0, (State.CANCELLED, Reason.TOO_LATE)), (1, (State.CANCELLED, Reason.TOO_LATE)), (2, (State.PENDING, "day_off"))],
)
def test_a_step_on_a_closed_day_goes_out_only_within_the_days_made_up_for(days, outcome, own, cast, course, day):
    with_catch_up(own, days)
    make_step(own, "due", -1)
    open_cycle(course, cast.employee, now=day(0), due_on=day(SATURDAY + 1).date())
    plan(now=day(SATURDAY))
    assert rows() == [("1 day before the due date", day(SATURDAY).date(), *outcome)]


@pytest.mark.parametrize("days", [0, 1, 2])
def test_what_is_too_late_does_not_depend_on_missed_ticks_and_the_preview_knows(days, own, cast, course, day):
    with_catch_up(own, days)
    make_step(own, "due", -1)
    open_cycle(course, cast.employee, now=day(0), due_on=day(SATURDAY + 1).date())
    foreseen = len(preview(day(MONDAY).date(), now=day(FRIDAY)))
    plan(now=day(MONDAY))
    assert Reminder.objects.filter(state=State.PENDING).count() == foreseen == (days == 2)


def test_after_hours_counts_as_the_next_sending_day(own, cast, course, day):
    with_catch_up(own, 0)
    make_step(own, "assigned", 0)
    open_cycle(course, cast.employee, now=day(0, 18))
    plan(now=day(0, 18))
    assert [row[2:] for row in rows()] == [(State.CANCELLED, Reason.TOO_LATE)]


def test_a_course_without_a_plan_of_its_own_has_the_standard_one(cast, course, day):
    open_cycle(course, cast.employee, now=day(0))
    plan(now=day(0))
    assert Reminder.objects.get().plan == standard()


def test_a_plan_of_its_own_replaces_the_standard_one_whole(own, cast, course, other_course, day):
    make_step(own, "assigned", 4)
    open_cycle(course, cast.employee, now=day(0), due_on=day(21).date())
    open_cycle(other_course, cast.colleague, now=day(0))
    for number in range(8):
        plan(now=day(number))
    assert rows(person=cast.employee) == [("4 days after assignment", day(4).date(), State.PENDING, "")]
    assert rows(person=cast.colleague) == [("on the day of assignment", day(0).date(), State.PENDING, "")]
    assert Reminder.objects.get(person=cast.employee).plan == own


def test_a_new_step_does_not_reach_back(own, cast, course, day):
    open_cycle(course, cast.employee, now=day(0), due_on=day(21).date())
    make_step(own, "assigned", 1, since=day(2).date())
    make_step(own, "assigned", 2, since=day(2).date())
    for number in (2, 3):
        plan(now=day(number))
    assert rows() == [("2 days after assignment", day(2).date(), State.PENDING, "")]


def test_a_course_that_changes_its_plan_is_mailed_from_that_day_on_only(own, cast, course, day):
    make_step(own, "assigned", 1)
    make_step(own, "assigned", 2)
    make_step(own, "assigned", 4)
    CoursePlan.objects.update(since=day(2).date())
    open_cycle(course, cast.employee, now=day(0), due_on=day(21).date())
    plan(now=day(4))
    assert rows() == [
        ("2 days after assignment", day(2).date(), State.SUPERSEDED, Reason.NEWER),
        ("4 days after assignment", day(4).date(), State.PENDING, ""),
    ]


def test_a_step_that_was_taken_away_is_not_planned_and_what_waits_is_withdrawn(own, cast, course, day):
    step = make_step(own, "due", -7)
    open_cycle(course, cast.employee, now=day(-30), due_on=day(7).date())
    plan(now=day(0, 7))
    PlanStep.objects.filter(pk=step.pk).update(ended_at=day(0, 7))
    plan(now=day(0, 8))
    assert rows() == [("7 days before the due date", day(0).date(), State.CANCELLED, Reason.PLAN_CHANGED)]
    open_cycle(course, cast.colleague, now=day(-30), due_on=day(8).date())
    plan(now=day(1))
    assert Reminder.objects.count() == 1


def test_a_waiting_mail_of_a_plan_that_the_course_no_longer_has_is_withdrawn(own, cast, course, day):
    make_step(own, "due", -7)
    open_cycle(course, cast.employee, now=day(-30), due_on=day(7).date())
    plan(now=day(0, 7))
    CoursePlan.objects.update(plan=standard(), since=day(1).date())
    plan(now=day(1))
    assert rows() == [("7 days before the due date", day(0).date(), State.CANCELLED, Reason.PLAN_CHANGED)]


def test_a_step_changed_on_its_day_takes_the_place_of_the_waiting_one(own, cast, course, day):
    """The new one must not give way to a mail that is withdrawn in the same run."""
    step = make_step(own, "due", -7)
    open_cycle(course, cast.employee, now=day(-30), due_on=day(7).date())
    plan(now=day(0, 7))
    PlanStep.objects.filter(pk=step.pk).update(ended_at=day(0, 7))
    make_step(own, "due", -7, repeat_days=2, since=day(0).date())
    plan(now=day(0, 8))
    assert [row[2:] for row in rows()] == [(State.CANCELLED, Reason.PLAN_CHANGED), (State.PENDING, "")]


def test_a_due_date_moved_on_the_day_of_a_step_leaves_one_mail_for_the_new_date(own, cast, course, day):
    make_step(own, "due", -7)
    make_step(own, "due", -1)
    cycle = open_cycle(course, cast.employee, now=day(-30), due_on=day(1).date())
    plan(now=day(0, 7))
    duties.extend(cycle, new_due_on=day(7).date(), reason="project", by=cast.hr, now=day(0, 7))
    plan(now=day(0, 8))
    assert [row for row in rows(occurs_on=day(0).date()) if row[2] == State.PENDING] == [
        ("7 days before the due date", day(0).date(), State.PENDING, "")
    ]


def test_a_step_changed_after_its_mail_went_out_mails_nobody_twice_that_day(own, cast, course, day):
    step = make_step(own, "due", -7)
    open_cycle(course, cast.employee, now=day(-30), due_on=day(7).date())
    plan(now=day(0))
    send(Reminder.objects.get(), now=day(0))
    PlanStep.objects.filter(pk=step.pk).update(ended_at=day(0, 10))
    make_step(own, "due", -7, repeat_days=2, since=day(0).date())
    plan(now=day(0, 10))
    assert [row[2:] for row in rows()] == [(State.SENT, ""), (State.SUPERSEDED, Reason.NEWER)]
    plan(now=day(2))
    assert rows(state=State.PENDING) == [
        ("7 days before the due date, then every 2 days", day(2).date(), State.PENDING, "")
    ]


def test_the_certificate_is_mailed_once_although_its_step_was_changed_that_day(own, cast, course, day):
    step = make_step(own, "completed", 0)
    complete(course, cast.employee, now=day(0))
    plan(now=day(0))
    send(Reminder.objects.get(), now=day(0))
    PlanStep.objects.filter(pk=step.pk).update(ended_at=day(0, 10))
    make_step(own, "completed", 0, since=day(0).date())
    plan(now=day(0, 10))
    plan(now=day(1))
    assert [row[2:] for row in rows()] == [(State.SENT, ""), (State.SUPERSEDED, Reason.NEWER)]


def test_the_certificate_is_mailed_once_although_the_course_changed_its_plan_that_day(own, cast, course, day):
    make_step(own, "completed", 0)
    complete(course, cast.employee, now=day(0))
    plan(now=day(0, 7))
    CoursePlan.objects.update(plan=standard(), since=day(0).date())
    plan(now=day(0, 10))
    plan(now=day(1))
    assert len(rows(state=State.PENDING)) == 1


def test_the_certificate_goes_out_although_a_reminder_went_out_that_day(own, cast, course, day):
    make_step(own, "assigned", 0)
    make_step(own, "completed", 0)
    cycle = progress.start(open_cycle(course, cast.employee, now=day(0)), now=day(0))
    plan(now=day(0))
    send(Reminder.objects.get(), now=day(0))
    walk_to(cycle, "acknowledgement", now=day(0))
    progress.acknowledge(cycle, agreed=True, name=cast.employee.name, language="pl", now=day(0))
    plan(now=day(0, 10))
    assert rows(state=State.PENDING) == [("after completion", day(0).date(), State.PENDING, "")]


def test_a_step_long_after_the_completion_is_sent_on_its_day(own, cast, course, day):
    make_step(own, "completed", 0)
    make_step(own, "completed", 200)
    complete(course, cast.employee, now=day(0))
    plan(now=day(0))
    send(Reminder.objects.get(), now=day(0))
    plan(now=day(199))
    assert Reminder.objects.count() == 1
    plan(now=day(200))
    assert rows(state=State.PENDING)[0][:2] == ("200 days after completion", day(200).date())


def test_completions_of_long_ago_are_not_written_down_because_another_step_is_late(own, cast, course, day):
    make_step(own, "completed", 0)
    make_step(own, "completed", 200)
    complete(course, cast.employee, now=day(0))
    plan(now=day(150))
    assert rows() == []


def test_a_step_repeats_until_the_course_is_completed(own, cast, course, day):
    make_step(own, "due", 1, repeat_days=3)
    cycle = progress.start(open_cycle(course, cast.employee, now=day(-30), due_on=day(0).date()), now=day(-30))
    for number in range(9):
        plan(now=day(number))
    walk_to(cycle, "acknowledgement", now=day(9))
    progress.acknowledge(cycle, agreed=True, name=cast.employee.name, language="pl", now=day(9))
    for number in range(9, 20):
        plan(now=day(number))
    assert [row[1] for row in rows()] == [day(1).date(), day(4).date(), day(7).date()]


def test_a_changed_repeat_keeps_its_days(own, cast, course, day):
    open_cycle(course, cast.employee, now=day(-30), due_on=day(0).date())
    make_step(own, "due", 1, repeat_days=7, since=day(9).date())
    for number in range(9, 23):
        plan(now=day(number))
    assert [row[1] for row in rows()] == [day(15).date(), day(22).date()]


def test_the_days_before_an_expiry_count_on_a_renewal_only(own, cast, course, day):
    make_step(own, "expiry", -14)
    completion = complete(course, cast.employee, now=day(0))
    plan(now=day(0))
    assert rows() == []
    expires = completion.expires_on
    renewal = Cycle.objects.create(
        person=cast.employee, course=course, number=2, opened_at=day(340), due_on=expires + dt.timedelta(5)
    )
    on = (expires - day(0).date()).days - 14
    plan(now=day(on - 1))
    assert rows() == []
    plan(now=day(on))
    assert rows() == [("14 days before the expiry", day(on).date(), State.PENDING, "")]
    assert Reminder.objects.get().cycle == renewal


def test_a_step_on_a_holiday_waits_and_says_so(own, cast, course, day):
    """4 June 2026 is Corpus Christi, a Thursday."""
    make_step(own, "due", -1)
    open_cycle(course, cast.employee, now=day(0), due_on=day(4).date())
    plan(now=day(3))
    assert rows() == [("1 day before the due date", day(3).date(), State.PENDING, Reason.HOLIDAY)]
    mail = Reminder.objects.get()
    assert mail.not_before == day(4, 8)
    assert [event.reason for event in mail.events.all()] == [Reason.HOLIDAY]


def test_a_plan_that_minds_no_holidays_sends_on_one(own, cast, course, day):
    own.skips_holidays = False
    own.save()
    make_step(own, "due", -1)
    open_cycle(course, cast.employee, now=day(0), due_on=day(4).date())
    plan(now=day(3))
    assert Reminder.objects.get().not_before == day(3)


def test_what_waits_gives_way_to_a_newer_step_in_the_same_run(own, cast, course, day):
    make_step(own, "assigned", 0)
    make_step(own, "assigned", 1)
    open_cycle(course, cast.employee, now=day(0, 19))
    plan(now=day(0, 19))
    assert plan(now=day(1)).silenced == 1
    assert [row[2:] for row in rows()] == [(State.SUPERSEDED, Reason.NEWER), (State.PENDING, "")]
