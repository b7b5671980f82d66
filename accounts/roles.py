"""Who may give which role to whom: nobody gives what they may not, and nobody gives anything to themselves."""

import datetime as dt
from collections.abc import Collection

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.database import hold
from accounts.models import AuditEvent, Department, Person, Role, RoleGrant
from accounts.refusals import Refusal

GRANTABLE: dict[str, frozenset[str]] = {
    Role.SYSADMIN: frozenset(Role.values),
    Role.HR: frozenset([Role.MANAGER]),
}


class RoleNotYours(Refusal):
    reason = _("You may not give or take this role.")


class RoleForYourself(Refusal):
    reason = _("Nobody gives a role to themselves. Ask a colleague who may.")


class RoleNeedsDepartment(Refusal):
    reason = _("Choose the department that the manager is responsible for; the other roles have none.")


class RoleForSomeoneGone(Refusal):
    reason = _("This person has left. Roles are for people who work here.")


class LastAdministrator(Refusal):
    reason = _("This is the last system administrator. Name another one first.")


def grantable_by(person: Person) -> frozenset[str]:
    """Read from the database, not from what the request remembers."""
    held = RoleGrant.objects.filter(person=person).values_list("role", flat=True)
    return frozenset().union(*(GRANTABLE.get(role, frozenset()) for role in held))


def grant_role(
    person: Person,
    *,
    role: str,
    department: Department | None = None,
    by: Person | None,
    now: dt.datetime,
) -> RoleGrant:
    """Give a role; giving it again changes nothing. `by=None` is the command on the server's own console."""
    with transaction.atomic():
        hold("roles")
        if by is not None:
            _refuse_unless_grantable(role, by=by)
            if by.pk == person.pk:
                raise RoleForYourself
        if not Person.objects.get(pk=person.pk).is_active:
            raise RoleForSomeoneGone
        if (role == Role.MANAGER) != (department is not None):
            raise RoleNeedsDepartment
        grant, created = RoleGrant.objects.get_or_create(
            person=person, role=role, department=department, defaults={"granted_by": by, "granted_at": now}
        )
        if created:
            audit.record("roles.grant", subject=person, by=by, now=now, **_detail(grant))
    return grant


def revoke_role(grant: RoleGrant, *, by: Person, now: dt.datetime) -> None:
    with transaction.atomic():
        hold("roles")
        _refuse_unless_grantable(grant.role, by=by)
        grants = RoleGrant.objects.filter(pk=grant.pk)
        if grant.role == Role.SYSADMIN:
            keep_an_administrator(without=grants)
        audit.record_all(_end(grants, by=by, now=now))


def end_roles(person_ids: Collection[int], *, by: Person | None, now: dt.datetime) -> list[AuditEvent]:
    """Take every role from people who leave; the caller holds "roles", and writes the events with the others."""
    grants = RoleGrant.objects.filter(person__in=person_ids)
    keep_an_administrator(without=grants)
    return _end(grants, by=by, now=now)


def end_roles_of_the_gone(*, now: dt.datetime, today: dt.date) -> int:
    """Roles end on the day that was recorded as the first one out; how many did."""
    with transaction.atomic():
        hold("roles")
        events = _end(RoleGrant.objects.filter(person__left_on__lte=today), by=None, now=now)
        audit.record_all(events)
    return len(events)


def keep_an_administrator(*, without: QuerySet[RoleGrant]) -> None:
    """Refuse when a company that has a system administrator would have none, or only such as have given notice."""
    administrators = RoleGrant.objects.filter(role=Role.SYSADMIN)
    going = without.filter(role=Role.SYSADMIN)
    if not going.exists():
        return
    staying = administrators.exclude(pk__in=going.values("pk"))
    if not staying.filter(person__left_on=None).exists():
        raise LastAdministrator


def _refuse_unless_grantable(role: str, *, by: Person) -> None:
    if role not in grantable_by(by):
        raise RoleNotYours


def _end(grants: QuerySet[RoleGrant], *, by: Person | None, now: dt.datetime) -> list[AuditEvent]:
    ended = list(grants.select_related("person", "department"))
    grants.delete()
    return [audit.event("roles.revoke", subject=grant.person, by=by, now=now, **_detail(grant)) for grant in ended]


def _detail(grant: RoleGrant) -> dict[str, str]:
    detail = {"role": str(grant.role)}
    return detail | {"department": grant.department.path} if grant.department else detail
