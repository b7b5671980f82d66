"""Managers and HR hear of what is overdue: one escalation a day, one digest a week, and nothing about other people."""

import datetime as dt

from django.db import IntegrityError, transaction

import pytest

from accounts.models import Person, Role, RoleGrant
from reminders import overdue, sending
from reminders.models import Audience, Escalation, Kind, MailKind, PlanStep, Reason, Reminder, State
from reminders.notices import plan_notices
from reminders.planning import plan
from tests.factories import grant, make_person
from tests.training.walking import complete, open_cycle, walk_to
from training import duties, progress

MONDAY = 21  # days after Monday 1 June: Monday 22 June, the due date of `cycle`


@pytest.fixture
def cycle(cast, course, day):
    return open_cycle(course, cast.employee, now=day(0), due_on=day(MONDAY).date())


@pytest.fixture
def after_3(standard, day):
    return escalate(standard, 3, Audience.MANAGER)


@pytest.fixture(autouse=True)
def _no_shipped_escalations(standard):
    """They count from the day of the installation, which is not a day of these stories."""
    PlanStep.objects.exclude(audience=Audience.PERSON).delete()


def escalate(standard, days, audience):
    return PlanStep.objects.create(
        plan=standard,
        anchor="due",
        offset_days=days,
        audience=audience,
        text=MailKind.ESCALATION,
        since=dt.date(2026, 1, 1),
    )


def notices(kind):
    found = Reminder.objects.filter(kind=kind).select_related("person").order_by("occurs_on", "person__first_name")
    return [(mail.person.first_name, mail.occurs_on, mail.state, mail.reason) for mail in found]


def through(day, first, last):
    for number in range(first, last + 1):
        plan(now=day(number))
        plan_notices(now=day(number))


def test_an_overdue_duty_escalates_once_to_the_manager_of_the_nearest_department(cycle, after_3, cast, day):
    through(day, 20, 35)
    assert notices(Kind.ESCALATION) == [("Michał", day(MONDAY + 3).date(), State.PENDING, "")]
    about = Escalation.objects.get()
    assert (about.cycle, about.step, about.person) == (cycle, after_3, cast.manager)


def test_several_duties_of_a_day_share_one_mail(cycle, after_3, cast, course, day):
    open_cycle(course, make_person(cast.shops), now=day(0), due_on=day(MONDAY).date())
    through(day, 24, 26)
    assert len(notices(Kind.ESCALATION)) == 1
    assert Escalation.objects.count() == 2


def test_a_department_without_a_manager_escalates_to_hr(after_3, cast, course, day):
    open_cycle(course, cast.colleague, now=day(0), due_on=day(MONDAY).date())
    through(day, 24, 24)
    assert [name for name, *_rest in notices(Kind.ESCALATION)] == ["Hanna"]


def test_the_overdue_duty_of_a_manager_escalates_past_the_manager(after_3, cast, course, day):
    above = grant(make_person(cast.company, first_name="Zarząd"), Role.MANAGER, cast.company)
    open_cycle(course, cast.manager, now=day(0), due_on=day(MONDAY).date())
    through(day, 24, 24)
    assert [name for name, *_rest in notices(Kind.ESCALATION)] == [above.first_name]


def test_what_falls_due_on_a_day_without_mails_is_told_on_the_next_one_together(after_3, cast, course, day):
    for due in (16, 17, 18):  # plus 3: Saturday, Sunday, Monday
        open_cycle(course, make_person(cast.shops), now=day(0), due_on=day(due).date())
    through(day, 19, 21)
    assert [occurs_on for _name, occurs_on, *_rest in notices(Kind.ESCALATION)] == [day(MONDAY).date()]
    assert Escalation.objects.count() == 3


def test_an_escalation_that_was_missed_for_longer_than_the_plan_makes_up_for_is_left(cycle, after_3, standard, day):
    through(day, MONDAY + 3 + standard.catch_up_days + 1, MONDAY + 3 + standard.catch_up_days + 1)
    assert notices(Kind.ESCALATION) == []


@pytest.mark.parametrize("how", ["completed", "waived", "on_leave", "left"])
def test_nobody_is_told_of_someone_who_owes_nothing(how, after_3, cast, course, cycle, day):
    today = day(MONDAY + 3).date()
    if how == "completed":
        progress.start(cycle, now=day(22))
        walk_to(cycle, "acknowledgement", now=day(22))
        progress.acknowledge(cycle, agreed=True, name=cast.employee.name, language="pl", now=day(22))
    elif how == "waived":
        duties.waive(cycle, reason="x", until=None, by=cast.hr, now=day(22))
    elif how == "on_leave":
        duties.put_on_leave(cast.employee, starts_on=day(22).date(), ends_on=None, reason="x", by=cast.hr, now=day(22))
    else:
        Person.objects.filter(pk=cast.employee.pk).update(left_on=today)
    through(day, MONDAY + 3, MONDAY + 3)
    assert notices(Kind.ESCALATION) == []


def sent_at(now):
    """What a worker claims then, and what became of the rest."""
    claims = sending.claim(now=now).claims
    return [Reminder.objects.get(pk=claim.reminder_id).person.first_name for claim in claims]


def test_an_escalation_whose_people_finished_before_it_went_out_is_not_sent(cycle, after_3, cast, day):
    plan_notices(now=day(MONDAY + 3, 7))
    duties.waive(cycle, reason="x", until=None, by=cast.hr, now=day(MONDAY + 3, 7))
    assert sent_at(day(MONDAY + 3, 9)) == []
    assert notices(Kind.ESCALATION)[0][2:] == (State.CANCELLED, Reason.NOTHING_TO_SAY)


