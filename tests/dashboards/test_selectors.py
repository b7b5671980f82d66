"""Figures: what counts, who sees it, and that each equals the list behind it."""

import pytest

from accounts.models import Person
from dashboards.figures import GROUPS, Figures
from dashboards.selection import Selection
from dashboards.selectors import duties, leaves_without_end, people, scope_of, tally, waivers_ending
from dashboards.tree import department_lines
from tests.dashboards.duties import STANDINGS, TODAY, complete, days, make_duty, populate
from tests.factories import NOW, make_department, make_person
from training.models import Waiver


@pytest.fixture
def company(cast, course):
    """People in every standing in three departments and in none."""
    populate([cast.sales, cast.shops, cast.payroll, None], course)
    return course


def count(viewer, course, **filters) -> int:
    return people(Selection(course.key, **filters), course, scope_of(viewer), TODAY).count()


def test_rate_leaves_out_waived_on_leave_and_left_and_does_not_count_expired_as_compliant(cast, course):
    for standing in (*STANDINGS, "completed", "completed"):
        make_duty(make_person(cast.sales), course, standing)
    figures = tally(course, scope_of(cast.hr), TODAY).figures
    assert (figures.assigned, figures.waived, figures.on_leave, figures.left) == (9, 1, 1, 1)
    assert (figures.completed, figures.counted, figures.rate) == (3, 7, 42)


def test_rate_is_rounded_down_and_absent_without_anyone_to_count():
    assert Figures(completed=999, compliant=999, overdue=1).rate == 99
    assert Figures(completed=7, compliant=7).rate == 100
    assert Figures(waived=3, left=2).rate is None


@pytest.mark.parametrize("group", GROUPS)
def test_every_headline_figure_equals_its_list(cast, company, group):
    for viewer in (cast.hr, cast.manager):
        figures = tally(company, scope_of(viewer), TODAY).figures
        assert count(viewer, company, status=group) == figures.of(group)


@pytest.mark.parametrize("group", GROUPS)
def test_every_cell_of_the_department_table_equals_its_list(cast, company, group):
    scope = scope_of(cast.hr)
    lines = department_lines(scope.departments, tally(company, scope, TODAY).by_department)
    assert len(lines) == 6
    for line in lines:
        department = line.department.pk if line.department else "none"
        found = count(cast.hr, company, status=group, department=department, direct=line.direct)
        assert found == line.figures.of(group), line


def test_roll_up_of_the_top_departments_is_the_headline(cast, company):
    found = tally(company, scope_of(cast.hr), TODAY)
    lines = department_lines(scope_of(cast.hr).departments, found.by_department)
    assert sum((line.figures for line in lines if line.depth == 0), Figures()) == found.figures


def test_worst_department_comes_first_among_its_siblings(cast, course):
    for department, standing in ((cast.sales, "completed"), (cast.payroll, "overdue"), (cast.shops, "completed")):
        make_duty(make_person(department), course, standing)
    scope = scope_of(cast.hr)
    lines = department_lines(scope.departments, tally(course, scope, TODAY).by_department)
    assert [(line.department.name, line.depth, line.direct) for line in lines] == [
        ("Firma", 0, False),
        ("Payroll", 1, False),
        ("Sales", 1, False),
        ("Sales", 2, True),
        ("Shops", 2, False),
    ]


def test_departments_without_a_duty_are_no_line(cast, course):
    make_duty(cast.employee, course)
    scope = scope_of(cast.hr)
    lines = department_lines(scope.departments, tally(course, scope, TODAY).by_department)
    assert [line.department for line in lines] == [cast.company, cast.sales, cast.shops]


def test_manager_counts_the_own_departments_with_all_below_and_nobody_who_left(cast, company):
    figures = tally(company, scope_of(cast.manager), TODAY).figures
    assert (figures.assigned, figures.left) == (14, 0)
    assert tally(company, scope_of(cast.hr), TODAY).figures.left == 4


def test_manager_working_elsewhere_does_not_count_among_the_department(cast, course):
    Person.objects.filter(pk=cast.manager.pk).update(department=cast.payroll)
    make_duty(cast.manager, course)
    assert tally(course, scope_of(cast.manager), TODAY).figures.assigned == 0


@pytest.mark.parametrize("actor", ["employee", "colleague", "editor", "sysadmin"])
def test_other_roles_count_nobody(cast, company, actor):
    scope = scope_of(cast.actor(actor))
    assert tally(company, scope, TODAY).by_department == {}
    assert duties(company, scope, TODAY).count() == 0


