"""The circuit towards the mail server: after several failed connections in a row nobody connects for a while, then one
worker tries at a time. It stands in the database, so all workers share it and a wiped broker forgets nothing."""

import datetime as dt

from django.conf import settings
from django.db.models import Case, F, QuerySet, Value, When
from django.db.models.functions import Coalesce

from reminders.models import PipelineStatus
from reminders.smtp import Doubt, NotSent

FAILURES = 10
OPEN = dt.timedelta(seconds=settings.MAIL_CIRCUIT_SECONDS)


class CircuitOpen(NotSent):
    """Nobody connects to the mail server now."""

    def __init__(self) -> None:
        super().__init__("the mail server has failed several times; it is left alone for a while", broken=True)


def pass_or_wait(*, now: dt.datetime) -> None:
    """May this worker connect? Raises CircuitOpen. When the wait is over, whoever wins the row may: one probe, whose
    success closes the circuit; the others go on waiting."""
    until = _status().values_list("open_until", flat=True).first()
    if until is None:
        return
    if until > now or not _status().filter(open_until=until).update(open_until=now + OPEN):
        raise CircuitOpen


def note_failure(error: NotSent | Doubt, *, now: dt.datetime) -> None:
    """A connection was refused, broken off, or left without an answer."""
    PipelineStatus.objects.get_or_create(pk=1)
    _status().update(
        failures=F("failures") + 1,
        failing_since=Coalesce("failing_since", Value(now)),
        last_error=str(error)[:500],
        open_until=Case(When(failures__gte=FAILURES - 1, then=Value(now + OPEN)), default=F("open_until")),
    )


def note_answer() -> None:
    """The server dealt with a mail. Nothing is written while all is well."""
    _status().filter(failures__gt=0).update(failures=0, failing_since=None, open_until=None, last_error="")


def _status() -> QuerySet[PipelineStatus]:
    return PipelineStatus.objects.filter(pk=1)
