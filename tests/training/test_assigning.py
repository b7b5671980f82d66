"""Assigning opens one duty each, keeps every source, and lets the earliest date win."""

import datetime as dt

import pytest

from accounts.models import AuditEvent, Person
from tests.factories import make_person
from tests.training.walking import complete
from training import assigning, duties
from training.due import DueRule
from training.models import Assignment, Course, Cycle, Extension
from training.tasks import tick

JULY = dt.date(2026, 7, 1)
JUNE = dt.date(2026, 6, 20)


@pytest.fixture
def assign(course, cast, now):
    def to(department, due=None):
        return assigning.assign_to_department(
            course, department=department, due=due or DueRule.fixed(JULY), by=cast.hr, now=now
        )

    return to


def holders():
    return set(Cycle.objects.values_list("person__first_name", flat=True))


def test_a_department_means_everyone_in_it_and_below(assign, cast):
    assign(cast.sales)
    assert holders() == {"Michał", "Ewa"}


def test_the_whole_company_is_reached_without_naming_a_department(assign, cast):
    assign(None)
    assert Cycle.objects.count() == Person.objects.count()


def test_people_who_left_or_have_not_begun_are_not_reached(assign, cast, today):
    make_person(cast.shops, left_on=today, first_name="Gone")
    make_person(cast.shops, employment_start=today + dt.timedelta(days=1), first_name="Coming")
    assign(cast.sales)
    assert holders() == {"Michał", "Ewa"}


def test_two_departments_and_a_direct_assignment_are_one_duty_with_three_sources(assign, cast, course, now):
    assign(cast.sales, DueRule.fixed(JULY))
    assign(cast.shops, DueRule.fixed(JUNE))
    assigning.assign_to_people(course, [cast.employee], due=DueRule(), by=cast.hr, now=now)
    cycle = Cycle.objects.get(person=cast.employee)
    assert cycle.due_on == JUNE
    assert Assignment.objects.filter(cycle=cycle).count() == 3


def test_a_later_source_does_not_put_off_an_earlier_date(assign, cast):
    assign(cast.shops, DueRule.fixed(JUNE))
    assign(cast.sales, DueRule.fixed(JULY))
    assert Cycle.objects.get(person=cast.employee).due_on == JUNE


def test_someone_who_completed_is_left_alone(assign, cast, course, now):
    complete(course, cast.employee, now=now)
    assign(cast.sales)
    assert Cycle.objects.filter(person=cast.employee).count() == 1


def test_applying_a_rule_again_adds_nothing(assign, cast, now):
    rule = assign(cast.sales)
    assert assigning.apply_rule(rule, now=now) == []
    assert Assignment.objects.count() == 2


def test_the_tick_reaches_someone_who_joins_later_with_the_grace(assign, cast, now, time_machine):
    assign(cast.sales, DueRule.fixed(JUNE))
    joined = now + dt.timedelta(days=10)
    newcomer = make_person(cast.shops, employment_start=joined.date())
    time_machine.move_to(joined)
    tick()
    tick()
    assert Cycle.objects.get(person=newcomer).due_on == joined.date() + dt.timedelta(days=14)


def test_an_ended_rule_reaches_nobody_new_and_keeps_what_it_gave(assign, cast, now):
    rule = assign(cast.sales)
    assigning.end_rule(rule, by=cast.hr, now=now)
    make_person(cast.shops)
    assert assigning.apply_standing_rules(now=now) == 0
    assert Cycle.objects.count() == 2


def test_a_course_without_a_published_revision_cannot_be_assigned(course, cast, now):
    Course.objects.update(current=None)
    course.refresh_from_db()
    with pytest.raises(assigning.NothingPublished):
        assigning.assign_to_people(course, [cast.employee], due=DueRule(), by=cast.hr, now=now)


def test_the_preview_says_what_assigning_then_does(assign, cast, course, now, today):
    complete(course, cast.manager, now=now)
    people = assigning.people_of(cast.company, today)
    reach = assigning.preview(course, people, due=DueRule.fixed(JULY), today=today)
    before = Cycle.objects.count()
    assign(cast.company)
    assert Cycle.objects.count() - before == reach.new == 5
    assert reach.already_completed == 1
    assert reach.total == people.count()
    assert (reach.first_due, reach.last_due) == (JULY, JULY)


@pytest.mark.parametrize("people", [3, 30])
def test_assigning_asks_the_same_number_of_queries_for_few_and_many(assign, cast, people, django_assert_num_queries):
    for _ in range(people):
        make_person(cast.shops)
    with django_assert_num_queries(15):
        assign(cast.sales)


def test_assigning_is_on_the_audit_log_once(assign, cast):
    assign(cast.sales)
    event = AuditEvent.objects.get()
    assert (event.action, event.actor, event.detail["people"]) == ("assignments.rule_made", cast.hr, 2)


def test_a_duty_opened_during_a_leave_is_due_later_by_the_days_still_away(assign, cast, course, now, today):
    duties.put_on_leave(
        cast.employee,
        starts_on=today - dt.timedelta(days=3),
        ends_on=today + dt.timedelta(days=6),
        reason="Leave",
        by=cast.hr,
        now=now,
    )
    assign(cast.shops, DueRule.after_assignment(30))
    assert Cycle.objects.get(person=cast.employee).due_on == today + dt.timedelta(days=37)
    assert not Extension.objects.exists()


def test_a_completion_is_renewed_thirty_days_before_it_expires(course, cast, now):
    completion = complete(course, cast.employee, now=now)
    early = now + dt.timedelta(days=300)
    assert assigning.open_renewals(now=early) == 0
    in_time = now.replace(year=2027) - dt.timedelta(days=30)
    assert assigning.open_renewals(now=in_time) == 1
    assert assigning.open_renewals(now=in_time) == 0
    renewal = Cycle.objects.get(person=cast.employee, closed_at=None)
    assert (renewal.number, renewal.due_on) == (2, completion.expires_on)