def test_only_the_newest_cycle_of_a_person_counts(cast, course):
    make_duty(cast.employee, course, "completed")
    make_duty(cast.employee, course, "overdue", number=2)
    figures = tally(course, scope_of(cast.hr), TODAY).figures
    assert (figures.assigned, figures.overdue) == (1, 1)


@pytest.mark.parametrize(("valid_days", "standing", "compliant"), [(0, "not_started", 1), (-1, "expired", 0)])
def test_person_stays_compliant_during_renewal_until_the_old_completion_expires(
    cast, course, valid_days, standing, compliant
):
    complete(make_duty(cast.employee, course, "in_progress"), expires_on=TODAY + days(valid_days))
    make_duty(cast.employee, course, number=2)
    figures = tally(course, scope_of(cast.hr), TODAY).figures
    assert (figures.compliant, figures.of(standing), figures.completed) == (compliant, 1, 0)
    assert count(cast.hr, course, status="compliant") == compliant


def test_waived_renewal_is_not_counted_at_all(cast, course):
    complete(make_duty(cast.employee, course, "in_progress"), expires_on=TODAY + days(5))
    make_duty(cast.employee, course, "waived", number=2, due_on=TODAY + days(5))
    figures = tally(course, scope_of(cast.hr), TODAY).figures
    assert (figures.compliant, figures.counted) == (0, 0)
    assert count(cast.hr, course, status="compliant") == 0


def test_days_of_completion_and_due_dates_are_counted_for_the_employed(cast, course):
    make_duty(cast.employee, course, "completed", due_on=TODAY)
    make_duty(cast.colleague, course, due_on=TODAY)
    make_duty(make_person(cast.sales), course, "left", due_on=TODAY)
    found = tally(course, scope_of(cast.hr), TODAY)
    assert found.completed_on == {TODAY - days(2): 1}
    assert found.due_on == {TODAY: 2}
    assert found.opened_at == NOW - days(30)


def test_overdue_for_more_than_n_days_leaves_out_the_nth(cast, course):
    make_duty(cast.employee, course, "overdue", due_on=TODAY - days(14))
    make_duty(cast.colleague, course, "overdue", due_on=TODAY - days(15))
    assert count(cast.hr, course, overdue_for=14) == 1
    assert tally(course, scope_of(cast.hr), TODAY).figures.overdue_long == 1


def test_only_unfinished_people_without_a_manager_need_one(cast, course):
    make_duty(cast.employee, course)
    make_duty(cast.colleague, course)
    make_duty(cast.hr, course, "completed")
    assert count(cast.hr, course, no_manager=True) == 1
    assert tally(course, scope_of(cast.hr), TODAY).figures.unmanaged == 1


def test_search_finds_by_name_without_diacritics(cast, course):
    make_duty(cast.colleague, course)
    make_duty(cast.employee, course)
    assert count(cast.hr, course, words="zolcinski kamil") == 1


def test_direct_leaves_out_the_departments_below(cast, company):
    assert count(cast.hr, company, department=cast.sales.pk) == 14
    assert count(cast.hr, company, department=cast.sales.pk, direct=True) == 7


def test_manager_asking_for_a_foreign_department_finds_nobody(cast, company):
    assert count(cast.manager, company, department=cast.payroll.pk) == 0


def test_waivers_that_end_within_a_week_need_a_decision(cast, course):
    for person, until in ((cast.employee, days(7)), (cast.colleague, days(8))):
        cycle = make_duty(person, course, "waived")
        Waiver.objects.filter(cycle=cycle).update(until=TODAY + until)
    assert [waiver.cycle.person for waiver in waivers_ending(course, TODAY)] == [cast.employee]


def test_leaves_without_end_need_a_decision_after_thirty_days(cast, course):
    for person, since in ((cast.employee, 31), (cast.colleague, 30)):
        make_duty(person, course, "on_leave")
        person.leaves.update(starts_on=TODAY - days(since))
    assert [leave.person for leave in leaves_without_end(course, TODAY)] == [cast.employee]


@pytest.mark.parametrize("per_standing", [1, 6])
def test_number_of_queries_does_not_depend_on_the_number_of_people(
    cast, course, per_standing, django_assert_num_queries
):
    populate([cast.sales, make_department("Warehouse", cast.company)], course, per_standing)
    cast.hr.roles  # noqa: B018 the request has loaded them
    with django_assert_num_queries(2):
        scope = scope_of(cast.hr)
        department_lines(scope.departments, tally(course, scope, TODAY).by_department)
    with django_assert_num_queries(2):
        list(people(Selection(course.key), course, scope, TODAY))
    with django_assert_num_queries(2):
        list(waivers_ending(course, TODAY)), list(leaves_without_end(course, TODAY))
