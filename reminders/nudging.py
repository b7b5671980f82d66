"""A mail by hand: a manager asks for one to a person of the own departments, HR to anybody.

It goes the way of every mail: in quiet hours it waits, and it is not sent to whoever finishes meanwhile.
"""

import datetime as dt

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import Person
from accounts.refusals import Refusal
from reminders import calendar
from reminders.hours import Timetable, local_today, why_closed, zone
from reminders.models import Bounce, Kind, MailKind, Reminder, ReminderEvent, State
from reminders.notices import message_id
from training.models import Cycle, CycleQuerySet, Leave, Waiver

MOST_A_DAY = 20
"""By one manager, or one of HR."""


class NotTheirs(Exception):
    """The person is not among those whom one may remind; who asks is not to learn more."""


class Yourself(Refusal):
    reason = _("You cannot remind yourself.")


class NothingToDo(Refusal):
    reason = _("This duty is closed: there is nothing left to be reminded of.")


class HasLeft(Refusal):
    reason = _("This person has left.")


class IsWaived(Refusal):
    reason = _("The duty is waived, so nobody is reminded of it.")


class IsOnLeave(Refusal):
    reason = _("The person is on leave. Duties rest until they are back.")


class AddressBounces(Refusal):
    reason = _("Mail to this person’s address comes back. HR can correct the address.")


class NudgedToday(Refusal):
    reason = _("Somebody has reminded this person by hand today already. One such mail a day is enough.")


class MailedToday(Refusal):
    reason = _("This person got a mail today already. Nobody gets two on one day.")


class MailWaits(Refusal):
    reason = _("A mail to this person is waiting already and goes out first. Nobody gets two on one day.")


class LimitReached(Refusal):
    reason = _("You have reminded %(number)s people by hand today; that is the most for one day.")


def within_reach(by: Person, *, today: dt.date) -> CycleQuerySet:
    """The duties that somebody may remind of, whatever their state. Who has left, a manager does not learn."""
    people = Person.objects.visible_to(by)
    return Cycle.objects.of_people(people if by.is_hr else people.employed(today))


def nudge(cycle: Cycle, *, by: Person, now: dt.datetime) -> Reminder:
    """Owe the person one more mail about this duty, now or when the quiet hours end. Raises NotTheirs or a Refusal."""
    today = local_today(now)
    try:
        with transaction.atomic():
            Person.objects.select_for_update(no_key=True).get(pk=by.pk)  # or two clicks at once would pass the limit
            found = within_reach(by, today=today).select_related("person").filter(pk=cycle.pk).first()
            if found is None:
                raise NotTheirs
            mail = mail_about(found, now=now)
            refuse_who_needs_none(found, by=by, today=today)
            refuse_a_second_mail(mail, by=by, today=today)
            return write(mail, by=by, now=now)
    except IntegrityError as error:  # somebody else was quicker by a moment
        raise NudgedToday from error


def mail_about(cycle: Cycle, *, now: dt.datetime) -> Reminder:
    timetable, today = Timetable.load(), local_today(now)
    return Reminder(
        kind=Kind.NUDGE,
        text=MailKind.NUDGE,
        plan_id=timetable.standard_id,
        cycle=cycle,
        person=cycle.person,
        occurs_on=today,
        message_id=message_id(Kind.NUDGE, cycle.pk, today),
        planned_at=now,
        not_before=timetable.standard.next_opening(now, zone()),
        reason=why_closed(timetable.standard, now),
    )


def refuse_who_needs_none(cycle: Cycle, *, by: Person, today: dt.date) -> None:
    person = cycle.person
    refusals = {
        Yourself: lambda: person == by,
        HasLeft: lambda: person.left_on is not None and person.left_on <= today,
        NothingToDo: lambda: cycle.closed_at is not None,
        IsWaived: lambda: Waiver.objects.in_force(today).filter(cycle=cycle).exists(),
        IsOnLeave: lambda: Leave.objects.on(today).filter(person=person).exists(),
        AddressBounces: lambda: Bounce.objects.in_force().filter(person=person).exists(),
    }
    for refusal, holds in refusals.items():
        if holds():
            raise refusal


def refuse_a_second_mail(mail: Reminder, *, by: Person, today: dt.date) -> None:
    """One mail by hand a person and day, and none that would only stand behind another one."""
    others = Reminder.objects.filter(person=mail.person)
    if others.filter(kind=Kind.NUDGE, occurs_on=today).exists():
        raise NudgedToday
    if others.mailed_since(calendar.start_of(today, zone())).exists():
        raise MailedToday
    end_of_its_day = calendar.start_of(local_today(mail.not_before) + calendar.DAY, zone())
    if others.filter(state=State.PENDING, not_before__lt=end_of_its_day).exists():
        raise MailWaits
    if nudges_today(by, today) >= MOST_A_DAY:
        raise LimitReached(number=MOST_A_DAY)


def nudges_today(by: Person, today: dt.date) -> int:
    """Those that this person asked for, not those that HR decided about later."""
    asked = Q(by=by, at=F("reminder__planned_at"))
    return ReminderEvent.objects.filter(asked, reminder__kind=Kind.NUDGE, reminder__occurs_on=today).count()


def write(mail: Reminder, *, by: Person, now: dt.datetime) -> Reminder:
    mail.save(force_insert=True)
    ReminderEvent.objects.create(reminder=mail, at=now, state=mail.state, reason=mail.reason, by=by)
    audit.record("reminders.nudge", subject=mail.person, by=by, now=now, cycle=mail.cycle_id, reminder=mail.pk)
    return mail
