import datetime as dt

from django.db import connection

import psycopg
import pytest
from allauth.mfa.models import Authenticator

from accounts.models import AuditEvent, Department, Membership, Person, Role, RoleGrant, RosterImport
from accounts.people import mark_left, move_person
from accounts.roster import planning, writing
from accounts.roster.applying import (
    AlreadyApplied,
    ImportRunning,
    LeavingNotConfirmed,
    PlanChanged,
    PlanHasProblems,
    apply_roster,
    plan_roster,
)
from tests.accounts.rosters import TODAY, apply, company_file, csv_file, line, plan_of, upload
from tests.factories import NOW, grant, make_person


def snapshot() -> list:
    return [
        list(model.objects.order_by("pk").values()) for model in (Person, Department, Membership, RoleGrant, AuditEvent)
    ]


def reasons(plan) -> list[tuple]:
    return [(problem.line, problem.column, problem.value) for problem in plan.problems]


def test_the_company_as_it_is_changes_nothing(cast):
    plan = plan_of(cast, *company_file(cast))
    assert plan.changes_nothing
    assert plan.unchanged == 6


def test_the_dry_run_shows_who_joins_changes_moves_and_is_missing(cast):
    colleague = line(cast.colleague.email, "Firma / Nowy dział", first="Kamil", last="Żółciński", start="")
    editor = line(cast.editor.email, first="Róża", last="Nowak", manager=cast.hr.email, start="")
    plan = plan_of(
        cast, *company_file(cast, colleague=colleague, editor=editor, employee=None), line("nowa@example.com")
    )
    assert [entry.email for entry in plan.joining] == ["nowa@example.com"]
    assert [(row.person.pk, row.path) for row in plan.moved] == [(cast.colleague.pk, "Firma / Nowy dział")]
    assert [(change.field, change.old, change.new) for row in plan.changed for change in row.fields] == [
        ("last_name", "Redaktorska", "Nowak"),
        ("manager", "", cast.hr.email),
    ]
    assert [person.pk for person in plan.missing] == [cast.employee.pk]
    assert plan.leaving == []
    assert plan.departments == ["Firma / Nowy dział"]
    assert plan.unchanged == 3


def test_a_dry_run_changes_nothing(cast):
    before = snapshot()
    plan_of(cast, *company_file(cast, employee=None), line("nowa@example.com", "A / B"), missing=True)
    assert snapshot() == before


def test_applying_does_what_the_dry_run_showed(cast):
    applied = apply(
        cast,
        *company_file(
            cast, colleague=line(cast.colleague.email, "Firma / Sales", first="Kamil", last="Nowy", start="")
        ),
        line("boss@example.com", "Firma / Nowy / Zespół", manager=cast.hr.email, language="en", start="2026-07-01"),
        line("nowa@example.com", "Firma / Nowy / Zespół", manager="boss@example.com", start=""),
    )
    boss, new = Person.objects.get(email="boss@example.com"), Person.objects.get(email="nowa@example.com")
    cast.colleague.refresh_from_db()
    assert (boss.language, boss.employment_start, boss.manager) == ("en", dt.date(2026, 7, 1), cast.hr)
    assert (new.manager, new.department.path, new.has_usable_password()) == (boss, "Firma / Nowy / Zespół", False)
    assert (cast.colleague.last_name, cast.colleague.department) == ("Nowy", cast.sales)
    assert (applied.joined, applied.moved) == ([boss.pk, new.pk], [cast.colleague.pk])
    assert list(Membership.objects.filter(person=boss).values_list("starts_on", "ends_on")) == [
        (dt.date(2026, 7, 1), None)
    ]
    assert list(
        Membership.objects.filter(person=cast.colleague)
        .order_by("starts_on")
        .values_list("department__name", "ends_on")
    ) == [("Payroll", TODAY), ("Sales", None)]
    assert AuditEvent.objects.get(action="roster.apply").detail == {
        "joined": 2, "moved": 1, "returned": 0, "changed": 1, "left": 0,
    }  # fmt: skip
    assert AuditEvent.objects.filter(action="people.invite", actor=cast.hr).count() == 2


