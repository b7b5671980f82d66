"""Trying a text out before it is sent to anybody: on real data, and as a test mail to oneself. Writes nothing."""

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import Person, Role
from reminders import mails, overdue, reports, wire
from reminders.hours import local_today
from reminders.letters import Letter, letter
from reminders.mails import NOTICES
from reminders.models import MailKind, Reminder, ReminderPlan
from reminders.occasions import Occasion, occasion_of
from reminders.planning import host
from reminders.reports import Report
from reminders.smtp import MailServer
from reminders.variables import ALLOWED
from reminders.wording import Wording
from training.models import Completion, Cycle

MOST_ROWS, MOST_OTHERS = 5, 5
EXAMPLE = "example"


@dataclass(frozen=True)
class Source:
    """Whose data fill the text: `mail-1` a row of the ledger, `duty-1` a cycle, `person-1` a recipient, or examples."""

    key: str
    label: str

    @property
    def number(self) -> int:
        return int(self.key.rpartition("-")[2])


def sources(kind: MailKind, *, viewer: Person, today: dt.date) -> list[Source]:
    """The newest mails of the kind, then people whom it could reach today; never empty."""
    rows = Reminder.objects.filter(text=kind).select_related("person").order_by("-occurs_on", "-pk")[:MOST_ROWS]
    found = [Source(f"mail-{row.pk}", f"{row.person.name}, {date_format(row.occurs_on, 'j E Y')}") for row in rows]
    if kind in NOTICES:
        people = _recipients(kind, viewer)
        return found + [Source(f"person-{person.pk}", person.name) for person in people]
    duties = _duties(kind, today).select_related("person").order_by("-opened_at", "-pk")[:MOST_OTHERS]
    found += [Source(f"duty-{cycle.pk}", cycle.person.name) for cycle in duties]
    return found or [Source(EXAMPLE, _("examples, as long as nobody has the course"))]


def _recipients(kind: MailKind, viewer: Person) -> Iterable[Person]:
    if kind == MailKind.DIGEST_HR:
        return [viewer]
    managers = Person.objects.filter(grants__role=Role.MANAGER).distinct().order_by("pk")[:MOST_OTHERS]
    return list(managers) or [viewer]


def _duties(kind: MailKind, today: dt.date):  # type: ignore[no-untyped-def]
    if kind == MailKind.DONE:
        return Cycle.objects.filter(completion__isnull=False)
    duties = Cycle.objects.owed(today)
    return duties.filter(number__gt=1) if kind == MailKind.EXPIRING else duties


def letter_from(source: Source, kind: MailKind, wording: Wording, *, language: str, now: dt.datetime) -> Letter:
    """What that person would get today. Raises wording.Unwritable, and DoesNotExist when the source is gone."""
    with translation.override(language):
        if source.key == EXAMPLE:
            values = {variable.name: variable.example(language) for variable in ALLOWED[kind]}
            return letter(kind, wording, values, url=f"{settings.BASE_URL}/")
        occasion, report = _occasion(source, kind, now=now)
        return mails.letter_of(occasion._replace(language=language), wording, now=now, report=report)


def _occasion(source: Source, kind: MailKind, *, now: dt.datetime) -> tuple[Occasion, Report | None]:
    if source.key.startswith("mail-"):
        return occasion_of(source.number), None
    today = local_today(now)
    if source.key.startswith("duty-"):
        rows = Cycle.objects.select_related("person__manager", "course").defer("course__frame")
        cycle = rows.get(pk=source.number)
        own = ReminderPlan.objects.filter(courses__course=cycle.course_id).first()
        return _about(kind, cycle.person, cycle, own or _standard(), now=now), None
    person = Person.objects.get(pk=source.number)
    if kind == MailKind.ESCALATION:
        report = reports.of_duties(overdue.overdue_in_care_of(person, today), person, today)
    else:
        report = reports.report_of(Reminder(text=kind, person=person, occurs_on=today), today=today)
    return _about(kind, person, None, _standard(), now=now), report


def _standard() -> ReminderPlan:
    return ReminderPlan.objects.get(standard=True)


def _about(kind: MailKind, person: Person, cycle: Cycle | None, plan: ReminderPlan, *, now: dt.datetime) -> Occasion:
    """As if a mail were planned now."""
    completion = Completion.objects.filter(cycle=cycle).first() if cycle else None
    return Occasion(
        reminder_id=0,
        kind=kind,
        message_id="",
        occurs_on=local_today(now),
        planned_at=now,
        first_name=person.first_name,
        last_name=person.last_name,
        email=person.email,
        language=person.language,
        manager=person.manager.name if person.manager else "",
        cycle_id=cycle.pk if cycle else None,
        due_on=cycle.due_on if cycle else None,
        opened_at=cycle.opened_at if cycle else None,
        course_id=cycle.course_id if cycle else None,
        revision_id=cycle.course.current_id if cycle else None,
        opens=plan.opens,
        closes=plan.closes,
        weekdays=plan.weekdays,
        skips_holidays=plan.skips_holidays,
        own_words=None,
        completed_on=completion.completed_on if completion else None,
        expires_on=completion.expires_on if completion else None,
        certificate=completion.certificate_code if completion else None,
    )


def send_to_oneself(written: Letter, *, to: Person, language: str, server: MailServer, now: dt.datetime) -> None:
    """Marked as a test, to the person's own address, without a row in the ledger. Raises BadAddress, smtp.NotSent and
    smtp.Doubt."""
    recipient = mails.ascii_address(to.email)
    with translation.override(language):
        subject = _("Test: %(subject)s") % {"subject": written.subject}
    headers = [
        ("To", wire.mailbox(to.name, recipient)),
        ("Subject", wire.header(subject)),
        ("Message-ID", f"<test.{uuid.uuid4().hex}@{host()}>"),
    ]
    mail = mails.as_mail(written, headers, recipient=recipient, language=language, now=now)
    try:
        server.offer(sender=mail.sender, recipient=mail.recipient)
        server.hand_over(mail.content)
    finally:
        server.close()
