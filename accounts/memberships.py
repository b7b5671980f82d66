"""The dated history of who worked where, kept for one person and for a whole roster by the same statements."""

import datetime as dt
from collections.abc import Collection, Iterable

from django.db import connection
from django.db.models import Q

from accounts.models import Membership


def begin(rows: Iterable[tuple[int, int, dt.date, dt.date | None]]) -> None:
    """(person id, department id, first day, first day out of the company if it is known) for people who have no
    membership on or after the first day. Whoever is out by then gets none."""
    Membership.objects.bulk_create(
        Membership(person_id=person, department_id=department, starts_on=day, ends_on=left_on)
        for person, department, day, left_on in rows
        if left_on is None or day < left_on
    )


def end(person_ids: Collection[int], *, on: dt.date) -> None:
    """No membership of these people reaches beyond `on`, their first day no longer there."""
    memberships = Membership.objects.filter(person__in=person_ids)
    memberships.filter(starts_on__gte=on).delete()
    memberships.filter(Q(ends_on=None) | Q(ends_on__gt=on)).update(ends_on=on)


def shift_starts(rows: Collection[tuple[int, dt.date, dt.date]]) -> None:
    """(person id, old start, new start): a corrected start of employment moves the first day of the first membership.

    Where that would overlap or turn round, the membership stays as it is.
    """
    if not rows:
        return
    people, old, new = (list(column) for column in zip(*rows, strict=True))
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE accounts_membership this
               SET starts_on = shift.new
              FROM unnest(%s::bigint[], %s::date[], %s::date[]) AS shift(person_id, old, new)
             WHERE this.person_id = shift.person_id AND this.starts_on = shift.old
               AND (this.ends_on IS NULL OR this.ends_on > shift.new)
               AND NOT EXISTS (SELECT FROM accounts_membership earlier
                                WHERE earlier.person_id = this.person_id AND earlier.starts_on < this.starts_on)
            """,
            [people, old, new],
        )
