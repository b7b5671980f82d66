"""Sending: claim, talk to the mail server up to 354, record the point of no return, hand over, record the outcome.

No mail is sent inside a transaction. Before `committing` is durable everything may be tried again; after it nothing is
sent again without a person's decision. At most one mail reaches a person on a local day over all courses: a second one
stays waiting and moves to the next sending day (`one_a_day`).
"""

import datetime as dt
import logging
import random
import traceback
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace

from django.conf import settings
from django.db import connection, transaction

from reminders import bouncing, calendar, circuit, mails
from reminders.calendar import Hours
from reminders.hours import Timetable, local_today, why_closed, zone
from reminders.models import Reason, Reminder, State
from reminders.occasions import Occasion, occasions_of
from reminders.pacing import Pace
from reminders.replies import is_about_the_address
from reminders.smtp import Doubt, MailServer, NotSent
from reminders.transitions import Condition, move, silence
from reminders.verdicts import still_owed, verdicts, with_mailed_since

logger = logging.getLogger(__name__)

LEASE = settings.REMINDER_TIMING.lease
QUARANTINE = settings.REMINDER_TIMING.quarantine
"""Longer than the mail server's idle timeout plus its time to answer the final dot, so that a frozen sender that
wakes up finds its connection gone."""
BATCH = 10
BROKEN_CONNECTIONS = 3
BACKOFF_FIRST, BACKOFF_MOST = settings.REMINDER_TIMING.backoff_first, settings.REMINDER_TIMING.backoff_most
PERSON_LOCK = 5_001_002

Clock = Callable[[], dt.datetime]


@dataclass(frozen=True)
class Claim:
    """`hours`: those of its plan when it was claimed, so never older than a lease."""

    reminder_id: int
    token: uuid.UUID
    hours: Hours

    def is_held(self, *states: State) -> Condition:
        return Condition("AND claim_token = %s AND state = ANY(%s)", (self.token, list(states)))


@dataclass(frozen=True)
class Batch:
    """`seen` counts the waiting rows that were looked at: none means that nothing is due."""

    seen: int
    claims: tuple[Claim, ...] = ()


@dataclass
class Drained:
    sent: int = 0
    not_sent: int = 0
    broken: int = 0
    more: bool = False
    left_alone: bool = False

    @property
    def gave_up(self) -> bool:
        """Several connections in a row failed, or so many that nobody is to connect for a while."""
        return self.left_alone or self.broken >= BROKEN_CONNECTIONS

    def failed(self, error: NotSent | Doubt, *, now: dt.datetime) -> None:
        if isinstance(error, circuit.CircuitOpen):
            self.left_alone = True
        else:
            self.broken += 1
            circuit.note_failure(error, now=now)


def drain(*, clock: Clock, until: dt.datetime, server: MailServer, pace: Pace | None = None) -> Drained:
    """Send what is due until nothing is left, time is up, or the mail server failed several times in a row."""
    result, pace = Drained(), pace or Pace(0)
    be_durable()
    server.before_connecting = lambda: circuit.pass_or_wait(now=clock())
    try:
        while not result.gave_up:
            now = clock()
            result.more = is_due(now=now)
            if not result.more or now >= until:
                break
            if connected(server, result, now=now):
                batch = claim(now=now, limit=pace.batch(BATCH))
                if not batch.seen:
                    break
                pace.share(now=now)
                send_batch(batch, clock=clock, until=until, server=server, pace=pace, result=result)
    finally:
        server.close()
    return result


def be_durable() -> None:
    """However the database is set up, what is committed here must outlive its crash: a mail follows it."""
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit TO on")


def is_due(*, now: dt.datetime) -> bool:
    plans = Timetable.load().open_plans(now)
    return bool(plans) and Reminder.objects.due(now).filter(plan__in=plans).exists()


def connected(server: MailServer, result: Drained, *, now: dt.datetime) -> bool:
    """Only an open connection claims: while the mail server is away the rows wait untouched."""
    try:
        server.connect()
    except NotSent as error:
        logger.warning("Mail server not reachable: %s", type(error.__cause__ or error).__name__)
        result.failed(error, now=now)
        return False
    return True


