"""Mails to managers and HR: an escalation about duties, at most one a recipient and day, and the weekly digest.

Planned, like everything, from current state; what such a mail says is worked out when it is written (see overdue.py).
"""

import datetime as dt
import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.db import connection, transaction

from accounts.models import Department, Person, Role, RoleGrant
from reminders.hours import Timetable, local_today, why_closed, zone
from reminders.models import Audience, Escalation, Kind, MailKind, Reason, Reminder, ReminderEvent, ReminderPlan, State
from reminders.planning import host, occurrences, only_run, secret
from training.models import Cycle

DUE_ESCALATIONS = """
SELECT occurrence.cycle_id, occurrence.person_id, step_id, occurs_on, audience, person.department_id
FROM occurrence JOIN reminders_reminderplan plan ON plan.id = plan_id
JOIN accounts_person person ON person.id = occurrence.person_id
WHERE audience <> 'person' AND silence IN ('', 'bounced') AND occurs_on >= %(today)s - plan.catch_up_days
AND NOT EXISTS (
  SELECT FROM reminders_escalation e JOIN reminders_planstep told ON told.id = e.step_id
  WHERE e.cycle_id = occurrence.cycle_id AND told.audience = occurrence.audience
  AND e.occurs_on >= occurrence.occurs_on)
ORDER BY cycle_id, occurs_on
"""


class Due(NamedTuple):
    """A step of a duty that speaks to others than the person."""

    cycle_id: int
    person_id: int
    step_id: int
    occurs_on: dt.date
    audience: str
    department_id: int | None


@dataclass
class Responsible:
    """Who looks after which department, among the people employed on a day."""

    hr: set[int] = field(default_factory=set)
    managers: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    lineage: dict[int, list[int]] = field(default_factory=dict)

    @classmethod
    def on(cls, today: dt.date) -> "Responsible":
        found = cls(lineage=dict(Department.objects.values_list("pk", "lineage")))
        grants = RoleGrant.objects.filter(role__in=[Role.HR, Role.MANAGER], person__in=Person.objects.employed(today))
        for person_id, role, department_id in grants.values_list("person_id", "role", "department_id"):
            (found.hr if role == Role.HR else found.managers[department_id]).add(person_id)
        return found

    @property
    def everybody(self) -> set[int]:
        return self.hr.union(*self.managers.values())

    def recipients(self, due: Due) -> set[int]:
        """HR, or the managers of the nearest department above who are not the person; HR where there is none."""
        if due.audience == Audience.MANAGER:
            for department_id in reversed(self.lineage.get(due.department_id or 0, [])):
                if found := self.managers.get(department_id, set()) - {due.person_id}:
                    return found
        return self.hr - {due.person_id}

    def with_anybody_overdue(self, today: dt.date) -> set[int]:
        """Managers and HR in whose care a duty is overdue; one's own does not count for a manager."""
        overdue = Cycle.objects.owed(today).filter(due_on__lt=today).values_list("person_id", "person__department_id")
        by_department: dict[int, set[int]] = defaultdict(set)
        anybody = False
        for person_id, department_id in overdue:
            anybody = True
            for above in self.lineage.get(department_id or 0, []):
                by_department[above].add(person_id)
        managers = {
            manager
            for department_id, held_by in self.managers.items()
            for manager in held_by
            if by_department[department_id] - {manager}
        }
        return managers | (self.hr if anybody else set())


@transaction.atomic
def plan_notices(*, now: dt.datetime) -> int:
    """Write today's escalations and the week's digests; the number of mails that will go out."""
    if not only_run():
        return 0
    timetable, today = Timetable.load(), local_today(now)
    responsible = Responsible.on(today)
    planned = plan_digests(timetable, responsible, now=now)
    if timetable.standard.is_sending_day(today):
        planned += plan_escalations(timetable, responsible, now=now)
    return planned