def test_the_same_file_twice_changes_nothing(cast):
    lines = [*company_file(cast), line("nowa@example.com", "Firma / Nowy / Zespół", manager=cast.hr.email)]
    apply(cast, *lines)
    plan = plan_of(cast, *lines)
    assert plan.changes_nothing
    apply(cast, *lines)
    assert AuditEvent.objects.filter(action__startswith="people.").count() == 1


def test_an_account_is_found_in_any_case_and_keeps_its_address_password_roles_and_language(cast):
    before = Person.objects.filter(pk=cast.sysadmin.pk).values("email", "password", "language").get()
    taken = line(cast.sysadmin.email.upper(), "Firma", first="Szymon", last="Adminowski", language="en", start="")
    apply(cast, *company_file(cast, sysadmin=taken))
    assert Person.objects.filter(pk=cast.sysadmin.pk).values("email", "password", "language").get() == before
    assert RoleGrant.objects.count() == 4
    assert Person.objects.count() == 6


@pytest.mark.parametrize("late", ["write", "history", "audit"])
def test_a_failure_at_a_late_row_leaves_nothing_behind(cast, monkeypatch, late):
    def fail(*args, **kwargs):
        raise RuntimeError

    place = {
        "write": (writing, "_set_managers"),
        "history": (writing.memberships, "begin"),
        "audit": (writing.audit, "record_all"),
    }
    roster = upload(cast, csv_file(*company_file(cast, employee=None), line("nowa@example.com")), missing=True)
    before = snapshot()
    monkeypatch.setattr(*place[late], fail)
    with pytest.raises(RuntimeError):
        apply_roster(roster, plan_hash=roster.plan_hash, by=cast.hr, now=NOW, today=TODAY)
    assert snapshot() == before


def test_people_missing_leave_only_when_asked_for(cast):
    apply(cast, *company_file(cast, colleague=None))
    cast.colleague.refresh_from_db()
    assert cast.colleague.left_on is None
    apply(cast, *company_file(cast, colleague=None), missing=True)
    cast.colleague.refresh_from_db()
    assert cast.colleague.left_on == TODAY
    assert Membership.objects.get(person=cast.colleague).ends_on == TODAY


def test_when_many_would_leave_the_number_must_be_typed(cast):
    lines = company_file(cast, employee=None, manager=None)
    with pytest.raises(LeavingNotConfirmed):
        apply(cast, *lines, missing=True)
    with pytest.raises(LeavingNotConfirmed):
        apply(cast, *lines, missing=True, confirmed=3)
    assert len(apply(cast, *lines, missing=True, confirmed=2).left) == 2
    assert not RoleGrant.objects.filter(person=cast.manager).exists()


def test_neither_oneself_nor_the_last_administrator_can_leave_by_being_missing(cast):
    plan = plan_of(cast, *company_file(cast, hr=None, sysadmin=None), missing=True)
    assert len(plan.problems) == 2
    with pytest.raises(PlanHasProblems):
        apply(cast, *company_file(cast, hr=None), missing=True)


def test_someone_who_left_and_is_in_the_file_returns_without_roles(cast):
    mark_left(cast.manager, left_on=dt.date(2026, 5, 1), by=cast.hr, now=NOW, today=NOW.date())
    applied = apply(
        cast, *company_file(cast, manager=line(cast.manager.email, "Firma / Sales", first="Michał", last="K"))
    )
    cast.manager.refresh_from_db()
    assert applied.returned == [cast.manager.pk]
    assert (cast.manager.left_on, cast.manager.employment_start) == (None, dt.date(2026, 5, 4))
    assert not RoleGrant.objects.filter(person=cast.manager).exists()


