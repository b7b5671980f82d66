import datetime as dt

from django.core.exceptions import ValidationError

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator

from accounts.models import AuditEvent, Membership, Person, Role, RoleGrant
from accounts.people import (
    AddressNotYours,
    AddressTaken,
    AlreadyLeft,
    LeavingYourself,
    LeftBeforeStarting,
    LeftLongAgo,
    ManagersInCircle,
    StillHere,
    change_person,
    invite_person,
    mark_left,
    may_change_address,
    move_person,
    take_back,
)
from accounts.roles import LastAdministrator, end_roles_of_the_gone
from accounts.values import clean_email, clean_name
from tests.factories import NOW, grant, make_person

TODAY = NOW.date()


def history(person: Person) -> list[tuple]:
    rows = Membership.objects.filter(person=person).order_by("starts_on")
    return [(row.department.name, row.starts_on, row.ends_on) for row in rows]


def invite(cast, **fields):
    given = {"email": "nowa@example.com", "first_name": "Nowa", "last_name": "Osoba", "department": cast.shops}
    return invite_person(**(given | fields), by=cast.hr, now=NOW, today=TODAY)


def give_every_way_in(person: Person) -> None:
    EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    for kind in Authenticator.Type.values:
        Authenticator.objects.create(user=person, type=kind, data={})


def ways_in(person: Person) -> list:
    addresses, seconds = EmailAddress.objects.filter(user=person), Authenticator.objects.filter(user=person)
    return [*addresses, *seconds, *(["password"] if Person.objects.get(pk=person.pk).has_usable_password() else [])]


def test_an_invited_person_has_no_password_and_a_membership_from_the_start(cast):
    person = invite(cast, email=" Nowa@Example.COM ", employment_start=dt.date(2026, 6, 15))
    assert person.email == "nowa@example.com"
    assert not person.has_usable_password()
    assert history(person) == [("Shops", dt.date(2026, 6, 15), None)]
    event = AuditEvent.objects.get(action="people.invite")
    assert (event.actor, event.subject_id) == (cast.hr, str(person.pk))


def test_nobody_is_invited_twice_in_another_case(cast):
    with pytest.raises(AddressTaken):
        invite(cast, email=cast.employee.email.upper())


@pytest.mark.parametrize("address", ["", "ewa", "ewa@", "ewа@example.com", "e\u200bwa@example.com", "żółć@example.com"])
def test_an_address_that_is_none_or_only_looks_like_one_is_refused(address):
    with pytest.raises(ValidationError):
        clean_email(address)


def test_lookalike_forms_of_one_address_collapse():
    assert clean_email("Ｅwa＠example.com\u00a0") == "ewa@example.com"


@pytest.mark.parametrize("name", ["", " ", "=SUM(A1)", "+48", "@ewa", "＝1", "Ewa\nBcc: x", "a" * 81, "Ewa\u202e"])
def test_a_name_that_could_do_harm_is_refused(name):
    with pytest.raises(ValidationError):
        clean_name(name)


def test_a_change_is_written_with_before_and_after(cast):
    change_person(cast.employee, last_name="Żak", first_name="Ewa", by=cast.hr, now=NOW)
    event = AuditEvent.objects.get(action="people.change")
    assert event.detail == {"before": {"last_name": "Pracownicka"}, "after": {"last_name": "Żak"}}


def test_saying_the_same_again_writes_nothing(cast):
    change_person(cast.employee, last_name="Pracownicka", by=cast.hr, now=NOW)
    assert not AuditEvent.objects.exists()


def test_a_new_address_ends_what_belonged_to_the_old_one(cast, sign_in):
    give_every_way_in(cast.employee)
    browser = sign_in(cast.employee)
    person = change_person(cast.employee, email="ewa.nowa@example.com", by=cast.hr, now=NOW)
    assert not person.has_usable_password()
    assert ways_in(person) == []
    assert browser.get("/profile/").status_code == 302


def test_old_and_new_address_are_told_that_codes_go_elsewhere(cast, mailoutbox, django_capture_on_commit_callbacks):
    Person.objects.filter(pk=cast.employee.pk).update(language="en")
    with django_capture_on_commit_callbacks(execute=True):
        change_person(cast.employee, email="ewa.nowa@example.com", first_name="Ewa", by=cast.hr, now=NOW)
    old = cast.employee.email
    assert [mail.to for mail in mailoutbox] == [[old], ["ewa.nowa@example.com"]]
    for mail in mailoutbox:
        assert mail.subject == "Your sign-in address was changed"
        assert f"ewa.nowa@example.com, no longer to {old}." in mail.body


