"""At most `MAIL_RATE` mails a second over all workers, so that a run of thousands leaves the web pages quick and a
small mail server calm. Each worker keeps to its share of the rate."""

import datetime as dt
import time
from collections.abc import Callable

from django.conf import settings

from reminders.models import Reminder, State

BATCH_SECONDS = 20
"""A worker takes no more mails than it can send in this time: well within a lease."""


class Pace:
    """One worker's. `rate` 0: as fast as the server takes them."""

    def __init__(
        self, rate: int, *, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self.rate, self.clock, self.sleep = rate, clock, sleep
        self.interval = 1 / rate if rate else 0.0
        self.next_at = 0.0

    @classmethod
    def from_settings(cls) -> "Pace":
        return cls(settings.MAIL_RATE)

    def batch(self, most: int) -> int:
        """How many mails to claim at once."""
        return max(1, min(most, int(BATCH_SECONDS / self.interval))) if self.interval else most

    def share(self, *, now: dt.datetime) -> None:
        """Divide the rate among the workers that send just now."""
        if self.rate:
            self.interval = sending_workers(now) / self.rate

    def wait(self) -> None:
        """Until this worker's next mail may go."""
        if self.interval:
            now = self.clock()
            if self.next_at > now:
                self.sleep(self.next_at - now)
            self.next_at = max(now, self.next_at) + self.interval


def sending_workers(now: dt.datetime) -> int:
    """Those that hold claims: each batch has its token."""
    held = Reminder.objects.filter(state=State.CLAIMED, lease_until__gt=now)
    return max(1, held.values("claim_token").distinct().count())
