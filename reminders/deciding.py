"""What a person decides about a mail: whether an unclear one arrived, to send one again, or to give one up."""

import datetime as dt
from typing import Any

from django.db import transaction

from accounts import audit
from accounts.models import Person
from reminders.hours import Timetable
from reminders.models import Reason, Reminder, State
from reminders.transitions import move

RESENDABLE = frozenset({State.FAILED, State.UNKNOWN})
ABANDONABLE = frozenset({State.PENDING, State.UNKNOWN})


class NotPossible(Exception):
    """The mail stands otherwise by now: its outcome is known, a worker holds it, or someone else decided."""


class ReasonMissing(Exception):
    """A decision needs a reason."""


def may_be_resent(mail: Reminder) -> bool:
    """Refused, unclear, or given up by HR. What was sent stays sent: a nudge is the way to write again."""
    given_up = mail.state == State.CANCELLED and mail.reason == Reason.GIVEN_UP
    return mail.state in RESENDABLE or given_up


def may_be_given_up(mail: Reminder) -> bool:
    return mail.state in ABANDONABLE and mail.reason != Reason.GIVEN_UP


@transaction.atomic
def confirm_delivered(mail: Reminder, *, reason: str, by: Person, now: dt.datetime) -> Reminder:
    """Somebody knows that an unclear mail arrived."""
    locked = _locked(mail, reason)
    if locked.state != State.UNKNOWN:
        raise NotPossible
    return _settle(locked, State.SENT, "delivered", reason, by=by, now=now)


@transaction.atomic
def resend(mail: Reminder, *, reason: str, by: Person, now: dt.datetime) -> Reminder:
    """The mail goes out again in the plan's hours, if it is still owed then."""
    locked = _locked(mail, reason)
    if not may_be_resent(locked):
        raise NotPossible
    not_before = Timetable.load().next_opening(locked.plan_id, now)
    return _settle(locked, State.PENDING, "send again", reason, by=by, now=now, not_before=not_before)


@transaction.atomic
def give_up(mail: Reminder, *, reason: str, by: Person, now: dt.datetime) -> Reminder:
    """A waiting mail is not sent any more; an unclear one stays unclear, but nobody is asked again."""
    locked = _locked(mail, reason)
    if not may_be_given_up(locked):
        raise NotPossible
    state = State.UNKNOWN if locked.state == State.UNKNOWN else State.CANCELLED
    return _settle(locked, state, "give up", reason, by=by, now=now, silence=Reason.GIVEN_UP)


def _locked(mail: Reminder, reason: str) -> Reminder:
    if not reason.strip():
        raise ReasonMissing
    return Reminder.objects.select_for_update(of=("self",)).select_related("person").get(pk=mail.pk)


def _settle(
    mail: Reminder,
    state: State,
    decision: str,
    reason: str,
    *,
    by: Person,
    now: dt.datetime,
    silence: str = Reason.NONE,
    **changes: Any,
) -> Reminder:
    words = " ".join(reason.split())
    move([mail.pk], state, now=now, reason=silence, note=words, by=by, **changes)
    audit.record(
        "reminders.decide", subject=mail.person, by=by, now=now, reminder=mail.pk, decision=decision, reason=words
    )
    mail.refresh_from_db()
    return mail
