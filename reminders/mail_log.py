"""What the mail server's own log can say about a mail whose sender never got an answer."""

import datetime as dt
import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


class Fate(enum.Enum):
    """`ABSENT` is as strong a claim as `ACCEPTED`: the mail goes out again. Whatever cannot be shown is `UNSURE`."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    ABSENT = "absent"
    UNSURE = "unsure"


@dataclass(frozen=True)
class Span:
    """From before the final dot could go out until after it could still arrive."""

    begin: dt.datetime
    end: dt.datetime


@dataclass(frozen=True)
class Finding:
    """`note` says how it is known, or why it is not."""

    fate: Fate
    note: str


class MailLog(Protocol):
    def fates(self, doubts: Mapping[str, Span], *, since: dt.datetime, now: dt.datetime) -> Mapping[str, Finding]:
        """A finding for each Message-ID. `since` is when the first of them was first tried: an earlier try that was
        accepted counts too. Never raises because of what the log is like: that is UNSURE."""
