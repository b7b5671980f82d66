"""Inviting people, changing what is known about them, their leaving and coming back."""

import datetime as dt
from typing import Any

from django.db import connection, transaction
from django.db.models import Min
from django.utils.translation import gettext_lazy as _

from accounts import audit, credentials, memberships
from accounts.database import hold
from accounts.models import Department, Language, Membership, Person, RoleGrant
from accounts.refusals import Refusal
from accounts.roles import end_roles, grantable_by, keep_an_administrator
from accounts.values import clean_email, clean_name

YEAR = dt.timedelta(days=366)
CHANGEABLE = ("email", "first_name", "last_name", "language", "manager", "employment_start")


class AddressTaken(Refusal):
    reason = _("Someone already has this e-mail address.")


class AddressNotYours(Refusal):
    reason = _(
        "The address of someone with a role is where their sign-in codes go. "
        "Only someone who may give that role may change it: ask a system administrator."
    )


class ManagersInCircle(Refusal):
    reason = _("This manager reports, directly or through others, to this very person.")


class AlreadyLeft(Refusal):
    reason = _("This person has already left.")


class StillHere(Refusal):
    reason = _("This person has not left.")


class LeftBeforeStarting(Refusal):
    reason = _("On that day this person did not work here yet. Check the year.")


class LeftLongAgo(Refusal):
    reason = _("That day is more than a year ago. Check the year: what is known of the time after it would be lost.")


class LeavingYourself(Refusal):
    reason = _("You cannot mark yourself as having left. Ask a colleague.")


def invite_person(  # noqa: PLR0913 - everything that is known of a person
    *,
    email: str,
    first_name: str,
    last_name: str,
    department: Department | None,
    by: Person | None,
    now: dt.datetime,
    today: dt.date,
    manager: Person | None = None,
    language: str = Language.POLISH,
    employment_start: dt.date | None = None,
) -> Person:
    """A new account without a password: its owner signs in with a code sent to the address."""
    with transaction.atomic():
        hold("addresses")
        email = clean_email(email)
        _refuse_taken(email)
        person = Person(
            email=email,
            first_name=clean_name(first_name),
            last_name=clean_name(last_name),
            language=language,
            department=department,
            manager=manager,
            employment_start=employment_start,
            created_at=now,
        )
        person.set_unusable_password()
        person.save(force_insert=True)
        if department:
            memberships.begin([(person.pk, department.pk, employment_start or today, None)])
        audit.record("people.invite", subject=person, by=by, now=now, after=_readable(person, CHANGEABLE))
    return person


def change_person(person: Person, *, by: Person | None, now: dt.datetime, **changes: Any) -> Person:
    """Change any of CHANGEABLE. A new address signs the person out everywhere, removes password, authenticator app and
    passkeys, and is told to the old address and the new one."""
    unknown = changes.keys() - set(CHANGEABLE)
    if unknown:
        raise TypeError(f"not changeable: {sorted(unknown)}")
    with transaction.atomic():
        hold("managers")
        hold("addresses")
        person = Person.objects.select_for_update(of=("self",)).select_related("manager").get(pk=person.pk)
        changes = {name: value for name, value in _cleaned(changes).items() if value != getattr(person, name)}
        if not changes:
            return person
        if "email" in changes:
            _check_new_address(person, changes["email"], by=by)
        if changes.get("manager") and reports_to(changes["manager"], person):
            raise ManagersInCircle
        if changes.get("employment_start") and person.employment_start:
            memberships.shift_starts([(person.pk, person.employment_start, changes["employment_start"])])
        before = _readable(person, changes)
        for name, value in changes.items():
            setattr(person, name, value)
        person.save(update_fields=[*changes])
        if "email" in changes:
            credentials.withdraw([person.pk])
            person.refresh_from_db(fields=["password"])
            credentials.tell_of_new_address(person, old=before["email"])
        audit.record("people.change", subject=person, by=by, now=now, before=before, after=_readable(person, changes))
    return person


def move_person(
    person: Person, *, department: Department | None, by: Person | None, now: dt.datetime, today: dt.date
) -> Person:
    """Move to another department from `today` on; the days before stay with the old one."""
    with transaction.atomic():
        person = Person.objects.select_for_update(of=("self",)).select_related("department").get(pk=person.pk)
        if person.department_id == (department and department.pk):
            return person
        before = str(person.department or "")
        person.department = department
        person.save(update_fields=["department"])
        day = max(today, person.employment_start or today)
        memberships.end([person.pk], on=today)
        if department:
            memberships.begin([(person.pk, department.pk, day, person.left_on)])
        audit.record("people.move", subject=person, by=by, now=now, before=before, after=str(department or ""))
    return person


