"""Ledger rows in the state a test needs, along the transitions that the database allows."""

import datetime as dt
import uuid
from collections.abc import Collection, Iterable

from accounts.models import Person
from reminders.models import Bounce, Kind, MailKind, Reason, Reminder, ReminderPlan, State
from reminders.transitions import move
from training.models import Cycle


def bring_to(mail: Reminder, state: State, now: dt.datetime) -> None:
    held = {"claim_token": uuid.uuid4(), "lease_until": now + dt.timedelta(minutes=1)}
    for step in (State.CLAIMED, State.COMMITTING):
        move([mail.pk], step, now=now, **held)
        if step == state:
            break
    else:
        move([mail.pk], state, now=now)
    mail.refresh_from_db()


def committing(ids: Collection[int], *, now: dt.datetime) -> None:
    move(ids, State.CLAIMED, now=now, claim_token=uuid.uuid4(), lease_until=now)
    move(ids, State.COMMITTING, now=now, lease_until=now)


def sent(rows: Iterable[int], *, now: dt.datetime) -> None:
    ids = list(rows)
    committing(ids, now=now)
    move(ids, State.SENT, now=now)


def bounce(person: Person, cycle: Cycle, *, now: dt.datetime) -> Bounce:
    """A nudge about that duty was refused for good."""
    refused = Reminder.objects.create(
        kind=Kind.NUDGE,
        text=MailKind.NUDGE,
        plan=ReminderPlan.objects.get(standard=True),
        cycle=cycle,
        person=person,
        occurs_on=now.date() - dt.timedelta(30),
        state=State.FAILED,
        reason=Reason.REFUSED,
        message_id=f"<rem.{uuid.uuid4().hex}@example.com>",
        planned_at=now,
        not_before=now,
    )
    return Bounce.objects.create(person=person, email=person.email, reminder=refused, status="5.1.1", at=now)
