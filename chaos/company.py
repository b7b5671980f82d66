"""The company whose reminders are at stake, its duties, and what the ledger says of them.

Everybody has one duty without a due date, so everybody is owed exactly one mail.
"""

import contextlib
import io
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import Error, connection, transaction
from django.utils import timezone

from accounts.models import Person
from chaos.counting import Row
from courses.models import Course
from reminders import planning
from reminders.clock import database_now
from reminders.models import Reminder
from training.assigning import assign_to_people
from training.due import DueRule
from training.models import Cycle

SHIPPED = Path(settings.BASE_DIR) / "courses" / "shipped" / "five-rules"


def build(size: int) -> None:
    call_command("migrate", interactive=False, verbosity=0)
    call_command("import_course", str(SHIPPED), publish=True, stdout=io.StringIO())
    start = timezone.localdate()
    Person.objects.bulk_create(
        Person(
            email=f"person{number}@example.com",
            first_name="Jagna",
            last_name=f"Wzorowa{number}",
            language=("pl", "en")[number % 2],
            employment_start=start,
            password="!",
        )
        for number in range(size)
    )


def open_duties(number: int) -> None:
    """For as many people more."""
    people = Person.objects.exclude(pk__in=Cycle.objects.values("person")).order_by("pk")[:number]
    assign_to_people(Course.objects.get(), people, due=DueRule(), by=None, now=database_now())


def plan_twice() -> None:
    """Two schedulers at the same moment, neither of which finds the other's lock or sees the other's rows: nothing but
    the unique key keeps them from writing every mail twice."""
    now = database_now()

    def rival() -> None:
        planning.plan(now=now)
        connection.close()

    thread = threading.Thread(target=rival)
    with transaction.atomic():
        planning.plan(now=now)
        planning.LOCK += 1
        thread.start()
        while thread.is_alive() and not somebody_waits():
            time.sleep(0.01)
    thread.join()
    planning.LOCK -= 1


def somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")
        return bool(cursor.fetchone()[0])


@contextlib.contextmanager
def database_may_be_away() -> Iterator[None]:
    """It is being restarted now and then; whoever asks, asks again."""
    try:
        yield
    except Error:
        connection.close()


def forget_connection() -> None:
    connection.close()


def opened() -> int:
    return Cycle.objects.count()


def mail_at(reminder: int) -> tuple[str, str]:
    """State and holder."""
    state, token = Reminder.objects.values_list("state", "claim_token").get(pk=reminder)
    return state, str(token)


def unsettled() -> int:
    """Duties of whose mail the outcome is not known, unclear ones included: the log may still tell."""
    known = Reminder.objects.filter(state__in=["sent", "failed", "cancelled", "superseded"])
    return Cycle.objects.exclude(pk__in=known.values("cycle")).count()


def ledger() -> dict[str, list[Row]]:
    """The rows of everybody who has a duty, by mail address."""
    rows: dict[str, list[Row]] = defaultdict(list)
    for address in Cycle.objects.values_list("person__email", flat=True):
        rows[address] = []
    for address, state, message_id in Reminder.objects.values_list("person__email", "state", "message_id"):
        rows[address].append(Row(state, message_id))
    return dict(rows)