def test_someone_who_returns_by_the_file_signs_in_by_code_only(cast):
    mark_left(cast.employee, left_on=dt.date(2026, 5, 1), by=cast.hr, now=NOW, today=TODAY)
    Authenticator.objects.create(user=cast.employee, type=Authenticator.Type.WEBAUTHN, data={})
    assert apply(cast, *company_file(cast)).returned == [cast.employee.pk]
    assert not Authenticator.objects.exists()
    assert not Person.objects.get(pk=cast.employee.pk).has_usable_password()


def test_moved_by_the_file_during_notice_and_back_by_a_later_one(cast):
    last_day = TODAY + dt.timedelta(days=3)
    mark_left(cast.colleague, left_on=last_day, by=cast.hr, now=NOW, today=TODAY)
    moved = company_file(
        cast, colleague=line(cast.colleague.email, "Firma / Sales", first="Kamil", last="Nowy", start="")
    )
    apply(cast, *moved)
    kept = Membership.objects.filter(person=cast.colleague).order_by("starts_on")
    assert kept.last().ends_on == last_day
    later = last_day + dt.timedelta(days=4)
    roster = plan_roster(upload(cast, csv_file(*moved)), today=later)
    assert [row.person.pk for row in roster.returning] == [cast.colleague.pk]
    writing.write(roster, upload(cast, csv_file(*moved)), by=cast.hr, now=NOW, today=later)
    assert list(kept.values_list("starts_on", "ends_on"))[1:] == [(TODAY, last_day), (later, None)]


def test_an_administrator_who_has_given_notice_is_none_that_stays(cast):
    other = grant(make_person(cast.company), Role.SYSADMIN)
    mark_left(other, left_on=TODAY + dt.timedelta(days=9), by=cast.hr, now=NOW, today=TODAY)
    plan = plan_of(cast, *company_file(cast, sysadmin=None), missing=True)
    assert [problem.reason for problem in plan.problems] == [
        "The last system administrator is missing from the file. Name another one first."
    ]


def test_many_circles_are_found_in_one_look_at_the_file(cast):
    class Counted(list):
        looks = 0

        def __iter__(self):
            self.looks += 1
            return super().__iter__()

        def __reversed__(self):
            self.looks += 1
            return super().__reversed__()

    pairs = [
        (f"{side}{number}@example.com", f"{other}{number}@example.com")
        for number in range(50)
        for side, other in ("ab", "ba")
    ]
    plan = plan_of(cast, *(line(email, manager=boss) for email, boss in pairs))
    assert len(plan.problems) == 50
    entries = Counted(plan.joining)
    assert len(list(planning._circles(entries, planning.load_company()))) == 50
    assert entries.looks <= 3


def test_a_corrected_start_date_moves_the_first_membership_too(cast):
    apply(
        cast,
        *company_file(cast, colleague=line(cast.colleague.email, first="Kamil", last="Żółciński", start="2025-12-01")),
    )
    assert Membership.objects.get(person=cast.colleague).starts_on == dt.date(2025, 12, 1)


def test_an_unknown_manager_is_named(cast):
    assert reasons(plan_of(cast, line("a@example.com", manager="nobody@example.com"))) == [
        (2, "manager e-mail", "nobody@example.com")
    ]


def test_a_manager_whose_own_line_is_bad_is_not_called_unknown(cast):
    plan = plan_of(cast, line("a@example.com", manager="b@example.com"), line("b@example.com", last=""))
    assert reasons(plan) == [(3, "last name", "")]


def test_a_manager_who_has_left_is_named(cast):
    gone = make_person(cast.company, email="gone@example.com")
    mark_left(gone, left_on=TODAY, by=cast.hr, now=NOW, today=NOW.date())
    assert reasons(plan_of(cast, line("a@example.com", manager="gone@example.com"))) == [
        (2, "manager e-mail", "gone@example.com")
    ]


