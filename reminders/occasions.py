"""What one mail is written from: its row, the person, the duty, the plan's hours; and the values of its variables."""

import datetime as dt
from collections.abc import Collection, Mapping
from functools import cache, lru_cache
from typing import Any, NamedTuple

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db.models import Func, OuterRef, Subquery, TextField, Value
from django.db.models.functions import Coalesce, Concat
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import get_language, npgettext

from babel.dates import format_date

from accounts.models import Person
from courses.models import Course, revision_content
from reminders.appointment import moment_for, moment_in_words
from reminders.calendar import Hours
from reminders.hours import local_today, zone
from reminders.models import MailKind, MailText, Reminder, ReminderEvent
from reminders.prepared import filled, given_for, prepared_cursor, some_ids
from reminders.reports import title_of
from reminders.wording import FIELDS, Wording, one_line, shipped
from training.models import Completion
from training.words import day_in_words, due_in_words

PROPOSING = (MailKind.ASSIGNED, MailKind.BEFORE)
"""Kinds that propose a quarter of an hour for the calendar."""


class Occasion(NamedTuple):
    """In the order of COLUMNS. A mail to managers or HR has no duty of its own."""

    reminder_id: int
    kind: str
    message_id: str
    occurs_on: dt.date
    planned_at: dt.datetime
    first_name: str
    last_name: str
    email: str
    language: str
    manager: str
    cycle_id: int | None
    due_on: dt.date | None
    opened_at: dt.datetime | None
    course_id: int | None
    revision_id: int | None
    opens: dt.time
    closes: dt.time | None
    weekdays: list[int]
    skips_holidays: bool
    own_words: list[str] | None
    completed_on: dt.date | None
    expires_on: dt.date | None
    certificate: str | None

    @property
    def wording(self) -> Wording:
        """HR's own text in the person's language, or the shipped one."""
        return Wording(*self.own_words) if self.own_words else shipped(self.kind, self.language)

    @property
    def name(self) -> str:
        return one_line(f"{self.first_name} {self.last_name}")

    def appointment(self, *, now: dt.datetime) -> dt.datetime | None:
        if self.kind not in PROPOSING:
            return None
        hours = Hours(self.opens, self.closes, frozenset(self.weekdays), self.skips_holidays)
        return moment_for(self.due_on, hours, zone(), now=now)


COLUMNS = (
    *("pk", "text", "message_id", "occurs_on", "planned_at"),
    *("person__first_name", "person__last_name", "person__email", "person__language", "manager_name"),
    *("cycle_id", "cycle__due_on", "cycle__opened_at", "cycle__course_id", "revision_id"),
    *("plan__opens", "plan__closes", "plan__weekdays", "plan__skips_holidays", "own_words"),
    *("cycle__completion__completed_on", "cycle__completion__expires_on", "cycle__completion__certificate_code"),
)


def occasion_of(reminder_id: int) -> Occasion:
    """Raises Reminder.DoesNotExist."""
    found = occasions_of([reminder_id])
    if not found:
        raise Reminder.DoesNotExist
    return found[reminder_id]


def occasions_of(ids: Collection[int]) -> dict[int, Occasion]:
    """One query, whose SQL the ORM writes once per process. What few mails need is asked in subqueries: for each table
    that is joined, PostgreSQL thinks longer about the order than it takes to read the row."""
    if not ids:
        return {}
    sql, parameters = _statement(len(ids))
    with prepared_cursor() as cursor:
        cursor.execute(sql, filled(parameters, given_for(ids)))
        return {row[0]: Occasion(*row) for row in cursor.fetchall()}


@cache
def _statement(number: int) -> tuple[str, tuple[Any, ...]]:
    manager = Person.objects.filter(pk=OuterRef("person__manager"))
    name = Concat("first_name", Value(" "), "last_name")
    own = MailText.objects.filter(kind=OuterRef("text"), language=OuterRef("person__language"))
    words = Func(*FIELDS, template="ARRAY[%(expressions)s]", output_field=ArrayField(TextField()))
    rows = Reminder.objects.annotate(
        own_words=Subquery(own.values(words=words)),
        manager_name=Coalesce(Subquery(manager.values(full=name)), Value("")),
        revision_id=Subquery(Course.objects.filter(pk=OuterRef("cycle__course")).values("current")),
    )
    return rows.filter(pk__in=list(some_ids(number))).order_by().values_list(*COLUMNS).query.sql_with_params()


def duty_values(occasion: Occasion, *, now: dt.datetime) -> dict[str, str]:
    """Of every variable that a mail about a duty may name; empty where this duty has no such value. In the active
    language."""
    today, language = local_today(now), get_language() or "pl"
    assert occasion.course_id
    assert occasion.opened_at
    due_on, starts = occasion.due_on, occasion.appointment(now=now)
    values = {
        "first_name": one_line(occasion.first_name),
        "manager": one_line(_nudger(occasion.reminder_id) if occasion.kind == MailKind.NUDGE else occasion.manager),
        "course": one_line(title_of(occasion.course_id, occasion.revision_id)),
        "minutes": minutes_in_words(occasion.revision_id),
        "due_words": due_in_words(due_on, today) if due_on else "",
        "due_date": _weekday(due_on, language) if due_on else "",
        "assigned_on": _day(timezone.localdate(occasion.opened_at), language),
        "appointment": moment_in_words(starts, zone()) if starts else "",
        "contact": one_line(settings.HR_CONTACT),
    }
    if occasion.kind == MailKind.DONE:
        values |= _of_completion(occasion, language)
    elif occasion.kind == MailKind.EXPIRING:
        values["expires_on"] = _day(_earlier_expiry(occasion), language)
    return values


def path_of(occasion: Occasion, values: Mapping[str, str]) -> str:
    """Where the button leads, after sign-in if need be: the step to go on with, or the certificate."""
    if code := values.get("certificate"):
        return reverse("training:certificate", kwargs={"code": code})
    return reverse("training:resume", kwargs={"cycle_id": occasion.cycle_id})


def minutes_in_words(revision_id: int | None) -> str:
    """As it stands after “about”: Polish puts it into the genitive."""
    minutes = revision_content(revision_id).minutes if revision_id else 0
    words = npgettext("after “about”", "%(minutes)d minute", "%(minutes)d minutes", minutes)
    return words % {"minutes": minutes} if minutes else ""


@lru_cache(maxsize=4096)
def _weekday(day: dt.date, language: str) -> str:
    with translation.override(language):
        return day_in_words(day)


@lru_cache(maxsize=4096)
def _day(day: dt.date | None, language: str) -> str:
    return format_date(day, "d MMMM y", locale=language) if day else ""


def _of_completion(occasion: Occasion, language: str) -> dict[str, str]:
    return {
        "completed_on": _day(occasion.completed_on, language),
        "valid_until": _day(occasion.expires_on, language),
        "certificate": occasion.certificate or "",
    }


def _earlier_expiry(occasion: Occasion) -> dt.date | None:
    """The last day of the completion before this duty."""
    earlier = Completion.objects.filter(person__cycles=occasion.cycle_id, course=occasion.course_id)
    return (
        earlier.exclude(cycle=occasion.cycle_id).order_by("-cycle__number").values_list("expires_on", flat=True).first()
    )


def _nudger(reminder_id: int) -> str:
    """Who pressed the button: the first person in the row's history."""
    events = ReminderEvent.objects.filter(reminder=reminder_id, by__isnull=False).order_by("at", "pk")
    names = events.values_list("by__first_name", "by__last_name").first()
    return " ".join(names) if names else ""