def send_batch(
    batch: Batch, *, clock: Clock, until: dt.datetime, server: MailServer, pace: Pace, result: Drained
) -> None:
    """Each mail of the batch to its end, or back untried when there is no time or no connection left."""
    trusted = False
    occasions = occasions_of([held.reminder_id for held in batch.claims])
    for held in batch.claims:
        now = clock()
        if now >= until or result.gave_up or not connected(server, result, now=now):
            release(held, now=now, not_before=now)
            continue
        pace.wait()
        sent, failure = False, None
        try:
            sent = deliver(held, occasions[held.reminder_id], now=now, clock=clock, server=server)
        except (NotSent, Doubt) as error:
            failure = error if isinstance(error, Doubt) or error.broken else None
        if failure:
            result.failed(failure, now=clock())
        elif result.broken or not trusted:
            circuit.note_answer()
            result.broken, trusted = 0, True
        result.sent += sent
        result.not_sent += not sent


@transaction.atomic
def claim(*, now: dt.datetime, limit: int = BATCH) -> Batch:
    """Take up to `limit` due rows for the time of a lease. Rows no longer owed are settled here, with their reason."""
    timetable, today = Timetable.load(), local_today(now)
    picked = dict(
        Reminder.objects.due(now)
        .filter(plan__in=timetable.open_plans(now))
        .select_for_update(skip_locked=True, of=("self",))
        .values_list("pk", "person_id")[:limit]
    )
    people = lock_people(set(picked.values()))
    mine = [pk for pk, person_id in picked.items() if person_id in people]
    verdict = verdicts(mine, today=today)
    rows = list(
        with_mailed_since(Reminder.objects.filter(pk__in=mine), calendar.start_of(today, zone()))
        .order_by("not_before", "pk")
        .values_list("pk", "person_id", "plan_id", "mailed")
    )
    silence([(pk, reason) for pk, reason in verdict.items() if reason], now=now)
    taken: dict[int, Hours] = {}
    served: set[int] = set()
    for pk, person_id, plan_id, mailed in rows:
        if verdict[pk]:
            continue
        if mailed or person_id in served:
            not_before = timetable.by_plan[plan_id].opening_after(today, zone())
            move([pk], State.PENDING, now=now, reason=Reason.ONE_A_DAY, not_before=not_before)
        else:
            taken[pk] = timetable.by_plan[plan_id]
        served.add(person_id)
    token = uuid.uuid4()
    move(taken, State.CLAIMED, now=now, claim_token=token, lease_until=now + LEASE, tries=1)
    return Batch(len(picked), tuple(Claim(pk, token, hours) for pk, hours in taken.items()))


def lock_people(ids: set[int]) -> set[int]:
    """Those of the people whom no other worker is claiming for, held until the end of the transaction: two workers
    must not each find that a person got no mail today."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM unnest(%s::bigint[]) AS id WHERE pg_try_advisory_xact_lock(%s, (id %% 2147483647)::int)",
            [sorted(ids), PERSON_LOCK],
        )
        return {row[0] for row in cursor.fetchall()}


def deliver(held: Claim, occasion: Occasion, *, now: dt.datetime, clock: Clock, server: MailServer) -> bool:
    """One claimed mail to its end: True when the server accepted it. Raises NotSent after recording it, or Doubt, when
    the mail stays as it is until the quarantine is over."""
    try:
        mail = mails.compose(occasion, now=now)
    except mails.BadAddress:
        settle(held, State.FAILED, now=clock(), reply="the address cannot be written", reason=Reason.REFUSED)
        return False
    except Exception as error:  # one mail that cannot be written must not stop the others
        place = traceback.extract_tb(error.__traceback__)[-1]
        logger.error("Reminder %s: %s in %s:%s", held.reminder_id, type(error).__name__, place.filename, place.lineno)
        retry(held, now=clock(), note="the mail could not be written", reason=Reason.UNWRITABLE)
        return False
    try:
        server.offer(sender=mail.sender, recipient=mail.recipient)
        if not commit(held, now=clock()):
            server.abandon()
            return False
        reply = server.hand_over(mail.content)
    except NotSent as error:
        if error.refused:
            refuse(held, error, recipient=mail.recipient, now=clock())
        else:
            retry(held, now=clock(), note=error.reply)
        raise
    except Doubt:
        logger.warning("Reminder %s: no answer after the final dot", held.reminder_id)
        raise
    except BaseException:
        server.abandon()  # in the middle of a mail a goodbye would become part of it
        raise
    return settle(held, State.SENT, now=clock(), reply=reply)


def commit(held: Claim, *, now: dt.datetime) -> bool:
    """The point of no return, durable before the body goes out. False when the claim or the duty is gone: the caller
    drops the connection without the final dot, and nothing was sent."""
    if not why_closed(held.hours, now):
        owed = still_owed(held.reminder_id, today=local_today(now))
        mine = held.is_held(State.CLAIMED)
        where = replace(
            owed, sql=f"{mine.sql} AND lease_until > %s {owed.sql}", values=(*mine.values, now, *owed.values)
        )
        if move([held.reminder_id], State.COMMITTING, now=now, where=where, lease_until=now + QUARANTINE):
            return True
    return _commit_or_say_why(held, now=now)


@transaction.atomic
def _commit_or_say_why(held: Claim, *, now: dt.datetime) -> bool:
    """Step by step: for what is not to be sent, and for mails about others, whose verdict no statement gives."""
    row = hold(held, State.CLAIMED, now=now)
    if row is None:
        return False
    verdict = verdicts([row.pk], today=local_today(now))[row.pk]
    closed = why_closed(held.hours, now)
    if verdict:
        silence([(row.pk, verdict)], now=now)
    elif closed:
        move([row.pk], State.PENDING, now=now, reason=closed, not_before=held.hours.next_opening(now, zone()))
    else:
        move([row.pk], State.COMMITTING, now=now, lease_until=now + QUARANTINE)
    return not verdict and not closed


def hold(held: Claim, *states: State, now: dt.datetime | None = None) -> Reminder | None:
    """The claimed row, locked, if it is still the claimer's; with `now` only while the lease runs."""
    rows = Reminder.objects.select_for_update().filter(pk=held.reminder_id, claim_token=held.token, state__in=states)
    return (rows.filter(lease_until__gt=now) if now else rows).first()


