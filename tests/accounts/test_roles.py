import pytest

from accounts.models import AuditEvent, Role, RoleGrant
from accounts.people import mark_left
from accounts.roles import (
    LastAdministrator,
    RoleForSomeoneGone,
    RoleForYourself,
    RoleNeedsDepartment,
    RoleNotYours,
    grant_role,
    grantable_by,
    revoke_role,
)
from tests.factories import NOW, grant, make_person

EVERYONE = ("employee", "colleague", "manager", "hr", "editor", "sysadmin")
ALLOWED = {(giver, role) for giver, roles in {"hr": ["manager"], "sysadmin": Role.values}.items() for role in roles}


@pytest.mark.parametrize("giver", EVERYONE)
@pytest.mark.parametrize("role", Role.values)
def test_nobody_gives_what_they_may_not(cast, giver, role):
    by, person = cast.actor(giver), make_person(cast.shops)
    department = cast.payroll if role == Role.MANAGER else None
    if (giver, role) in ALLOWED:
        assert grant_role(person, role=role, department=department, by=by, now=NOW).granted_by == by
        assert AuditEvent.objects.get(action="roles.grant").detail["role"] == role
    else:
        with pytest.raises(RoleNotYours):
            grant_role(person, role=role, department=department, by=by, now=NOW)
        assert not RoleGrant.objects.filter(person=person).exists()


@pytest.mark.parametrize("giver", EVERYONE)
@pytest.mark.parametrize("role", Role.values)
def test_nobody_gives_anything_to_themselves(cast, giver, role):
    by = cast.actor(giver)
    before = set(RoleGrant.objects.values_list("person", "role"))
    with pytest.raises((RoleForYourself, RoleNotYours)):
        grant_role(by, role=role, department=cast.payroll if role == Role.MANAGER else None, by=by, now=NOW)
    assert set(RoleGrant.objects.values_list("person", "role")) == before


@pytest.mark.parametrize("giver", EVERYONE)
@pytest.mark.parametrize("role", Role.values)
def test_nobody_takes_what_they_may_not_give(cast, giver, role):
    department = cast.payroll if role == Role.MANAGER else None
    victim = RoleGrant.objects.get(person=grant(make_person(cast.shops), role, department))
    if (giver, role) in ALLOWED:
        revoke_role(victim, by=cast.actor(giver), now=NOW)
        assert not RoleGrant.objects.filter(pk=victim.pk).exists()
    else:
        with pytest.raises(RoleNotYours):
            revoke_role(victim, by=cast.actor(giver), now=NOW)


def test_a_right_that_was_taken_is_gone_at_once_even_for_a_request_that_remembers_it(cast):
    assert cast.hr.is_hr
    revoke_role(RoleGrant.objects.get(person=cast.hr), by=cast.sysadmin, now=NOW)
    assert grantable_by(cast.hr) == frozenset()


def test_giving_a_role_twice_changes_nothing(cast):
    for _ in range(2):
        grant_role(cast.employee, role=Role.MANAGER, department=cast.shops, by=cast.hr, now=NOW)
    assert AuditEvent.objects.count() == 1


@pytest.mark.parametrize(("role", "with_department"), [(Role.MANAGER, False), (Role.HR, True)])
def test_only_a_manager_is_responsible_for_a_department(cast, role, with_department):
    with pytest.raises(RoleNeedsDepartment):
        grant_role(
            cast.employee, role=role, department=cast.shops if with_department else None, by=cast.sysadmin, now=NOW
        )


def test_someone_who_left_gets_no_role(cast):
    mark_left(cast.employee, left_on=NOW.date(), by=cast.hr, now=NOW, today=NOW.date())
    with pytest.raises(RoleForSomeoneGone):
        grant_role(cast.employee, role=Role.HR, by=cast.sysadmin, now=NOW)


def test_the_last_administrator_stays(cast):
    last = RoleGrant.objects.get(person=cast.sysadmin)
    with pytest.raises(LastAdministrator):
        revoke_role(last, by=cast.sysadmin, now=NOW)
    grant_role(cast.employee, role=Role.SYSADMIN, by=cast.sysadmin, now=NOW)
    revoke_role(last, by=cast.sysadmin, now=NOW)
