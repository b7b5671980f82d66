"""A run of the worker, as tests need it."""

import datetime as dt
from typing import Any

from reminders import sending
from reminders.smtp import MailServer


def drain(port: int, now: dt.datetime, *, seconds: float = 20.0, **patience: Any) -> sending.Drained:
    """One run with a clock that starts at `now` and ticks with every look at it."""
    moments = iter(now + dt.timedelta(milliseconds=n) for n in range(1_000_000))
    server = MailServer("127.0.0.1", port, **{"command_seconds": 30, "verdict_seconds": 30, **patience})
    return sending.drain(clock=lambda: next(moments), until=now + dt.timedelta(seconds=seconds), server=server)
