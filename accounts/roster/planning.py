"""What a roster would change: the difference between its entries and the company as it is now."""

import datetime as dt
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from operator import attrgetter
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import Department, Person, Role, RoleGrant
from accounts.roster.columns import TITLES
from accounts.roster.rows import Entry, Problem, Reading, shown
from accounts.values import PATH_SEPARATOR, likeness

MANY = 0.2


@dataclass(frozen=True)
class Known:
    """A person as the database has them."""

    pk: int
    email: str
    first_name: str
    last_name: str
    path: str | None
    manager: str | None
    start: dt.date | None
    left_on: dt.date | None

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}"


@dataclass(frozen=True)
class Company:
    people: dict[str, Known]
    paths: list[str]
    administrators: frozenset[int]


@dataclass(frozen=True)
class FieldChange:
    field: str
    label: str
    old: str
    new: str


@dataclass(frozen=True)
class Update:
    """An existing person and what the file says of them."""

    person: Known
    entry: Entry
    fields: tuple[FieldChange, ...] = ()

    @property
    def path(self) -> str:
        return PATH_SEPARATOR.join(self.entry.path)


@dataclass
class Plan:
    joining: list[Entry] = field(default_factory=list)
    changed: list[Update] = field(default_factory=list)
    moved: list[Update] = field(default_factory=list)
    returning: list[Update] = field(default_factory=list)
    missing: list[Known] = field(default_factory=list)
    marks_missing_as_left: bool = False
    unchanged: int = 0
    employed: int = 0
    departments: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @property
    def leaving(self) -> list[Known]:
        return self.missing if self.marks_missing_as_left else []

    @property
    def many_leave(self) -> bool:
        """So many that a wrong file is likelier than a wave of departures."""
        return len(self.leaving) > MANY * self.employed

    @property
    def changes_nothing(self) -> bool:
        return not (self.joining or self.changed or self.moved or self.returning or self.leaving or self.departments)

    @cached_property
    def hash(self) -> str:
        """Equal for two plans that would do the same."""

        def update(row: Update) -> list[Any]:
            return [
                row.person.pk,
                row.path,
                str(row.entry.start),
                [(change.field, change.new) for change in row.fields],
            ]

        facts = {
            "joining": [
                [e.email, e.first_name, e.last_name, e.path, e.manager, e.language, str(e.start)] for e in self.joining
            ],
            "changed": [update(row) for row in self.changed],
            "moved": [[*update(row), row.person.path] for row in self.moved],
            "returning": [update(row) for row in self.returning],
            "leaving": [person.pk for person in self.leaving],
            "departments": self.departments,
        }
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def load_company(*, lock: bool = False) -> Company:
    people = Person.objects.order_by("pk")
    if lock:
        people = people.select_for_update(of=("self",))
    rows = people.values_list(
        "pk", "email", "first_name", "last_name", "department__path", "manager__email", "employment_start", "left_on"
    )
    staying = RoleGrant.objects.filter(role=Role.SYSADMIN, person__left_on=None)
    return Company(
        people={row[1]: Known(*row) for row in rows},
        paths=list(Department.objects.order_by("path").values_list("path", flat=True)),
        administrators=frozenset(staying.values_list("person", flat=True)),
    )


def make_plan(
    reading: Reading, company: Company, *, marks_missing_as_left: bool, uploaded_by: int, today: dt.date
) -> Plan:
    plan = Plan(marks_missing_as_left=marks_missing_as_left, problems=list(reading.problems))
    for entry in reading.entries:
        _place(entry, company.people.get(entry.email), plan, today)
    at_work = [person for person in company.people.values() if not _is_gone(person, today)]
    plan.employed = len(at_work)
    plan.missing = [person for person in at_work if person.email not in reading.lines and person.left_on is None]
    plan.departments, strange = _new_departments(reading.entries, company.paths)
    plan.problems += strange
    plan.problems += _manager_problems(reading, company, {person.email for person in plan.leaving}, today)
    plan.problems += _circles(reading.entries, company)
    plan.problems += _indispensable(plan, company, uploaded_by)
    plan.problems.sort(key=lambda problem: problem.line)
    return plan


def _is_gone(person: Known, today: dt.date) -> bool:
    return person.left_on is not None and person.left_on <= today