def settle(held: Claim, state: State, *, now: dt.datetime, reply: str, reason: str = Reason.NONE) -> bool:
    """The server's answer. It is the truth even when the sweep had given the row up as unclear meanwhile."""
    where = held.is_held(State.CLAIMED, State.COMMITTING, State.UNKNOWN)
    ids = [held.reminder_id]
    return bool(move(ids, state, now=now, reason=reason, note=reply, where=where, smtp_reply=reply))


@transaction.atomic
def refuse(held: Claim, error: NotSent, *, recipient: str, now: dt.datetime) -> None:
    """Refused for good; when that was because of the address, the address is marked."""
    settled = settle(held, State.FAILED, now=now, reply=error.reply, reason=Reason.REFUSED)
    if settled and is_about_the_address(error.reply, in_doubt=error.to_recipient):
        bouncing.note_refusal(held.reminder_id, recipient=recipient, reply=error.reply, now=now)


@transaction.atomic
def retry(held: Claim, *, now: dt.datetime, note: str, reason: str = Reason.TRY_AGAIN) -> None:
    """Not accepted, try again later."""
    row = hold(held, State.CLAIMED, State.COMMITTING, State.UNKNOWN)
    if row:
        not_before = held.hours.next_opening(now + backoff(row.attempts), zone())
        move([row.pk], State.PENDING, now=now, reason=reason, note=note, smtp_reply=note, not_before=not_before)


def release(held: Claim, *, now: dt.datetime, not_before: dt.datetime) -> None:
    """Give a claimed row back untried."""
    where = held.is_held(State.CLAIMED)
    move([held.reminder_id], State.PENDING, now=now, where=where, not_before=not_before, tries=-1)


def backoff(attempts: int) -> dt.timedelta:
    """Full jitter: anything up to a bound that doubles from the first one to the most (a minute, six hours)."""
    bound = min(BACKOFF_MOST, BACKOFF_FIRST * 2 ** min(attempts - 1, 10))
    return bound * random.random()  # noqa: S311 - jitter


@transaction.atomic
def sweep(*, now: dt.datetime) -> tuple[int, int]:
    """Give back claims whose worker died before the point of no return; call those after it unclear."""
    stale = Reminder.objects.filter(lease_until__lte=now).select_for_update(skip_locked=True)
    claimed = list(stale.filter(state=State.CLAIMED).values_list("pk", flat=True))
    committing = list(stale.filter(state=State.COMMITTING).values_list("pk", flat=True))
    move(claimed, State.PENDING, now=now, note="the worker did not come back")
    move(committing, State.UNKNOWN, now=now, note="no answer after the final dot")
    return len(claimed), len(committing)