def test_no_mail_server_does_not_undo_a_new_address(cast, monkeypatch, django_capture_on_commit_callbacks, caplog):
    def away(*args, **more):
        raise ConnectionRefusedError

    monkeypatch.setattr("django.core.mail.EmailMultiAlternatives.send", away)
    with django_capture_on_commit_callbacks(execute=True):
        person = change_person(cast.employee, email="ewa.nowa@example.com", by=cast.hr, now=NOW)
    assert Person.objects.get(pk=person.pk).email == "ewa.nowa@example.com"
    assert caplog.text.count("tell_of_new_address") >= 2


def test_hr_cannot_take_over_an_account_with_a_role_by_changing_its_address(cast):
    for person in (cast.sysadmin, cast.editor, cast.hr):
        with pytest.raises(AddressNotYours):
            change_person(person, email="mine@example.com", by=cast.hr, now=NOW)
    change_person(cast.manager, email="fine@example.com", by=cast.hr, now=NOW)
    change_person(cast.editor, email="fine.too@example.com", by=cast.sysadmin, now=NOW)


def test_managers_never_form_a_circle(cast):
    with pytest.raises(ManagersInCircle):
        change_person(cast.manager, manager=cast.employee, by=cast.hr, now=NOW)
    with pytest.raises(ManagersInCircle):
        change_person(cast.manager, manager=cast.manager, by=cast.hr, now=NOW)


def test_moving_keeps_the_history_by_day(cast):
    move_person(cast.employee, department=cast.payroll, by=cast.hr, now=NOW, today=TODAY)
    assert history(cast.employee) == [("Shops", dt.date(2026, 1, 7), TODAY), ("Payroll", TODAY, None)]
    assert AuditEvent.objects.get(action="people.move").detail == {
        "before": "Firma / Sales / Shops",
        "after": "Firma / Payroll",
    }


def test_moving_twice_on_one_day_leaves_one_department_for_that_day(cast):
    for department in (cast.payroll, cast.sales):
        move_person(cast.employee, department=department, by=cast.hr, now=NOW, today=TODAY)
    assert history(cast.employee) == [("Shops", dt.date(2026, 1, 7), TODAY), ("Sales", TODAY, None)]


def test_a_corrected_start_moves_the_first_membership(cast):
    change_person(cast.employee, employment_start=dt.date(2025, 12, 1), by=cast.hr, now=NOW)
    assert history(cast.employee) == [("Shops", dt.date(2025, 12, 1), None)]


def test_someone_who_left_loses_roles_membership_and_session(cast, sign_in):
    browser = sign_in(cast.manager)
    mark_left(cast.manager, left_on=dt.date(2026, 5, 1), by=cast.hr, now=NOW, today=NOW.date())
    assert not RoleGrant.objects.filter(person=cast.manager).exists()
    assert history(cast.manager) == [("Sales", dt.date(2026, 1, 7), dt.date(2026, 5, 1))]
    assert browser.get("/profile/").status_code == 302
    assert {"people.leave", "roles.revoke"} == set(AuditEvent.objects.values_list("action", flat=True))


def test_leaving_happens_once_and_not_to_oneself(cast):
    mark_left(cast.employee, left_on=TODAY, by=cast.hr, now=NOW, today=NOW.date())
    with pytest.raises(AlreadyLeft):
        mark_left(cast.employee, left_on=TODAY, by=cast.hr, now=NOW, today=NOW.date())
    with pytest.raises(LeavingYourself):
        mark_left(cast.hr, left_on=TODAY, by=cast.hr, now=NOW, today=NOW.date())


def test_the_last_administrator_cannot_leave(cast):
    with pytest.raises(LastAdministrator):
        mark_left(cast.sysadmin, left_on=TODAY, by=cast.hr, now=NOW, today=NOW.date())
    cast.sysadmin.refresh_from_db()
    assert cast.sysadmin.left_on is None
    grant(make_person(cast.company), Role.SYSADMIN)
    mark_left(cast.sysadmin, left_on=TODAY, by=cast.hr, now=NOW, today=NOW.date())


def test_the_last_administrator_without_notice_cannot_leave(cast):
    other = grant(make_person(cast.company), Role.SYSADMIN)
    mark_left(other, left_on=dt.date(2199, 12, 31), by=cast.hr, now=NOW, today=TODAY)
    with pytest.raises(LastAdministrator):
        mark_left(cast.sysadmin, left_on=TODAY, by=cast.hr, now=NOW, today=TODAY)
    with pytest.raises(LastAdministrator):
        mark_left(cast.sysadmin, left_on=dt.date(2199, 12, 31), by=cast.hr, now=NOW, today=TODAY)


