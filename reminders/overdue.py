"""Who is overdue in whose care: what escalations and digests are about, and whom they go to.

A manager's mails never speak of anybody outside the own departments: the same scope as the manager's pages.
"""

import datetime as dt

from accounts.models import Department, Person
from reminders.models import Bounce, Escalation, Kind, Reason, Reminder
from training.models import Cycle, CycleQuerySet


def duties_in_care_of(recipient: Person, today: dt.date) -> CycleQuerySet:
    """Open duties that may be spoken of to this person: HR's are everybody's, a manager's those of the own people."""
    return in_care_of(recipient, Cycle.objects.owed(today))


def in_care_of(recipient: Person, duties: CycleQuerySet) -> CycleQuerySet:
    if recipient.is_hr:
        return duties
    managed = Department.objects.managed_by(recipient)
    return duties.filter(person__department__in=managed).exclude(person=recipient)


def finished_in_care_of(recipient: Person, *, since: dt.date, before: dt.date, today: dt.date) -> CycleQuerySet:
    """Duties of people still employed that were completed on those days."""
    finished = Cycle.objects.filter(completion__completed_on__gte=since, completion__completed_on__lt=before)
    return in_care_of(recipient, finished.of_employed(today))


def overdue_in_care_of(recipient: Person, today: dt.date) -> CycleQuerySet:
    return duties_in_care_of(recipient, today).filter(due_on__lt=today)


def still_open(reminder: Reminder, *, today: dt.date) -> CycleQuerySet:
    """Of the duties an escalation is about, those that are still owed and still the recipient's care."""
    about = Escalation.objects.filter(reminder=reminder).values("cycle")
    return duties_in_care_of(reminder.person, today).filter(pk__in=about)


def verdict(notice: Reminder, *, today: dt.date) -> str:
    """Why an escalation or a digest is not to be sent (any more); empty if it is."""
    recipient = notice.person
    if recipient.left_on and recipient.left_on <= today:
        return Reason.LEFT
    if Bounce.objects.in_force().filter(person=recipient).exists():
        return Reason.BOUNCED
    if not (recipient.is_hr or recipient.is_manager):
        return Reason.NOT_RESPONSIBLE
    if notice.kind == Kind.ESCALATION:
        left_over = still_open(notice, today=today)
    else:
        left_over = overdue_in_care_of(recipient, today)
    return Reason.NONE if left_over.exists() else Reason.NOTHING_TO_SAY
