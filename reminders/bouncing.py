"""Mails that come back: what a notification or a refusal proves, which addresses it marks, and clearing a mark.

A notification counts only when it is about a mail of the ledger that was handed over, and about the address that mail
went to: whoever writes to the mailbox without knowing both changes nothing. Reading one again changes nothing either.
"""

import datetime as dt
from enum import Enum

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import Person, normal_email
from accounts.refusals import Refusal
from reminders import dsn
from reminders.mails import BadAddress, ascii_address
from reminders.models import Bounce, Reason, Reminder, ReminderEvent, State
from reminders.replies import is_about_the_address, status_in
from reminders.transitions import move

OPEN = frozenset({State.COMMITTING, State.UNKNOWN})


class Outcome(Enum):
    """What became of one message of a mailbox, as `read_bounces` counts it."""

    MARKED = "came back for good: the address is marked"
    CAME_BACK = "came back without saying anything against the address"
    DELIVERED = "arrived, which had been unclear"
    KNOWN = "read before"
    NO_NEWS = "on its way or passed on: nothing to note"
    OTHER_ADDRESS = "about a mail of ours but not about the address that it went to: ignored"
    NOT_OURS = "a notification about a mail that is not in the ledger: ignored"
    FOREIGN = "no notification: ignored"
    UNREADABLE = "damaged: ignored"


class NotMarked(Refusal):
    reason = _("This address is not marked any more.")


class ReasonMissing(Refusal):
    reason = _("Say how you know that the address works; it is kept in the audit log.")


def receive(content: bytes, *, now: dt.datetime) -> Outcome:
    """One message of a mailbox, whatever it is."""
    try:
        report = dsn.read(content)
    except dsn.Unreadable:
        return Outcome.UNREADABLE
    return note(report, now=now) if report else Outcome.FOREIGN


@transaction.atomic
def note(report: dsn.Report, *, now: dt.datetime) -> Outcome:
    """Record what a notification proves."""
    mail = mail_of(report)
    if mail is None:
        return Outcome.NOT_OURS
    told = next((each for each in report.recipients if any(goes_to(mail.person, a) for a in each.addresses)), None)
    if told is None:
        return Outcome.OTHER_ADDRESS
    if told.action == "delivered" and mail.state in OPEN:
        move([mail.pk], State.SENT, now=now, note="delivered, says the mail server’s notification")
        return Outcome.DELIVERED
    if told.action != "failed":
        return Outcome.NO_NEWS
    if Bounce.objects.filter(reminder=mail, source=report.key).exists():
        return Outcome.KNOWN
    return came_back(mail, told, source=report.key, now=now)


def mail_of(report: dsn.Report) -> Reminder | None:
    """The mail of the ledger that a notification is about, locked; only one that has been handed over can come back."""
    handed_over = ReminderEvent.objects.filter(reminder=OuterRef("pk"), state=State.COMMITTING)
    rows = Reminder.objects.filter(Exists(handed_over), message_id__in=report.message_ids)
    found = {row.message_id: row for row in rows.select_related("person").select_for_update(of=("self",))}
    return next((found[each] for each in report.message_ids if each in found), None)


def goes_to(person: Person, address: str) -> bool:
    """Is this the person's address, as it is written in SMTP?"""
    try:
        return normal_email(ascii_address(person.email)) == normal_email(address)
    except BadAddress:
        return False


def came_back(mail: Reminder, told: dsn.Recipient, *, source: str, now: dt.datetime) -> Outcome:
    """What was unclear is known now; what was sent stays sent, and the ledger says beside it that it came back."""
    words = told.diagnostic or told.status
    if mail.state in OPEN:
        move([mail.pk], State.FAILED, now=now, reason=Reason.BOUNCED, note=words, smtp_reply=words)
    bounce = Bounce.objects.create(
        person=mail.person,
        email=mail.person.email,
        reminder=mail,
        source=source,
        marks=is_about_the_address(told.diagnostic, status=told.status, in_doubt=True),
        status=told.status or status_in(told.diagnostic),
        diagnostic=told.diagnostic,
        at=now,
    )
    return Outcome.MARKED if bounce.marks else Outcome.CAME_BACK


def note_refusal(reminder_id: int, *, recipient: str, reply: str, now: dt.datetime) -> None:
    """The mail server refused this address for good; part of the transaction that records the outcome."""
    person = Person.objects.get(reminders=reminder_id)
    if goes_to(person, recipient):
        Bounce.objects.create(
            person=person,
            email=person.email,
            reminder_id=reminder_id,
            status=status_in(reply),
            diagnostic=reply[: dsn.LONGEST_DIAGNOSTIC],
            at=now,
        )


@transaction.atomic
def clear_bounce(bounce: Bounce, *, reason: str, by: Person, now: dt.datetime) -> None:
    """Somebody knows that the address works again: reminders go on. Clears every mark of the address at once."""
    if not reason.strip():
        raise ReasonMissing
    marks = Bounce.objects.in_force().filter(person=bounce.person, email=bounce.email)
    cleared = list(marks.select_for_update(of=("self",)).values_list("pk", flat=True))
    if not cleared:
        raise NotMarked
    Bounce.objects.filter(pk__in=cleared).update(cleared_at=now, cleared_by=by)
    audit.record(
        "reminders.clear_bounce",
        subject=bounce.person,
        by=by,
        now=now,
        email=bounce.email,
        reason=" ".join(reason.split()),
    )
