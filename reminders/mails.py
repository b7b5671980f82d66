"""What a mail says, from its row in the ledger to the bytes on the wire. Nothing here sends or changes anything."""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.utils import parseaddr
from functools import cache

from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from reminders import wire
from reminders.appointment import Appointment
from reminders.hours import local_today
from reminders.letters import Letter, letter
from reminders.models import MailKind, Reminder
from reminders.occasions import Occasion, duty_values, path_of
from reminders.planning import host
from reminders.reports import Report, notice_values, report_of
from reminders.wording import Wording, one_line

SIMPLE_ADDRESS = re.compile(r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*")
NOTICES = (MailKind.ESCALATION, MailKind.DIGEST, MailKind.DIGEST_HR)
"""Mails to managers and HR about others."""


class BadAddress(Exception):
    """No mail header and no SMTP command can hold the person's address."""


@dataclass(frozen=True)
class Mail:
    sender: str
    recipient: str
    content: bytes


def compose(occasion: Occasion, *, now: dt.datetime) -> Mail:
    """The mail of a reminder as it goes over the wire. Raises BadAddress and wording.Unwritable."""
    with translation.override(occasion.language):
        written = letter_of(occasion, occasion.wording, now=now)
    recipient = ascii_address(occasion.email)
    headers = [
        ("To", wire.mailbox(occasion.name, recipient)),
        ("Subject", wire.header(written.subject)),
        ("Message-ID", occasion.message_id),
        ("X-Reminder-Id", str(occasion.reminder_id)),
    ]
    return as_mail(written, headers, recipient=recipient, language=occasion.language, now=now)


def as_mail(
    written: Letter, headers: list[tuple[str, str]], *, recipient: str, language: str, now: dt.datetime
) -> Mail:
    """With the headers that all our mails have."""
    from_box, sender = _sender(settings.DEFAULT_FROM_EMAIL)
    every = [("From", from_box), *headers, ("Auto-Submitted", "auto-generated"), ("Content-Language", language)]
    return Mail(sender, recipient, wire.message(every, written, now=timezone.localtime(now)))


@cache
def _sender(configured: str) -> tuple[str, str]:
    name, address = parseaddr(configured)
    return wire.mailbox(one_line(name), address), address


def letter_of(occasion: Occasion, wording: Wording, *, now: dt.datetime, report: Report | None = None) -> Letter:
    """In the active language. `report`: what a mail to managers or HR tells, if it is known already."""
    kind = MailKind(occasion.kind)
    if kind not in NOTICES:
        values = duty_values(occasion, now=now)
        url = settings.BASE_URL + path_of(occasion, values)
        written = letter(kind, wording, values, url=url)
        return written.with_calendar(calendar_of(occasion, values, url, now=now))
    if report is None:
        notice = Reminder.objects.select_related("person").get(pk=occasion.reminder_id)
        report = report_of(notice, today=local_today(now))
    values = notice_values(report, occasion.first_name, occasion.occurs_on)
    return letter(kind, wording, values, url=settings.BASE_URL + report.path, report=report)


def calendar_of(occasion: Occasion, values: Mapping[str, str], url: str, *, now: dt.datetime) -> str:
    """The appointment that the mail proposes; empty if it proposes none. One for each duty: a later mail moves it."""
    starts = occasion.appointment(now=now)
    if starts is None:
        return ""
    assert occasion.cycle_id
    assert occasion.opened_at
    return Appointment(
        starts=starts,
        summary=values["course"],
        description=_("Due date: %(day)s") % {"day": values["due_date"]} + f"\n{url}",
        url=url,
        organizer=_sender(settings.DEFAULT_FROM_EMAIL)[1],
        host=host(),
        cycle_id=occasion.cycle_id,
        written_at=occasion.planned_at,
        sequence=(occasion.occurs_on - timezone.localdate(occasion.opened_at)).days,
    ).as_text()


def ascii_address(email: str) -> str:
    """The address with its domain in ASCII. Raises BadAddress, also for local parts beyond ASCII (SMTPUTF8)."""
    if SIMPLE_ADDRESS.fullmatch(email):
        return email
    local, at, domain = email.rpartition("@")
    try:
        ascii_domain = domain.encode("idna").decode("ascii")
        return Address(addr_spec=f"{local}{at}{ascii_domain}".encode("ascii").decode("ascii")).addr_spec
    except (HeaderParseError, IndexError, ValueError) as error:
        raise BadAddress from error