def test_a_manager_who_lost_the_department_is_not_told(cycle, after_3, cast, day):
    plan_notices(now=day(MONDAY + 3, 7))
    RoleGrant.objects.filter(person=cast.manager).delete()
    assert sent_at(day(MONDAY + 3, 9)) == ["Hanna"]  # the digest of Monday
    assert notices(Kind.ESCALATION)[0][2:] == (State.CANCELLED, Reason.NOT_RESPONSIBLE)


def test_a_manager_who_left_is_not_told(cycle, after_3, cast, day):
    plan_notices(now=day(MONDAY + 3, 7))
    Person.objects.filter(pk=cast.manager.pk).update(left_on=day(MONDAY + 3).date())
    assert sent_at(day(MONDAY + 3, 9)) == ["Hanna"]
    assert notices(Kind.ESCALATION)[0][2:] == (State.CANCELLED, Reason.LEFT)


def test_every_monday_whoever_is_responsible_for_someone_overdue_gets_one_digest(cycle, cast, day):
    through(day, 22, 36)
    assert notices(Kind.DIGEST) == [
        ("Hanna", day(21).date(), State.PENDING, ""),
        ("Michał", day(21).date(), State.PENDING, ""),
        ("Hanna", day(28).date(), State.PENDING, ""),
        ("Michał", day(28).date(), State.PENDING, ""),
        ("Hanna", day(35).date(), State.PENDING, ""),
        ("Michał", day(35).date(), State.PENDING, ""),
    ]
    assert set(Reminder.objects.filter(kind=Kind.DIGEST).values_list("person__first_name", "text")) == {
        ("Hanna", MailKind.DIGEST_HR),
        ("Michał", MailKind.DIGEST),
    }


def test_without_anybody_overdue_the_ledger_says_why_there_was_no_digest(cycle, cast, day):
    through(day, 14, 16)
    assert [row[2:] for row in notices(Kind.DIGEST)] == [(State.CANCELLED, Reason.NOTHING_TO_SAY)] * 2
    assert not sent_at(day(16, 12))[1:]


def test_a_manager_hears_nothing_of_other_departments(cast, course, day):
    open_cycle(course, cast.colleague, now=day(0), due_on=day(MONDAY).date())
    through(day, 28, 28)
    assert [row[2] for row in notices(Kind.DIGEST)] == [State.PENDING, State.CANCELLED]
    assert not overdue.overdue_in_care_of(cast.manager, day(28).date()).exists()
    assert overdue.overdue_in_care_of(cast.hr, day(28).date()).count() == 1


def test_a_managers_own_overdue_duty_is_no_reason_for_a_digest(cast, course, day):
    open_cycle(course, cast.manager, now=day(0), due_on=day(MONDAY).date())
    through(day, 28, 28)
    assert ("Michał", day(28).date(), State.CANCELLED, Reason.NOTHING_TO_SAY) in notices(Kind.DIGEST)


def test_a_digest_whose_people_finished_before_eight_is_not_sent(cycle, cast, day):
    through(day, 24, 24)
    duties.waive(cycle, reason="x", until=None, by=cast.hr, now=day(24))
    assert sent_at(day(24, 12)) == []
    assert {row[3] for row in notices(Kind.DIGEST)} == {Reason.NOTHING_TO_SAY}


def test_no_digest_day_means_no_digest(cycle, standard, day):
    standard.digest_weekday = None
    standard.save()
    through(day, 22, 36)
    assert notices(Kind.DIGEST) == []


def test_planning_notices_again_changes_nothing(cycle, after_3, day):
    through(day, 24, 24)
    before = list(Reminder.objects.order_by("pk").values())
    for hour in (10, 11, 23):
        plan_notices(now=day(24, hour))
    assert list(Reminder.objects.order_by("pk").values()) == before


def test_the_database_refuses_a_second_notice_of_the_same_day(cycle, day):
    through(day, 24, 24)
    twin = Reminder.objects.filter(kind=Kind.DIGEST).first()
    twin.pk, twin.message_id = None, "<other@example.com>"
    with pytest.raises(IntegrityError, match="reminder_once_per_recipient"), transaction.atomic():
        twin.save(force_insert=True)


def test_planning_notices_takes_the_same_number_of_queries_for_one_duty_and_for_many(
    after_3, cast, course, day, django_assert_max_num_queries
):
    grant(make_person(cast.payroll), Role.MANAGER, cast.payroll)
    open_cycle(course, make_person(cast.shops), now=day(0), due_on=day(MONDAY).date())
    with django_assert_max_num_queries(30) as few:
        plan_notices(now=day(24))
    for _number in range(20):
        person = make_person(cast.payroll)
        grant(person, Role.MANAGER, cast.payroll)
        open_cycle(course, make_person(cast.shops), now=day(0), due_on=day(MONDAY + 1).date())
    with django_assert_max_num_queries(30) as many:
        plan_notices(now=day(28))
    assert Escalation.objects.count() == 21
    assert len(few) == len(many)


def test_a_completed_course_escalates_nothing(after_3, cast, course, day):
    complete(course, cast.employee, now=day(0), due_on=day(MONDAY).date())
    through(day, 24, 24)
    assert notices(Kind.ESCALATION) == []
