"""Settling mails of which nobody knows whether they arrived by what the mail server's log shows."""

import datetime as dt
from dataclasses import dataclass, field

from django.conf import settings
from django.db import transaction
from django.db.models import Min, OuterRef, Subquery

from reminders.hours import Timetable, zone
from reminders.mail_log import Fate, Finding, MailLog, Span
from reminders.models import Reason, Reminder, ReminderEvent, State
from reminders.postfix_log import PostfixLog
from reminders.smtp import MailServer, NotSent
from reminders.transitions import move

ASKED_FOR = dt.timedelta(hours=2)
"""How long each tick asks the log about an unclear mail; after that the log will hardly know more."""


@dataclass
class Resolved:
    """How many were settled in which way; of the others, by number, why the log does not tell."""

    sent: int = 0
    failed: int = 0
    again: int = 0
    unsure: dict[int, str] = field(default_factory=dict)


def configured_log() -> MailLog | None:
    return PostfixLog(settings.MAIL_LOG, zone=zone()) if settings.MAIL_LOG else None


def resolve_by_settings(*, now: dt.datetime) -> None:
    """What each tick does. Nothing without MAIL_LOG: then an unclear mail waits for a person."""
    log = configured_log()
    if log and resolve_unknown(log=log, now=now, since=now - ASKED_FOR).unsure:
        knock(MailServer.from_settings())


def resolve_unknown(*, log: MailLog, now: dt.datetime, since: dt.datetime | None = None) -> Resolved:
    """Settle the unclear mails (those since `since`) of which the log shows what became of them. It is read outside any
    transaction, because it may be long."""
    rows = Reminder.objects.filter(state=State.UNKNOWN).exclude(reason=Reason.GIVEN_UP)
    rows = rows.filter(settled_at__gte=since) if since else rows
    committing = ReminderEvent.objects.filter(reminder=OuterRef("pk"), state=State.COMMITTING).order_by("-at", "-pk")
    found = rows.annotate(committed_at=Subquery(committing.values("at")[:1])).filter(committed_at__isnull=False)
    doubts = {row.message_id: row for row in found}
    resolved = Resolved()
    if doubts:
        spans = {name: Span(row.committed_at, row.settled_at or now) for name, row in doubts.items()}
        tries = ReminderEvent.objects.filter(reminder__in=doubts.values(), state=State.COMMITTING)
        first = tries.aggregate(first=Min("at"))["first"]
        for name, finding in log.fates(spans, since=first, now=now).items():
            apply(doubts[name], finding, resolved, now=now)
    return resolved


@transaction.atomic
def apply(doubt: Reminder, finding: Finding, resolved: Resolved, *, now: dt.datetime) -> None:
    """Unless someone else settled this very doubt while the log was read."""
    same = Reminder.objects.filter(pk=doubt.pk, state=State.UNKNOWN, settled_at=doubt.settled_at)
    if not same.select_for_update(skip_locked=True).exists():
        return
    note = f"mail log: {finding.note}"
    if finding.fate is Fate.ACCEPTED:
        move([doubt.pk], State.SENT, now=now, note=note, smtp_reply=finding.note)
        resolved.sent += 1
    elif finding.fate is Fate.REFUSED:
        move([doubt.pk], State.FAILED, now=now, reason=Reason.REFUSED, note=note, smtp_reply=finding.note)
        resolved.failed += 1
    elif finding.fate is Fate.ABSENT:
        not_before = Timetable.load().next_opening(doubt.plan_id, now)
        move([doubt.pk], State.PENDING, now=now, note=note, not_before=not_before)
        resolved.again += 1
    else:
        resolved.unsure[doubt.pk] = finding.note


def knock(server: MailServer) -> None:
    """Give the mail server something to log: only a line after the quarantine shows that the log goes on, and on a
    quiet evening none would come."""
    try:
        server.connect()
    except NotSent:
        return
    server.close()
