"""One clock for all workers: leases and sending windows compare times that several machines wrote."""

import datetime as dt

from django.db import connection


def database_now() -> dt.datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]