def plan_escalations(timetable: Timetable, responsible: Responsible, *, now: dt.datetime) -> int:
    """One mail to each recipient, about everything that fell due for them. Whoever has today's already gets the rest
    tomorrow."""
    today = local_today(now)
    written = set(Reminder.objects.filter(kind=Kind.ESCALATION, occurs_on=today).values_list("person_id", flat=True))
    about: dict[int, list[Due]] = defaultdict(list)
    for due in due_escalations(timetable, now=now):
        recipients = responsible.recipients(due)
        if not recipients & written:
            for recipient in recipients:
                about[recipient].append(due)
    texts = dict.fromkeys(about, MailKind.ESCALATION)
    mails = write(texts, Kind.ESCALATION, occurs_on=today, silent=set(), timetable=timetable, now=now)
    Escalation.objects.bulk_create(
        [
            Escalation(
                reminder=mail, person_id=mail.person_id, cycle_id=d.cycle_id, step_id=d.step_id, occurs_on=d.occurs_on
            )
            for mail in mails
            for d in about[mail.person_id]
        ],
        batch_size=2000,
    )
    return len(mails)


def due_escalations(timetable: Timetable, *, now: dt.datetime) -> list[Due]:
    """What nobody of that audience was told yet, of that day or a later one."""
    sql, parameters = occurrences(now, timetable)
    with connection.cursor() as cursor:
        cursor.execute(sql + DUE_ESCALATIONS, parameters)
        return [Due(*row) for row in cursor.fetchall()]


def plan_digests(timetable: Timetable, responsible: Responsible, *, now: dt.datetime) -> int:
    """Everybody responsible has a row for the week; who has nobody overdue gets no mail, and the row says so. A day
    before the plan was last changed is not made up for."""
    today = local_today(now)
    plan = ReminderPlan.objects.get(standard=True)
    if plan.digest_weekday is None:
        return 0
    day = today - dt.timedelta((today.weekday() - plan.digest_weekday) % 7)
    if plan.updated_at and day < local_today(plan.updated_at):
        return 0
    written = Reminder.objects.filter(kind=Kind.DIGEST, occurs_on=day).values_list("person_id", flat=True)
    missing = responsible.everybody - set(written)
    if not missing:
        return 0
    silent = missing - responsible.with_anybody_overdue(today)
    texts = {pk: MailKind.DIGEST_HR if pk in responsible.hr else MailKind.DIGEST for pk in sorted(missing)}
    mails = write(texts, Kind.DIGEST, occurs_on=day, silent=silent, timetable=timetable, now=now)
    return len(mails) - len(silent)


def write(
    texts: dict[int, MailKind],
    kind: Kind,
    *,
    occurs_on: dt.date,
    silent: set[int],
    timetable: Timetable,
    now: dt.datetime,
) -> list[Reminder]:
    """A row for each recipient, with the reason beside those that are not to be sent."""
    hours = timetable.standard
    common: dict[str, Any] = {
        "kind": kind,
        "plan_id": timetable.standard_id,
        "occurs_on": occurs_on,
        "planned_at": now,
        "not_before": hours.next_opening(now, zone()),
    }
    waits = why_closed(hours, now)
    mails = Reminder.objects.bulk_create(
        [
            Reminder(
                **common,
                text=text,
                person_id=person_id,
                message_id=message_id(kind, person_id, occurs_on),
                state=State.CANCELLED if person_id in silent else State.PENDING,
                reason=Reason.NOTHING_TO_SAY if person_id in silent else waits,
                settled_at=now if person_id in silent else None,
            )
            for person_id, text in texts.items()
        ],
        batch_size=2000,
    )
    explain(mails, now=now)
    return mails


def explain(mails: Iterable[Reminder], *, now: dt.datetime) -> None:
    """The first event of a row that does not simply go out: why."""
    ReminderEvent.objects.bulk_create(
        [ReminderEvent(reminder=mail, at=now, state=mail.state, reason=mail.reason) for mail in mails if mail.reason]
    )


def message_id(*key: object) -> str:
    """The same on every try, not to be guessed, without personal data: `<rem.` and 32 digits of a SHA-256 `@host>`."""
    digest = hashlib.sha256("|".join(str(part) for part in (secret(), *key)).encode()).hexdigest()[:32]
    return f"<rem.{digest}@{host()}>"
