"""What the bench of the reminders does inside a site, such as `python -m bench.mail_site plan 3`.

Reads and writes JSON.
"""

import base64
import datetime as dt
import json
import smtplib
import sys
import time
from typing import Any

import django

django.setup()

from django.db import connection, transaction  # noqa: E402

from courses.models import Course  # noqa: E402
from reminders import mails, tasks  # noqa: E402
from reminders.clock import database_now  # noqa: E402
from reminders.hours import local_today  # noqa: E402
from reminders.models import Reminder, ReminderPlan, State  # noqa: E402
from reminders.occasions import occasions_of  # noqa: E402
from reminders.planning import plan  # noqa: E402

DUTIES = 100_000
FAR = dt.timedelta(days=1)


def measure_planning(rounds: int) -> list[tuple[float, float]]:
    """Seconds of planning 100,000 new duties, and of inserting the same rows bare; nothing of it stays."""
    return [once() for _round in range(rounds)]


def once() -> tuple[float, float]:
    now = database_now()
    with transaction.atomic(), connection.cursor() as cursor:
        open_duties(now)
        cursor.execute("ANALYZE training_cycle, reminders_reminder")
        before = transaction.savepoint()
        begun = time.perf_counter()
        planned = plan(now=now)
        planning = time.perf_counter() - begun
        assert planned.pending + planned.silent >= DUTIES, planned
        with cursor.copy("COPY (SELECT * FROM reminders_reminder WHERE planned_at = %s) TO STDOUT", [now]) as rows:
            written = b"".join(bytes(row) for row in rows)
        transaction.savepoint_rollback(before)
        cursor.execute("CREATE TEMPORARY TABLE planned (LIKE reminders_reminder) ON COMMIT DROP")
        with cursor.copy("COPY planned FROM STDIN") as rows:
            rows.write(written)
        begun = time.perf_counter()
        cursor.execute("INSERT INTO reminders_reminder SELECT * FROM planned")
        inserting = time.perf_counter() - begun
        transaction.set_rollback(True)
    return planning, inserting


def open_duties(now: dt.datetime) -> None:
    """Duties of as many courses as it takes."""
    course = Course.objects.get()
    people = "SELECT id FROM accounts_person WHERE left_on IS NULL"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM ({people}) AS people")
        courses = [
            Course(key=f"bench-{number}", frame=course.frame, created_at=now, current_id=None)
            for number in range(DUTIES // cursor.fetchone()[0] + 1)
        ]
        for each in Course.objects.bulk_create(courses):
            cursor.execute(
                "INSERT INTO training_cycle (person_id, course_id, number, opened_at, due_on) "
                f"SELECT id, %s, 1, %s, %s FROM ({people}) AS people",
                [each.pk, now, local_today(now) + dt.timedelta(days=20)],
            )


def make_due(number: int) -> int:
    """Plan with hours that are always open, and let so many mails be due; the others wait."""
    ReminderPlan.objects.update(opens=dt.time(), closes=None, weekdays=list(range(7)), skips_holidays=False)
    now = database_now()
    plan(now=now)
    waiting = Reminder.objects.filter(state=State.PENDING)
    waiting.update(not_before=now + FAR)
    chosen = list(waiting.order_by("person", "pk").distinct("person").values_list("pk", flat=True)[:number])
    return Reminder.objects.filter(pk__in=chosen).update(not_before=now)


def composed() -> list[tuple[str, str, str]]:
    now = database_now()
    ids = Reminder.objects.due(now).values_list("pk", flat=True)
    found = [mails.compose(occasion, now=now) for occasion in occasions_of(ids).values()]
    return [(mail.sender, mail.recipient, base64.b64encode(mail.content).decode()) for mail in found]


def send(port: int, share: list[list[str]]) -> int:
    """The bare loop: one kept connection, one mail after another."""
    with smtplib.SMTP("127.0.0.1", port) as server:
        for sender, recipient, content in share:
            server.sendmail(sender, [recipient], base64.b64decode(content))
    return len(share)


def ring(bells: int) -> int:
    for _bell in range(bells):
        tasks.drain.apply_async(queue=tasks.QUEUE)
    return bells


def main(action: str, argument: int = 0) -> Any:
    if action == "send":
        return send(argument, json.load(sys.stdin))
    actions = {"plan": measure_planning, "due": make_due, "ring": ring}
    return actions[action](argument) if action in actions else composed()


if __name__ == "__main__":
    json.dump(main(sys.argv[1], *map(int, sys.argv[2:])), sys.stdout)