def test_hr_takes_no_role_by_a_departure_that_is_called_off(cast):
    mark_left(cast.editor, left_on=dt.date(2199, 12, 31), by=cast.hr, now=NOW, today=TODAY)
    assert not may_change_address(cast.editor, by=cast.hr)
    take_back(cast.editor, on=TODAY, department=cast.company, by=cast.hr, now=NOW)
    assert [held.role for held in RoleGrant.objects.filter(person=cast.editor)] == [Role.EDITOR]


def test_roles_end_on_the_day_of_a_departure_recorded_ahead(cast):
    last_day = TODAY + dt.timedelta(days=30)
    mark_left(cast.manager, left_on=last_day, by=cast.hr, now=NOW, today=TODAY)
    assert end_roles_of_the_gone(now=NOW, today=last_day - dt.timedelta(days=1)) == 0
    assert RoleGrant.objects.filter(person=cast.manager).exists()
    assert end_roles_of_the_gone(now=NOW, today=last_day) == 1
    assert not RoleGrant.objects.filter(person=cast.manager).exists()
    assert AuditEvent.objects.get(action="roles.revoke").actor is None
    assert end_roles_of_the_gone(now=NOW, today=last_day) == 0


def test_a_mistyped_year_takes_no_history(cast):
    for day, refusal in ((dt.date(2006, 6, 1), LeftBeforeStarting), (dt.date(2026, 1, 6), LeftBeforeStarting)):
        with pytest.raises(refusal):
            mark_left(cast.employee, left_on=day, by=cast.hr, now=NOW, today=TODAY)
    Membership.objects.filter(person=cast.employee).update(starts_on=dt.date(2003, 1, 1))
    with pytest.raises(LeftLongAgo):
        mark_left(cast.employee, left_on=TODAY - dt.timedelta(days=367), by=cast.hr, now=NOW, today=TODAY)
    assert history(cast.employee) == [("Shops", dt.date(2003, 1, 1), None)]
    mark_left(cast.employee, left_on=TODAY - dt.timedelta(days=366), by=cast.hr, now=NOW, today=TODAY)


def test_who_comes_back_signs_in_by_code_as_on_the_first_day(cast):
    give_every_way_in(cast.employee)
    mark_left(cast.employee, left_on=TODAY, by=cast.hr, now=NOW, today=TODAY)
    take_back(cast.employee, on=TODAY, department=cast.shops, by=cast.hr, now=NOW)
    assert ways_in(cast.employee) == []


def test_a_departure_called_off_leaves_every_way_in(cast):
    give_every_way_in(cast.employee)
    before = ways_in(cast.employee)
    mark_left(cast.employee, left_on=dt.date(2026, 7, 1), by=cast.hr, now=NOW, today=TODAY)
    take_back(cast.employee, on=TODAY, department=cast.shops, by=cast.hr, now=NOW)
    assert ways_in(cast.employee) == before


@pytest.mark.parametrize("days_on", [0, 40])
def test_moved_during_notice_and_back_again(cast, days_on):
    last_day = TODAY + dt.timedelta(days=30)
    mark_left(cast.employee, left_on=last_day, by=cast.hr, now=NOW, today=TODAY)
    move_person(cast.employee, department=cast.payroll, by=cast.hr, now=NOW, today=TODAY)
    assert history(cast.employee)[1:] == [("Payroll", TODAY, last_day)]
    again = TODAY + dt.timedelta(days=days_on)
    take_back(cast.employee, on=again, department=cast.payroll, by=cast.hr, now=NOW)
    assert history(cast.employee)[2:] == [("Payroll", max(again, last_day), None)]


def test_coming_back_starts_a_new_employment_without_the_old_roles(cast):
    mark_left(cast.manager, left_on=dt.date(2026, 5, 1), by=cast.hr, now=NOW, today=NOW.date())
    grant(cast.manager, Role.MANAGER, cast.sales)
    person = take_back(cast.manager, on=TODAY, department=cast.payroll, by=cast.hr, now=NOW)
    assert (person.left_on, person.employment_start) == (None, TODAY)
    assert not RoleGrant.objects.filter(person=person).exists()
    assert history(person) == [("Sales", dt.date(2026, 1, 7), dt.date(2026, 5, 1)), ("Payroll", TODAY, None)]


def test_a_departure_still_ahead_can_be_called_off(cast):
    mark_left(cast.employee, left_on=dt.date(2026, 7, 1), by=cast.hr, now=NOW, today=NOW.date())
    person = take_back(cast.employee, on=TODAY, department=cast.shops, by=cast.hr, now=NOW)
    assert person.employment_start == dt.date(2026, 1, 7)
    with pytest.raises(StillHere):
        take_back(cast.employee, on=TODAY, department=cast.shops, by=cast.hr, now=NOW)
