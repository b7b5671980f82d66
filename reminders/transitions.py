"""The one way in which a reminder changes state: the rows and their events in the same transaction."""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from accounts.models import Person
from reminders.models import Reason, State
from reminders.prepared import prepared_cursor

HELD = frozenset({State.CLAIMED, State.COMMITTING})
OUTCOMES = frozenset({State.SENT, State.FAILED, State.UNKNOWN, State.CANCELLED, State.SUPERSEDED})


@dataclass(frozen=True)
class Condition:
    """What must hold of the rows besides their ids: SQL that goes on with AND, and common table expressions (each with
    a comma after it) that it speaks of."""

    sql: str = ""
    values: tuple[Any, ...] = ()
    before: str = ""
    before_values: tuple[Any, ...] = ()


def move(
    ids: Collection[int],
    state: State,
    *,
    now: dt.datetime,
    reason: str = Reason.NONE,
    note: str = "",
    by: Person | None = None,
    where: Condition | None = None,
    tries: int = 0,
    **changes: Any,
) -> int:
    """Write the new state of rows that the caller has locked, or that are found as `where` says; how many. Leaving the
    hands of a worker gives back its lease; only `unknown` keeps the token, so that a sender that comes back late can
    still tell what happened. `tries` is added to the attempts.

    One statement: for every mail there are three, and each trip to the database costs more than what it does there.
    """
    if not ids:
        return 0
    if state not in HELD:
        changes["lease_until"] = None
        if state != State.UNKNOWN:
            changes["claim_token"] = None
    changes |= {"state": state, "reason": reason, "settled_at": now if state in OUTCOMES else None}
    assigned = ", ".join(f"{name} = %s" for name in changes)
    where = where or Condition()
    statement = f"""
        WITH {where.before} moved AS (
            UPDATE reminders_reminder SET {assigned}, attempts = attempts + %s
            WHERE id = ANY(%s::bigint[]) {where.sql} RETURNING id
        )
        INSERT INTO reminders_reminderevent (reminder_id, at, state, reason, note, by_id)
        SELECT id, %s::timestamptz, %s, %s, %s, %s::bigint FROM moved"""  # noqa: S608 - names of columns and conditions of ours
    values = [*where.before_values, *changes.values(), tries, list(ids), *where.values]
    with prepared_cursor() as cursor:
        cursor.execute(statement, [*values, now, state, reason, note, by.pk if by else None])
        return cursor.rowcount


def silence(ids_and_reasons: Collection[tuple[int, str]], *, now: dt.datetime) -> int:
    """Settle waiting rows that are not owed any more, each with its reason."""
    by_reason: dict[str, list[int]] = {}
    for pk, reason in ids_and_reasons:
        by_reason.setdefault(reason, []).append(pk)
    for reason, ids in by_reason.items():
        state = State.SUPERSEDED if reason == Reason.NEWER else State.CANCELLED
        move(ids, state, now=now, reason=reason)
    return len(ids_and_reasons)
