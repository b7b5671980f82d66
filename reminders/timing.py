"""How long the pipeline waits for what, in one place. The values come from the environment (config/settings.py); beat's
rhythm is in schedule.py, because no rule hangs on it."""

import datetime as dt
from dataclasses import dataclass

from django.core.exceptions import ImproperlyConfigured


@dataclass(frozen=True)
class Timing:
    """`command`: for each answer of the mail server but the last; `verdict`: for the answer to the final dot.

    While a sender may still be waiting for its verdict, the mail must not be given up: it could be sent again and
    arrive twice. How long the mail server itself needs is not known here; docs/operations.md tells what to compare.
    """

    lease: dt.timedelta
    quarantine: dt.timedelta
    command: dt.timedelta
    verdict: dt.timedelta
    backoff_first: dt.timedelta
    backoff_most: dt.timedelta
    drain: dt.timedelta

    def __post_init__(self) -> None:
        least = self.verdict + self.command
        if self.quarantine <= least:
            raise ImproperlyConfigured(
                f"REMINDER_QUARANTINE_SECONDS is {self.quarantine.total_seconds():g}; it must be more than "
                f"SMTP_VERDICT_SECONDS and SMTP_COMMAND_SECONDS together ({least.total_seconds():g}), and more than "
                "the mail server's idle timeout plus the time it takes to answer the final dot."
            )
