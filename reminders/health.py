"""Is anything wrong with the reminders? Shown to HR and system administrators, and for a health endpoint."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import Q

from reminders.hours import Timetable
from reminders.models import PipelineStatus, Reason, Reminder, State

TICK_LATE = dt.timedelta(minutes=15)
LONG_WAIT = dt.timedelta(hours=1)
TROUBLE = 3
"""Failed connections in a row after which the mail server counts as away: one alone means nothing."""


@dataclass(frozen=True)
class Health:
    """`next_try_at`: until then nobody connects to the mail server."""

    last_tick: dt.datetime | None
    tick_late: bool
    unclear: int
    waiting_long: int
    mail_server_down_since: dt.datetime | None
    next_try_at: dt.datetime | None

    @property
    def ok(self) -> bool:
        return not (self.tick_late or self.unclear or self.waiting_long or self.mail_server_down_since)


def report(now: dt.datetime) -> Health:
    status = PipelineStatus.objects.filter(pk=1).first() or PipelineStatus()
    last_tick = status.last_tick_at
    down = status.failures >= TROUBLE
    return Health(
        last_tick=last_tick,
        tick_late=last_tick is None or now - last_tick > TICK_LATE,
        unclear=Reminder.objects.filter(~Q(reason=Reason.GIVEN_UP), state=State.UNKNOWN).count(),
        waiting_long=waiting_long(now),
        mail_server_down_since=status.failing_since if down else None,
        next_try_at=status.open_until if down and status.open_until and status.open_until > now else None,
    )


def waiting_long(now: dt.datetime) -> int:
    """Mails that could have gone out for more than an hour. Outside a plan's hours nothing could."""
    timetable, then = Timetable.load(), now - LONG_WAIT
    plans = set(timetable.open_plans(now)) & set(timetable.open_plans(then))
    return Reminder.objects.due(then).filter(plan__in=plans).count()


def note_tick(*, now: dt.datetime) -> None:
    PipelineStatus.objects.update_or_create(pk=1, defaults={"last_tick_at": now})
