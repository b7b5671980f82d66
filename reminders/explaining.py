"""Why did this person get no mail on that day? Sentences from what was written down when it was decided; where nothing
was owed, from the duty's own dates, which do not change."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Prefetch
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import Person
from reminders import calendar
from reminders.hours import zone
from reminders.models import Bounce, Kind, Reminder, ReminderEvent, ReminderQuerySet, State, outcome_in_words
from training.models import Cycle, Leave, Waiver


@dataclass(frozen=True)
class Answer:
    course_id: int | None
    sentence: str


def explain(person: Person, day: dt.date, *, today: dt.date) -> list[Answer]:
    if person.left_on and person.left_on <= day:
        return [Answer(None, _("The person left on %(day)s.") % {"day": shown(person.left_on)})]
    if day > today:
        return [Answer(None, _("That day is still to come."))]
    away = Leave.objects.on(day).filter(person=person).first()
    answers = [Answer(cycle.course_id, words) for cycle in duties_of(person) for words in on_day(cycle, day, away)]
    notices = with_history(Reminder.objects.filter(person=person, kind__in=[Kind.ESCALATION, Kind.DIGEST]))
    answers += [Answer(None, of_row(row, day)) for row in notices if speaks_of(row, day)]
    return answers or [Answer(None, _("No course was assigned to the person."))]


def with_history(rows: ReminderQuerySet) -> ReminderQuerySet:
    history = Prefetch("events", ReminderEvent.objects.order_by("at", "pk"))
    return rows.select_related("step").prefetch_related(history, "bounces").order_by("occurs_on", "pk")


def duties_of(person: Person) -> Iterable[Cycle]:
    return (
        Cycle.objects.filter(person=person)
        .prefetch_related("waivers", Prefetch("reminders", with_history(Reminder.objects.all())))
        .order_by("course_id", "number")
    )


def on_day(cycle: Cycle, day: dt.date, away: Leave | None) -> list[str]:
    """What the ledger says of that day, else why it says nothing."""
    written = [of_row(row, day) for row in cycle.reminders.all() if speaks_of(row, day)]
    return written or [of_silence(cycle, day, away)]


def speaks_of(row: Reminder, day: dt.date) -> bool:
    """From the day of the step until its outcome, every day has its answer."""
    settled = calendar.local_day(row.settled_at, zone()) if row.settled_at else None
    return row.occurs_on == day or (row.occurs_on < day and (settled is None or day <= settled))


def of_row(row: Reminder, day: dt.date) -> str:
    """How the mail stood at the end of that day, and how it ended."""
    words = {"mail": row.what, "day": shown(row.occurs_on)}
    state, reason = stood(row, day)
    if row.state == State.SENT and row.settled_at:
        words["at"] = date_format(timezone.localtime(row.settled_at), "j E Y, H:i")
        if state != State.SENT and reason:
            words["outcome"] = outcome_in_words(state, reason)
            sentence = _("The mail “%(mail)s” of %(day)s: %(outcome)s. It was sent on %(at)s.") % words
        else:
            sentence = _("The mail “%(mail)s” of %(day)s was sent on %(at)s.") % words
        return " ".join([sentence, *(came_back(bounce) for bounce in row.bounces.all())])
    words["outcome"] = outcome_in_words(state, reason)
    if row.state == State.PENDING:
        words["at"] = date_format(timezone.localtime(row.not_before), "j E Y, H:i")
        return _("The mail “%(mail)s” of %(day)s: %(outcome)s; not before %(at)s.") % words
    return _("The mail “%(mail)s” of %(day)s: %(outcome)s.") % words


def came_back(bounce: Bounce) -> str:
    at = date_format(timezone.localtime(bounce.at), "j E Y, H:i")
    return _("It came back on %(at)s: %(words)s") % {"at": at, "words": bounce.diagnostic or bounce.status}


def stood(row: Reminder, day: dt.date) -> tuple[str, str]:
    """State and reason at the end of that day: its last event until then."""
    until = [event for event in row.events.all() if calendar.local_day(event.at, zone()) <= day]
    if until:
        return until[-1].state, until[-1].reason
    return (State.PENDING, "") if row.state == State.SENT else (row.state, row.reason)


def of_silence(cycle: Cycle, day: dt.date, away: Leave | None) -> str:
    if sentence := not_owed_on(cycle, day, away):
        return sentence
    if cycle.due_on is None:
        return _("No step fell on that day: the duty has no due date.")
    return _("No step fell on that day: the due date is %(day)s.") % {"day": shown(cycle.due_on)}


def not_owed_on(cycle: Cycle, day: dt.date, away: Leave | None) -> str:
    opened_on = timezone.localdate(cycle.opened_at)
    closed_on = timezone.localdate(cycle.closed_at) if cycle.closed_at else None
    if day < opened_on:
        return _("Not yet assigned: the duty began on %(day)s.") % {"day": shown(opened_on)}
    if closed_on and closed_on <= day:
        return _("The person had completed the course on %(day)s.") % {"day": shown(closed_on)}
    if any(was_in_force(waiver, day) for waiver in cycle.waivers.all()):
        return _("The duty was waived on that day.")
    return _("The person was on leave on that day.") if away else ""


def was_in_force(waiver: Waiver, day: dt.date) -> bool:
    began = timezone.localdate(waiver.at) <= day
    ended = waiver.ended_at is not None and timezone.localdate(waiver.ended_at) <= day
    return began and not ended and (waiver.until is None or waiver.until >= day)


def shown(day: dt.date) -> str:
    return date_format(day, "j E Y")