def mark_left(person: Person, *, left_on: dt.date, by: Person | None, now: dt.datetime, today: dt.date) -> Person:
    """Record the first day out of the company. From that day on sign-in and sessions are refused, and roles end."""
    with transaction.atomic():
        hold("roles")
        person = Person.objects.select_for_update().get(pk=person.pk)
        if by and by.pk == person.pk:
            raise LeavingYourself
        if person.left_on is not None and person.left_on <= left_on:
            raise AlreadyLeft
        _check_departure(person, left_on, today=today)
        before = person.left_on
        person.left_on = left_on
        person.save(update_fields=["left_on"])
        memberships.end([person.pk], on=left_on)
        if left_on <= today:
            audit.record_all(end_roles([person.pk], by=by, now=now))
        else:
            keep_an_administrator(without=RoleGrant.objects.filter(person=person))
        audit.record(
            "people.leave",
            subject=person,
            by=by,
            now=now,
            before={"left_on": before and before.isoformat()},
            after={"left_on": left_on.isoformat()},
        )
    return person


def take_back(
    person: Person, *, on: dt.date, department: Department | None, by: Person | None, now: dt.datetime
) -> Person:
    """Someone who left works here again from `on`; a departure still ahead is called off. Roles do not come back, and
    nothing signs in any more that did before: the address may have been given to somebody else meanwhile."""
    with transaction.atomic():
        hold("roles")
        person = Person.objects.select_for_update().get(pk=person.pk)
        if person.left_on is None:
            raise StillHere
        before = person.left_on
        person.left_on, person.department = None, department
        if before <= on:
            person.employment_start = on
            audit.record_all(end_roles([person.pk], by=by, now=now))
        person.save(update_fields=["left_on", "department", "employment_start"])
        if before <= on:
            credentials.withdraw([person.pk])
        if department:
            day = max(on, before)
            memberships.end([person.pk], on=day)
            memberships.begin([(person.pk, department.pk, day, None)])
        audit.record(
            "people.return",
            subject=person,
            by=by,
            now=now,
            before={"left_on": before.isoformat()},
            after=_readable(person, ("employment_start", "department")),
        )
    return person


def may_change_address(person: Person, *, by: Person) -> bool:
    """Changing where sign-in codes go is as good as taking over the account and its roles."""
    roles = set(RoleGrant.objects.filter(person=person).values_list("role", flat=True))
    return roles <= grantable_by(by)


def reports_to(person: Person, boss: Person) -> bool:
    """Is `boss` the person itself or anywhere above it?"""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH RECURSIVE above(id, manager_id) AS (
              SELECT id, manager_id FROM accounts_person WHERE id = %s
              UNION
              SELECT up.id, up.manager_id FROM accounts_person up JOIN above ON up.id = above.manager_id
            )
            SELECT EXISTS (SELECT FROM above WHERE id = %s)
            """,
            [person.pk, boss.pk],
        )
        return bool(cursor.fetchone()[0])


def _cleaned(changes: dict[str, Any]) -> dict[str, Any]:
    cleaners = {"email": clean_email, "first_name": clean_name, "last_name": clean_name}
    return {name: cleaners[name](value) if name in cleaners else value for name, value in changes.items()}


def _check_departure(person: Person, left_on: dt.date, *, today: dt.date) -> None:
    """A mistyped year would take the days after it from the history of departments."""
    first = Membership.objects.filter(person=person).aggregate(first=Min("starts_on"))["first"]
    start = first or person.employment_start
    if start and left_on < start:
        raise LeftBeforeStarting
    if left_on < today - YEAR:
        raise LeftLongAgo


def _check_new_address(person: Person, email: str, *, by: Person | None) -> None:
    if by is not None and not may_change_address(person, by=by):
        raise AddressNotYours
    _refuse_taken(email)


def _refuse_taken(email: str) -> None:
    if Person.objects.filter(email=email).exists():
        raise AddressTaken


def _readable(person: Person, names: Any) -> dict[str, str]:
    return {name: str(getattr(person, name) or "") for name in names}
