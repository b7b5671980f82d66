"""Statements that the ORM puts together once per process: what is asked for every single mail takes longer to put
together than PostgreSQL to answer. They are put together about `NO_ID` and `SOME_DAY`, which no rule knows, and these
give way to what is really asked for."""

import contextlib
import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from django.db import connection
from django.db.backends.postgresql.base import ServerBindingCursor

AT_ONCE = 0


@contextlib.contextmanager
def prepared_cursor() -> Iterator[Any]:
    """A cursor whose statements PostgreSQL reads and plans once per connection, not for every mail. (Django's own
    writes the values into the text.)"""
    connection.ensure_connection()
    raw = connection.connection
    assert raw is not None
    before = raw.cursor_factory, raw.prepare_threshold
    raw.cursor_factory, raw.prepare_threshold = ServerBindingCursor, AT_ONCE
    try:
        with connection.cursor() as cursor:
            yield cursor
    finally:
        raw.cursor_factory, raw.prepare_threshold = before


SOME_DAY, NO_ID = dt.date(1, 1, 1), -(10**12)


def some_ids(number: int) -> range:
    """What stands for so many ids."""
    return range(NO_ID, NO_ID + number)


def given_for(ids: Collection[int]) -> dict[int, int]:
    """These ids in place of what stands for so many."""
    return dict(zip(some_ids(len(ids)), ids, strict=True))


def filled(values: Iterable[Any], given: Mapping[Any, Any]) -> list[Any]:
    """The parameters with what is asked for in place of what stands for it."""
    return [given.get(value, value) if isinstance(value, int | dt.date) else value for value in values]
