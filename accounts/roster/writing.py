"""A plan written to the database with a number of statements that does not grow with the roster."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import connection

from accounts import audit, credentials, memberships
from accounts.database import next_ids
from accounts.departments import create_paths
from accounts.models import AuditEvent, Department, Person, RosterImport
from accounts.roles import end_roles
from accounts.roster.planning import Plan, Update


@dataclass(frozen=True)
class Applied:
    """Ids of the people concerned; whoever assigns training looks at those who joined, moved or returned."""

    joined: list[int]
    moved: list[int]
    returned: list[int]
    changed: list[int]
    left: list[int]


def write(plan: Plan, roster: RosterImport, *, by: Person, now: dt.datetime, today: dt.date) -> Applied:
    paths = [entry.path for entry in plan.joining] + [row.entry.path for row in (*plan.moved, *plan.returning)]
    departments = create_paths(paths, by=by, now=now) if paths else {}
    joined = _insert(plan, departments, now=now)
    ids = dict(Person.objects.values_list("email", "pk"))
    leaving = [person.pk for person in plan.leaving]
    moved = [row.person.pk for row in plan.moved]
    returned = [row.person.pk for row in plan.returning]
    _update(plan, departments, today=today)
    _set_managers(plan, ids)
    Person.objects.filter(pk__in=leaving).update(left_on=today)
    _keep_history(plan, joined, departments, today=today)
    events = list(_events(plan, joined, roster, by=by, now=now, today=today))
    events += end_roles(leaving + returned, by=by, now=now)
    credentials.withdraw(returned)
    applied = Applied(
        joined=[person.pk for person in joined],
        moved=moved,
        returned=returned,
        changed=[row.person.pk for row in plan.changed],
        left=leaving,
    )
    counts = {name: len(people) for name, people in vars(applied).items()}
    events.append(audit.event("roster.apply", subject=roster, subject_name=roster.filename, by=by, now=now, **counts))
    audit.record_all(events)
    return applied


def _insert(plan: Plan, departments: dict[tuple[str, ...], Department], *, now: dt.datetime) -> list[Person]:
    """The new people, without a password and, until everyone has an id, without managers."""
    if not plan.joining:
        return []
    return Person.objects.bulk_create(
        Person(
            pk=pk,
            email=entry.email,
            password=make_password(None),
            first_name=entry.first_name,
            last_name=entry.last_name,
            language=entry.language,
            department=departments[entry.path],
            employment_start=entry.start,
            created_at=now,
        )
        for pk, entry in zip(next_ids(Person, len(plan.joining)), plan.joining, strict=True)
    )


def _new_start(row: Update, *, today: dt.date) -> dt.date | None:
    """Someone who comes back starts on the day the file says, when that day is after the departure."""
    if row.person.left_on is None or row.person.left_on > today:
        return row.entry.start or row.person.start
    return row.entry.start if row.entry.start and row.entry.start >= row.person.left_on else today


def _update(plan: Plan, departments: dict[tuple[str, ...], Department], *, today: dt.date) -> None:
    returning = {row.person.pk for row in plan.returning}
    rows = {row.person.pk: row for row in (*plan.changed, *plan.moved, *plan.returning)}
    if not rows:
        return
    values = [
        (
            pk,
            row.entry.first_name,
            row.entry.last_name,
            departments[row.entry.path].pk if row.entry.path in departments else None,
            _new_start(row, today=today),
            pk in returning,
        )
        for pk, row in rows.items()
    ]
    columns = [list(column) for column in zip(*values, strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE accounts_person
               SET first_name = new.first_name, last_name = new.last_name,
                   department_id = COALESCE(new.department_id, accounts_person.department_id),
                   employment_start = new.employment_start,
                   left_on = CASE WHEN new.returns THEN NULL ELSE left_on END
              FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::bigint[], %s::date[], %s::boolean[])
                   AS new(id, first_name, last_name, department_id, employment_start, returns)
             WHERE accounts_person.id = new.id
            """,
            columns,
        )


def _set_managers(plan: Plan, ids: dict[str, int]) -> None:
    entries = [*plan.joining, *(row.entry for row in (*plan.changed, *plan.moved, *plan.returning))]
    pairs = {ids[entry.email]: ids.get(entry.manager) for entry in entries}
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE accounts_person SET manager_id = new.manager_id
              FROM unnest(%s::bigint[], %s::bigint[]) AS new(id, manager_id)
             WHERE accounts_person.id = new.id AND accounts_person.manager_id IS DISTINCT FROM new.manager_id
            """,
            [list(pairs), list(pairs.values())],
        )


def _keep_history(
    plan: Plan, joined: Sequence[Person], departments: dict[tuple[str, ...], Department], *, today: dt.date
) -> None:
    memberships.shift_starts(
        [
            (row.person.pk, row.person.start, row.entry.start)
            for row in plan.changed
            if row.person.start and row.entry.start and row.person.start != row.entry.start
        ]
    )
    elsewhere = [row.person.pk for row in (*plan.moved, *plan.returning)]
    memberships.end(elsewhere + [person.pk for person in plan.leaving], on=today)
    begun: list[tuple[int, int, dt.date, dt.date | None]] = [
        (person.pk, departments[entry.path].pk, entry.start or today, None)
        for person, entry in zip(joined, plan.joining, strict=True)
    ]
    out = {row.person.pk: row.person.left_on for row in plan.moved}
    for row in (*plan.moved, *plan.returning):
        day = max(today, _new_start(row, today=today) or today)
        begun.append((row.person.pk, departments[row.entry.path].pk, day, out.get(row.person.pk)))
    memberships.begin(begun)


def _events(
    plan: Plan,
    joined: Sequence[Person],
    roster: RosterImport,
    *,
    by: Person,
    now: dt.datetime,
    today: dt.date,
) -> Iterator[AuditEvent]:
    source: dict[str, Any] = {"by": by, "now": now, "roster": str(roster.pk)}
    for person, entry in zip(joined, plan.joining, strict=True):
        after = {"email": entry.email, "department": " / ".join(entry.path), "manager": entry.manager}
        yield audit.event("people.invite", subject=person, after=after, **source)
    for row in plan.changed:
        before = {change.field: change.old for change in row.fields}
        after = {change.field: change.new for change in row.fields}
        yield audit.event("people.change", subject=_person(row), before=before, after=after, **source)
    for row in plan.moved:
        yield audit.event("people.move", subject=_person(row), before=row.person.path or "", after=row.path, **source)
    for row in plan.returning:
        yield audit.event(
            "people.return",
            subject=_person(row),
            before={"left_on": str(row.person.left_on)},
            after={"department": row.path, "employment_start": str(_new_start(row, today=today))},
            **source,
        )
    for known in plan.leaving:
        subject = Person(pk=known.pk, first_name=known.first_name, last_name=known.last_name)
        yield audit.event("people.leave", subject=subject, after={"left_on": today.isoformat()}, **source)


def _person(row: Update) -> Person:
    return Person(pk=row.person.pk, first_name=row.entry.first_name, last_name=row.entry.last_name)
