"""What HR changes about one person's duty: more time, an exemption, leave. Each with a reason, each audited."""

import datetime as dt
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import Person
from training.models import Cycle, Extension, Leave, Waiver


class DutyError(Exception):
    """The change is not possible; `str()` says why, in the reader's language."""

    message: Any = ""

    def __str__(self) -> str:
        return str(self.message)


class CycleClosed(DutyError):
    message = _("This duty is closed: a completed course never changes.")


class ReasonMissing(DutyError):
    message = _("Give a reason; it is kept with the change.")


class NotLater(DutyError):
    message = _("The new due date must be later than the present one and not in the past.")


class AlreadyWaived(DutyError):
    message = _("This duty is waived already.")


class LeavesOverlap(DutyError):
    message = _("The person is already on leave on some of these days.")


class WrongDays(DutyError):
    message = _("The last day must not lie before the first day or before today.")


def _locked_open(cycle: Cycle) -> Cycle:
    locked = Cycle.objects.select_for_update(of=("self",)).select_related("person", "course").get(pk=cycle.pk)
    if locked.closed_at is not None:
        raise CycleClosed
    return locked


def _reason(text: str) -> str:
    if not text.strip():
        raise ReasonMissing
    return text.strip()


@transaction.atomic
def extend(cycle: Cycle, *, new_due_on: dt.date, reason: str, by: Person, now: dt.datetime) -> Extension:
    """Give more time; the old date is kept in the Extension row."""
    cycle = _locked_open(cycle)
    reason = _reason(reason)
    if (cycle.due_on is not None and new_due_on <= cycle.due_on) or new_due_on < timezone.localdate(now):
        raise NotLater
    return _move_due(cycle, new_due_on, reason=reason, by=by, now=now)


def _move_due(cycle: Cycle, new_due_on: dt.date, *, reason: str, by: Person, now: dt.datetime) -> Extension:
    extension = Extension.objects.create(
        cycle=cycle, old_due_on=cycle.due_on, new_due_on=new_due_on, reason=reason, by=by, at=now
    )
    audit.record(
        "duties.extend",
        subject=cycle.person,
        by=by,
        now=now,
        before=cycle.due_on and cycle.due_on.isoformat(),
        after=new_due_on.isoformat(),
        cycle=cycle.pk,
        reason=reason,
    )
    cycle.due_on = new_due_on
    cycle.save(update_fields=["due_on"])
    return extension


@transaction.atomic
def waive(cycle: Cycle, *, reason: str, until: dt.date | None, by: Person, now: dt.datetime) -> Waiver:
    """Exempt the person from this duty, for good or until a day (included)."""
    cycle = _locked_open(cycle)
    reason = _reason(reason)
    today = timezone.localdate(now)
    if until is not None and until < today:
        raise WrongDays
    current = Waiver.objects.filter(cycle=cycle, ended_at=None).first()
    if current is not None:
        if current.until is None or current.until >= today:
            raise AlreadyWaived
        Waiver.objects.filter(pk=current.pk).update(ended_at=now, ended_by=by)
    waiver = Waiver.objects.create(cycle=cycle, reason=reason, until=until, by=by, at=now)
    audit.record(
        "duties.waive",
        subject=cycle.person,
        by=by,
        now=now,
        cycle=cycle.pk,
        reason=reason,
        until=until and until.isoformat(),
    )
    return waiver


@transaction.atomic
def end_waiver(waiver: Waiver, *, by: Person, now: dt.datetime) -> None:
    """The duty counts again."""
    if Waiver.objects.filter(pk=waiver.pk, ended_at=None).update(ended_at=now, ended_by=by):
        audit.record("duties.end_waiver", subject=waiver.cycle.person, by=by, now=now, cycle=waiver.cycle_id)


@transaction.atomic
def put_on_leave(
    person: Person, *, starts_on: dt.date, ends_on: dt.date | None, reason: str, by: Person, now: dt.datetime
) -> Leave:
    """Pause all duties from the first to the last day away; with a known end the due dates move at once."""
    reason = _reason(reason)
    Person.objects.select_for_update().get(pk=person.pk)
    if ends_on is not None and ends_on < starts_on:
        raise WrongDays
    others = Leave.objects.filter(person=person).exclude(ends_on__lt=starts_on)
    if ends_on is not None:
        others = others.filter(starts_on__lte=ends_on)
    if others.exists():
        raise LeavesOverlap
    leave = Leave.objects.create(person=person, starts_on=starts_on, ends_on=ends_on, reason=reason, by=by, at=now)
    audit.record(
        "duties.leave",
        subject=person,
        by=by,
        now=now,
        starts_on=starts_on.isoformat(),
        ends_on=ends_on and ends_on.isoformat(),
        reason=reason,
    )
    if ends_on is not None:
        _shift_due_dates(leave, old_end=None, by=by, now=now)
    return leave


@transaction.atomic
def end_leave(leave: Leave, *, last_day: dt.date, by: Person, now: dt.datetime) -> Leave:
    """Set or correct the last day away; due dates move by the days away, or back if it was shorter than planned."""
    leave = Leave.objects.select_for_update(of=("self",)).select_related("person").get(pk=leave.pk)
    if last_day < leave.starts_on:
        raise WrongDays
    clash = Leave.objects.filter(person=leave.person, starts_on__lte=last_day, starts_on__gt=leave.starts_on)
    if clash.exists():
        raise LeavesOverlap
    old_end, leave.ends_on = leave.ends_on, last_day
    leave.save(update_fields=["ends_on"])
    audit.record(
        "duties.end_leave",
        subject=leave.person,
        by=by,
        now=now,
        before=old_end and old_end.isoformat(),
        after=last_day.isoformat(),
    )
    _shift_due_dates(leave, old_end=old_end, by=by, now=now)
    return leave


def _shift_due_dates(leave: Leave, *, old_end: dt.date | None, by: Person, now: dt.datetime) -> None:
    """Move each open due date by the days of the leave since the cycle was opened, less those already granted."""
    for cycle in Cycle.objects.select_for_update(of=("self",)).open().filter(person=leave.person, due_on__isnull=False):
        first = max(leave.starts_on, timezone.localdate(cycle.opened_at))
        days = _days(first, leave.ends_on) - _days(first, old_end)
        if days and cycle.due_on:
            _move_due(cycle, cycle.due_on + dt.timedelta(days=days), reason=leave.reason, by=by, now=now)


def _days(first: dt.date, last: dt.date | None) -> int:
    return max(0, (last - first).days + 1) if last else 0