def test_a_circle_of_managers_is_named_as_a_chain_also_through_people_not_in_the_file(cast):
    plan = plan_of(
        cast,
        line("a@example.com", manager="b@example.com"),
        line("b@example.com", manager="c@example.com"),
        line("c@example.com", manager="a@example.com"),
        line("d@example.com", manager="d@example.com"),
        line("e@example.com", manager="a@example.com"),
        line(cast.manager.email, "Firma / Sales", first="Michał", last="Kierownicki", manager=cast.employee.email),
    )
    assert [problem.line for problem in plan.problems] == [2, 5, 7]
    assert "a@example.com → b@example.com → c@example.com → a@example.com" in plan.problems[0].reason
    assert f"{cast.manager.email} → {cast.employee.email} → {cast.manager.email}" in plan.problems[2].reason


@pytest.mark.parametrize("path", ["firma / Payroll", "Firma / Pay roll", "FIRMA", "Fírma / Payroll / New"])
def test_a_department_that_differs_only_in_looks_is_a_problem(cast, path):
    assert reasons(plan_of(cast, line("a@example.com", path))) == [(2, "department", path)]


def test_two_spellings_of_one_new_department_are_a_problem(cast):
    plan = plan_of(cast, line("a@example.com", "Firma / Płace"), line("b@example.com", "Firma / Place"))
    assert reasons(plan) == [(3, "department", "Firma / Place")]


def test_a_plan_that_changed_meanwhile_is_not_applied(cast):
    roster = upload(cast, csv_file(*company_file(cast)))
    move_person(cast.employee, department=cast.payroll, by=cast.hr, now=NOW, today=TODAY)
    with pytest.raises(PlanChanged):
        apply_roster(roster, plan_hash=roster.plan_hash, by=cast.hr, now=NOW, today=TODAY)
    shown_again = plan_roster(roster, today=TODAY)
    assert len(shown_again.moved) == 1
    apply_roster(roster, plan_hash=shown_again.hash, by=cast.hr, now=NOW, today=TODAY)


def test_an_import_is_applied_once_and_its_file_is_not_kept(cast):
    roster = upload(cast, csv_file(*company_file(cast), line("nowa@example.com")))
    apply_roster(roster, plan_hash=roster.plan_hash, by=cast.hr, now=NOW, today=TODAY)
    with pytest.raises(AlreadyApplied):
        apply_roster(roster, plan_hash=roster.plan_hash, by=cast.hr, now=NOW, today=TODAY)
    roster.refresh_from_db()
    assert (bytes(roster.content), roster.applied_by) == (b"", cast.hr)


def test_a_newer_upload_forgets_the_one_that_was_not_applied(cast):
    upload(cast, csv_file(line("a@example.com")))
    upload(cast, csv_file(line("b@example.com")))
    assert RosterImport.objects.count() == 1


def test_two_imports_at_once_are_refused(cast):
    settings = connection.get_connection_params()
    names = ("dbname", "user", "password", "host", "port")
    with psycopg.connect(**{name: settings[name] for name in names if settings.get(name)}) as other:
        other.execute("SELECT pg_advisory_xact_lock(hashtext('roster'))")
        with pytest.raises(ImportRunning):
            apply(cast, *company_file(cast))


@pytest.mark.parametrize("size", [5, 200])
def test_a_large_roster_costs_as_many_queries_as_a_small_one(cast, size, django_assert_num_queries):
    people = [make_person(cast.shops, email=f"old{number}@example.com") for number in range(size)]
    lines = [
        line(f"new{number}@example.com", f"Firma / Dział {number % 3} / Zespół {number}") for number in range(size)
    ]
    lines += [line(person.email, "Firma / Payroll", last="Inna", manager="new1@example.com") for person in people]
    roster = upload(cast, csv_file(*company_file(cast), *lines))
    with django_assert_num_queries(3):
        plan_roster(roster, today=TODAY)
    with django_assert_num_queries(29):
        apply_roster(roster, plan_hash=roster.plan_hash, by=cast.hr, now=NOW, today=TODAY)
