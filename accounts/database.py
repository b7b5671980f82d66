"""What PostgreSQL does better than the ORM: locks that end with the transaction, and ids ahead of the rows."""

from django.db import connection, models


def hold(name: str) -> None:
    """Wait for the named lock; it is given back when the transaction ends. Named locks come before any row is locked,
    or two transactions wait for each other."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [name])


def try_hold(name: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext(%s))", [name])
        return bool(cursor.fetchone()[0])


def next_ids(model: type[models.Model], count: int) -> list[int]:
    """Ids for rows to come, so that rows which point at each other go in with one statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
            [model._meta.db_table, count],
        )
        return [row[0] for row in cursor.fetchall()]
