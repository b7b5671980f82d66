"""Mails for tests: a row of the ledger for any kind of text, and its mail read back from the bytes."""

import datetime as dt
import email
import re
import uuid
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import default
from email.utils import parseaddr

from accounts.models import Person
from reminders import mails
from reminders.models import Kind, MailKind, Reminder, ReminderPlan
from reminders.occasions import occasion_of
from training.models import Cycle


def owe(
    text: MailKind, *, now: dt.datetime, cycle: Cycle | None = None, person: Person | None = None, **fields
) -> Reminder:
    """A row about the duty, or to the person (an escalation or a digest)."""
    kind = Kind.NUDGE if cycle else Kind.ESCALATION if text == MailKind.ESCALATION else Kind.DIGEST
    return Reminder.objects.create(
        kind=kind,
        text=text,
        cycle=cycle,
        person=cycle.person if cycle else person,
        plan=ReminderPlan.objects.get(standard=True),
        occurs_on=now.date(),
        message_id=f"<rem.{uuid.uuid4().hex}@example.com>",
        planned_at=now,
        not_before=now,
        **fields,
    )


def written(row: Reminder, *, now: dt.datetime) -> EmailMessage:
    return email.message_from_bytes(mails.compose(occasion_of(row.pk), now=now).content, policy=default)


def text(mail: EmailMessage) -> str:
    return mail.get_body(("plain",)).get_content().replace("\r\n", "\n")


def html(mail: EmailMessage) -> str:
    return mail.get_body(("html",)).get_content().replace("\r\n", "\n")


def name_in(header: str) -> str:
    """The display name of a raw address header. (The parser of email.policy.default leaves spaces between encoded
    words, which RFC 2047, 6.2 says belong to no word.)"""
    return str(make_header(decode_header(parseaddr(re.sub(r"\r\n ", " ", header))[0])))