def _place(entry: Entry, person: Known | None, plan: Plan, today: dt.date) -> None:
    if person is None:
        plan.joining.append(entry)
        return
    update = Update(person, entry, _field_changes(person, entry))
    if _is_gone(person, today):
        plan.returning.append(update)
        return
    if update.fields:
        plan.changed.append(update)
    if update.path != person.path:
        plan.moved.append(update)
    elif not update.fields:
        plan.unchanged += 1


def _field_changes(person: Known, entry: Entry) -> tuple[FieldChange, ...]:
    """An empty start date changes nothing, an empty manager does. The language is the person's own choice."""
    pairs = {
        "first_name": (person.first_name, entry.first_name),
        "last_name": (person.last_name, entry.last_name),
        "manager": (person.manager or "", entry.manager),
        "start": (_iso(person.start), _iso(entry.start) or _iso(person.start)),
    }
    return tuple(FieldChange(name, str(TITLES[name]), old, new) for name, (old, new) in pairs.items() if old != new)


def _iso(day: dt.date | None) -> str:
    return day.isoformat() if day else ""


def _new_departments(entries: Iterable[Entry], paths: Iterable[str]) -> tuple[list[str], list[Problem]]:
    """Paths that the file brings; one that differs from a known one only in looks is a problem."""
    spellings: dict[tuple[str, ...], set[tuple[str, ...]]] = {}
    for path in paths:
        names = tuple(path.split(PATH_SEPARATOR))
        spellings.setdefault(tuple(map(likeness, names)), set()).add(names)
    new: list[str] = []
    problems = []
    seen: set[tuple[str, ...]] = set()
    for entry in entries:
        if entry.path in seen:
            continue
        for level in range(1, len(entry.path) + 1):
            names = entry.path[:level]
            known = spellings.setdefault(tuple(map(likeness, names)), set())
            if names in known:
                continue
            if known:
                problems.append(_strange_department(entry, PATH_SEPARATOR.join(min(known))))
                break
            known.add(names)
            new.append(PATH_SEPARATOR.join(names))
        else:
            seen.add(entry.path)
    return new, problems


def _strange_department(entry: Entry, known: str) -> Problem:
    reason = _("This looks like “%(known)s”. Write it in the same way, or choose a clearly different name.")
    value = shown(PATH_SEPARATOR.join(entry.path))
    return Problem(entry.line, str(TITLES["department"]), value, reason % {"known": known})


def _manager_problems(reading: Reading, company: Company, leaving: set[str], today: dt.date) -> Iterable[Problem]:
    for entry in reading.entries:
        if not entry.manager or entry.manager in reading.lines:
            continue
        person = company.people.get(entry.manager)
        if person is None:
            reason = _("There is nobody with this address, neither in the file nor among the people known.")
        elif _is_gone(person, today) or entry.manager in leaving:
            reason = _("This manager has left.")
        else:
            continue
        yield Problem(entry.line, str(TITLES["manager"]), entry.manager, reason)


def _circles(entries: list[Entry], company: Company) -> Iterable[Problem]:
    """Each circle of managers once, at the first line of the file that is part of it."""
    first: dict[str, Entry] = {entry.email: entry for entry in reversed(entries)}
    above = {email: person.manager for email, person in company.people.items()}
    above |= {entry.email: entry.manager for entry in entries}
    done: set[str] = set()
    for entry in entries:
        chain: dict[str, None] = {}
        here: str | None = entry.email
        while here and here not in done and here not in chain:
            chain[here] = None
            here = above.get(here)
        if here in chain:
            circle = list(chain)[list(chain).index(here) :]
            yield _circle_problem(
                circle, min((first[email] for email in circle if email in first), key=attrgetter("line"))
            )
        done.update(chain)


def _circle_problem(circle: list[str], entry: Entry) -> Problem:
    turned = circle[circle.index(entry.email) :] + circle[: circle.index(entry.email)]
    reason = _("The managers go round in a circle: %(chain)s.") % {"chain": " → ".join([*turned, turned[0]])}
    return Problem(entry.line, str(TITLES["manager"]), entry.manager, reason)


def _indispensable(plan: Plan, company: Company, uploaded_by: int) -> Iterable[Problem]:
    leaving = {person.pk for person in plan.leaving}
    for person in plan.leaving:
        if person.pk == uploaded_by:
            reason = _("You are missing from the file yourself. You cannot mark yourself as having left.")
            yield Problem(0, str(TITLES["email"]), person.email, reason)
    if company.administrators and leaving & company.administrators and company.administrators <= leaving:
        reason = _("The last system administrator is missing from the file. Name another one first.")
        yield Problem(0, str(TITLES["email"]), "", reason)
