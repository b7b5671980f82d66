"""Who works in the demo company and which roles they hold."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import transaction

from accounts.models import Department, Person, Role
from accounts.people import invite_person
from accounts.roles import grant_role
from accounts.roster.applying import apply_roster, plan_roster, upload_roster

ROSTER = Path(settings.BASE_DIR) / "demo" / "roster.csv"
PASSWORD = "five-rules-demo"  # noqa: S105 - printed at every start; these people do not exist


@dataclass(frozen=True)
class Account:
    role: str
    email: str


@transaction.atomic
def import_people(*, now: dt.datetime, today: dt.date) -> Person:
    """Import the roster as HR would; returns the HR person who did."""
    hr = invite_person(
        email="hr@example.com",
        first_name="Hanna",
        last_name="Wierzbicka",
        department=None,
        by=None,
        now=now,
        today=today,
        employment_start=today - dt.timedelta(days=900),
    )
    grant_role(hr, role=Role.HR, by=None, now=now)
    roster = upload_roster(
        filename=ROSTER.name, content=ROSTER.read_bytes(), marks_missing_as_left=False, by=hr, now=now, today=today
    )
    apply_roster(roster, plan_hash=plan_roster(roster, today=today).hash, by=hr, now=now, today=today)
    return hr


@transaction.atomic
def give_roles(*, now: dt.datetime) -> None:
    """Whoever has reports manages the own department; beside them one editor and one administrator."""
    office = Department.objects.order_by("pk").first()
    today = now.date()
    for address, first, last, role in (
        ("editor@example.com", "Róża", "Brzezicka", Role.EDITOR),
        ("admin@example.com", "Szymon", "Zagrodny", Role.SYSADMIN),
    ):
        person = invite_person(
            email=address,
            first_name=first,
            last_name=last,
            department=office,
            by=None,
            now=now,
            today=today,
            employment_start=today - dt.timedelta(days=700),
        )
        grant_role(person, role=role, by=None, now=now)
    bosses = Person.objects.filter(reports__isnull=False, department__parent__isnull=False).distinct()
    for boss in bosses.select_related("department"):
        grant_role(boss, role=Role.MANAGER, department=boss.department, by=None, now=now)


def set_passwords() -> None:
    for account in accounts():
        person = Person.objects.get(email=account.email)
        person.set_password(PASSWORD)
        person.save(update_fields=["password"])


def accounts() -> list[Account]:
    """One account a role: those with fixed addresses, a manager of many, and employees who differ in what is ahead."""
    found = [
        Account("HR", "hr@example.com"),
        Account("content editor", "editor@example.com"),
        Account("system administrator", "admin@example.com"),
    ]
    managers = Person.objects.filter(grants__role=Role.MANAGER, grants__department__parent__isnull=False)
    manager = managers.order_by("grants__department__path", "pk").first()
    if manager:
        found.append(Account("department manager", manager.email))
    staff = Person.objects.filter(grants=None, cycles__closed_at=None, cycles__isnull=False).order_by("pk")
    for role, people in (
        (
            "employee, not started",
            staff.filter(cycles__started_at=None, language="pl", leaves=None, cycles__waivers=None),
        ),
        ("employee, half way (English)", staff.filter(cycles__started_at__isnull=False, language="en", leaves=None)),
        ("employee, completed", Person.objects.filter(grants=None, completions__isnull=False).order_by("pk")),
    ):
        person = people.first()
        if person:
            found.append(Account(role, person.email))
    return found
