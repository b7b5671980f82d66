"""The reminders of the story's days: planned by the real planner, their outcomes written without a mail server."""

import datetime as dt
import uuid

from django.utils import timezone

from reminders.models import MailKind, Reason, Reminder, State
from reminders.notices import plan_notices
from reminders.planning import plan
from reminders.transitions import move, silence
from reminders.verdicts import verdicts

REFUSED = "550 5.1.1 no such mailbox"
ACCEPTED = "250 2.0.0 accepted"


def live(now: dt.datetime) -> None:
    """Plan, keep back what is no longer owed, hand over the rest. Of the first overdue mails one is refused and one
    stays unclear, so that the ledger has both to show."""
    plan(now=now)
    plan_notices(now=now)
    rows = list(Reminder.objects.due(now))
    verdict = verdicts([row.pk for row in rows], today=timezone.localdate(now))
    silence([(pk, reason) for pk, reason in verdict.items() if reason], now=now)
    sent = [row for row in rows if not verdict[row.pk]]
    ids = [row.pk for row in sent]
    move(ids, State.CLAIMED, now=now, claim_token=uuid.uuid4(), lease_until=now + dt.timedelta(minutes=1))
    move(ids, State.COMMITTING, now=now)
    odd = [row.pk for row in sent if row.text == MailKind.OVERDUE][:2]
    if len(odd) == 2 and not Reminder.objects.filter(state=State.FAILED).exists():
        move(odd[:1], State.FAILED, now=now, reason=Reason.REFUSED, smtp_reply=REFUSED)
        move(odd[1:], State.UNKNOWN, now=now, note="no answer within 600 s")
        ids = [pk for pk in ids if pk not in odd]
    move(ids, State.SENT, now=now, smtp_reply=ACCEPTED, tries=1)
