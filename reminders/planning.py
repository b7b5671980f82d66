"""Planning: which mails are owed now, from the current state of duties and plans alone.

Nothing is remembered of earlier runs. Each run writes what the ledger lacks, so a missed tick, a second scheduler or a
replay changes nothing: a row is unique by duty, step and local day. Of the steps of a duty that fell due and were not
written yet only the newest is sent; the older ones are written as superseded (at most `HORIZON_DAYS` back), and one
that would go out later than the plan makes up for is written as missed. Steps on the day a duty began are not owed
besides those that count from it. A step that falls due while the duty is waived, the person is on leave, or mail to
them comes back is written with that reason.

A first mail that was held back for such a reason, or came back, is planned again on the first day it is owed: after the
address has changed, say.
"""

import datetime as dt
import hashlib
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, Max, OuterRef, Q

from accounts.models import Person
from reminders.hours import Timetable, local_today, why_closed
from reminders.models import Anchor, Bounce, PlanStep, Reason, Reminder, ReminderQuerySet, State
from reminders.models.plan import HORIZON_DAYS
from reminders.transitions import silence
from reminders.verdicts import DUTY, with_verdict
from training.models import Completion, Cycle, Leave, Waiver

LOCK = 5_001_001

OCCURRENCES = """
WITH open_duty (cycle_id, person_id, course_id, number, due_on, opened_at, waived, away, bounced)
AS MATERIALIZED ({duties}),
finished (cycle_id, person_id, course_id, completed_on, bounced) AS ({finished}),
held_back (cycle_id) AS (
  SELECT cycle_id FROM reminders_reminder WHERE kind = 'step' GROUP BY cycle_id
  HAVING bool_and(state = 'cancelled' AND reason IN ('on_leave', 'waived', 'bounced')
    OR state IN ('sent', 'failed') AND id IN (SELECT reminder_id FROM reminders_bounce WHERE marks))
),
plan_of (course_id, plan_id, plan_since) AS (
  SELECT course.id, coalesce(own.plan_id, standard.id), coalesce(own.since, '-infinity')
  FROM courses_course course CROSS JOIN reminders_reminderplan standard
  LEFT JOIN reminders_courseplan own ON own.course_id = course.id WHERE standard.standard
),
step AS (SELECT * FROM reminders_planstep WHERE ended_at IS NULL),
duty AS (
  SELECT cycle_id, person_id, course_id, due_on, (opened_at AT TIME ZONE %(zone)s)::date AS opened_on,
    CASE WHEN waived THEN 'waived' WHEN away THEN 'on_leave' WHEN bounced THEN 'bounced' ELSE '' END AS silence,
    held_back.cycle_id IS NOT NULL AS was_held_back,
    CASE WHEN number > 1 THEN (
      SELECT c.expires_on FROM training_completion c JOIN training_cycle earlier ON earlier.id = c.cycle_id
      WHERE earlier.person_id = open_duty.person_id AND earlier.course_id = open_duty.course_id
      AND earlier.number = open_duty.number - 1) END AS expires_on
  FROM open_duty LEFT JOIN held_back USING (cycle_id)
),
started AS (
  SELECT cycle_id, person_id, silence, opened_on, plan_id, step.id AS step_id, anchor, audience, repeat_days,
    greatest(since, plan_since) AS since, offset_days + CASE anchor
      WHEN 'assigned' THEN
        CASE WHEN was_held_back AND silence = '' AND offset_days = 0 THEN %(today)s ELSE opened_on END
      WHEN 'due' THEN due_on ELSE expires_on END AS first_on
  FROM duty JOIN plan_of USING (course_id) JOIN step USING (plan_id) WHERE anchor <> 'completed'
),
occurrence AS (
  SELECT cycle_id, person_id, silence, plan_id, step_id, anchor, audience, occurs_on FROM (
    SELECT *, first_on AS occurs_on FROM started WHERE repeat_days IS NULL
    UNION ALL
    SELECT started.*, first_on + repeat_days * number FROM started CROSS JOIN LATERAL generate_series(
      greatest(0, (%(today)s - %(horizon)s - first_on) / repeat_days), (%(today)s - first_on) / repeat_days) AS number
    WHERE repeat_days IS NOT NULL AND first_on <= %(today)s
  ) AS every
  WHERE occurs_on <= %(today)s AND occurs_on >= since AND (anchor = 'assigned' OR occurs_on > opened_on)
),
ranked AS (
  SELECT *, row_number() OVER (PARTITION BY cycle_id ORDER BY occurs_on DESC, anchor DESC, step_id DESC) = 1 AS newest
  FROM occurrence WHERE audience = 'person'
  UNION ALL
  SELECT cycle_id, person_id, CASE WHEN bounced THEN 'bounced' ELSE '' END, plan_id, step.id, anchor, audience,
    completed_on + offset_days, true
  FROM finished JOIN plan_of USING (course_id) JOIN step USING (plan_id)
  WHERE anchor = 'completed'
  AND completed_on + offset_days BETWEEN greatest(since, plan_since, %(today)s - %(horizon)s + 1) AND %(today)s
),
decided AS (
  SELECT ranked.*, CASE
    WHEN NOT newest OR EXISTS (
      SELECT FROM reminders_reminder r JOIN reminders_planstep written ON written.id = r.step_id
      WHERE r.cycle_id = ranked.cycle_id AND (written.anchor = 'completed') = (ranked.anchor = 'completed')
      AND r.occurs_on >= ranked.occurs_on AND r.state NOT IN ('cancelled', 'superseded')) THEN 'newer'
    WHEN ranked.silence <> '' THEN ranked.silence
    WHEN occurs_on < (not_before AT TIME ZONE %(zone)s)::date - plan.catch_up_days THEN 'too_late'
    ELSE '' END AS reason, not_before, waits
  FROM ranked JOIN reminders_reminderplan plan ON plan.id = ranked.plan_id
  JOIN unnest(%(plans)s::bigint[], %(openings)s::timestamptz[], %(waits)s::text[]) AS hours (plan_id, not_before, waits)
    ON hours.plan_id = ranked.plan_id
  WHERE (newest OR occurs_on >= %(today)s - %(horizon)s) AND NOT EXISTS (
    SELECT FROM reminders_reminder r
    WHERE (r.cycle_id, r.step_id, r.occurs_on) = (ranked.cycle_id, ranked.step_id, ranked.occurs_on))
)
"""

# The sum in ORDER BY has PostgreSQL sort, that is decide about all rows before it writes the first one. Else, and with
# statistics of an empty ledger, it looks through all that it has written already for each further row.
INSERT = """, inserted AS (
  INSERT INTO reminders_reminder
    (kind, text, plan_id, cycle_id, person_id, step_id, occurs_on, state, reason, message_id, planned_at, not_before,
     attempts, smtp_reply, settled_at)
  SELECT 'step', step.text, decided.plan_id, cycle_id, person_id, step_id, occurs_on,
    CASE reason WHEN '' THEN 'pending' WHEN 'newer' THEN 'superseded' ELSE 'cancelled' END,
    CASE reason WHEN '' THEN waits ELSE reason END,
    '<rem.' || left(encode(sha256(convert_to(
      concat_ws('|', %(secret)s::text, cycle_id, step_id, to_char(occurs_on, 'YYYY-MM-DD')), 'UTF8')), 'hex'), 32)
      || '@' || %(host)s || '>',
    %(now)s, not_before, 0, '', CASE WHEN reason <> '' THEN %(now)s::timestamptz END
  FROM decided JOIN step ON step.id = step_id
  ORDER BY cycle_id + 0, occurs_on
  ON CONFLICT DO NOTHING RETURNING id, state, reason
), explained AS (
  INSERT INTO reminders_reminderevent (reminder_id, at, state, reason, note)
  SELECT id, %(now)s, state, reason, '' FROM inserted WHERE reason <> ''
)
SELECT count(*) FILTER (WHERE state = 'pending'), count(*) FILTER (WHERE state <> 'pending') FROM inserted
"""


@dataclass(frozen=True)
class Planned:
    """What one run wrote. `busy`: another run held the lock and this one did nothing."""

    pending: int = 0
    silent: int = 0
    silenced: int = 0
    busy: bool = False


@transaction.atomic
def plan(*, now: dt.datetime) -> Planned:
    """Write every mail about a duty that is owed and not yet in the ledger, and settle waiting ones that no longer
    are."""
    if not only_run():
        return Planned(busy=True)
    silenced = settle(now=now)
    others_wait = waiting().exists()
    sql, parameters = occurrences(now, Timetable.load())
    with connection.cursor() as cursor:
        cursor.execute(sql + INSERT, parameters | {"now": now, "host": host(), "secret": secret()})
        pending, silent = cursor.fetchone()
    if pending and others_wait:
        silenced += settle(now=now)
    return Planned(pending, silent, silenced)


def waiting() -> ReminderQuerySet:
    """Mails about a duty that nobody has claimed."""
    return Reminder.objects.filter(state=State.PENDING, kind__in=DUTY)


def settle(*, now: dt.datetime) -> int:
    """Silence waiting mails that are no longer owed, each with its reason. Before planning, so that nothing gives way
    to a mail that will not be sent; and after it, because what is new replaces what waits."""
    locked = waiting().select_for_update(of=("self",), skip_locked=True)
    lost = with_verdict(locked, local_today(now)).exclude(verdict=Reason.NONE).values_list("pk", "verdict")
    return silence(list(lost), now=now)


def only_run() -> bool:
    """Until the end of the transaction; False when another scheduler plans just now."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        return bool(cursor.fetchone()[0])


def wait_for_runs() -> None:
    """Until the end of the transaction nobody else plans."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def openings(timetable: Timetable, now: dt.datetime) -> dict[str, Any]:
    """For each plan when a mail planned at `now` may go out, and why it waits until then."""
    return {
        "plans": list(timetable.by_plan),
        "openings": [timetable.next_opening(plan_id, now) for plan_id in timetable.by_plan],
        "waits": [str(why_closed(hours, now)) for hours in timetable.by_plan.values()],
    }


def host() -> str:
    """The right side of a Message-ID."""
    return urlsplit(settings.BASE_URL).hostname or "localhost"


def secret() -> str:
    """Goes into every Message-ID, so that nobody can guess one: whoever knows it and the address could write a
    notification that the mail came back. The same on every machine of an installation."""
    return hashlib.sha256(f"message-id|{settings.SECRET_KEY}".encode()).hexdigest()


def occurrences(now: dt.datetime, timetable: Timetable) -> tuple[str, dict[str, Any]]:
    """The common table expressions up to `decided`: what the ledger lacks at `now`, and their parameters."""
    today = local_today(now)
    bounced = Exists(Bounce.objects.in_force().filter(person=OuterRef("person")))
    duties = (
        Cycle.objects.open()
        .of_employed(today)
        .annotate(
            waived=Exists(Waiver.objects.in_force(today).filter(cycle=OuterRef("pk"))),
            away=Exists(Leave.objects.on(today).filter(person=OuterRef("person"))),
            bounced=bounced,
        )
    )
    recently = Q(completed_on__gt=today - dt.timedelta(HORIZON_DAYS + furthest_after()), completed_on__lte=today)
    finished = Completion.objects.filter(recently, person__in=Person.objects.employed(today)).annotate(bounced=bounced)
    columns = ("pk", "person_id", "course_id", "number", "due_on", "opened_at", "waived", "away", "bounced")
    parameters: dict[str, Any] = {"zone": settings.TIME_ZONE, "today": today, "horizon": HORIZON_DAYS}
    parameters |= openings(timetable, now)
    parts = {
        "duties": duties.values_list(*columns),
        "finished": finished.values_list("cycle_id", "person_id", "course_id", "completed_on", "bounced"),
    }
    compiled = {name: named(name, *rows.query.sql_with_params(), parameters) for name, rows in parts.items()}
    return OCCURRENCES.format(**compiled), parameters


def furthest_after() -> int:
    """Days from a completion to the last step that counts from it."""
    steps = PlanStep.objects.in_force().filter(anchor=Anchor.COMPLETED)
    return steps.aggregate(days=Max("offset_days"))["days"] or 0


def named(prefix: str, sql: str, values: tuple[Any, ...], parameters: dict[str, Any]) -> str:
    """Django's compiled query with its positional parameters renamed, so that it fits into one with named ones."""
    names = [f"{prefix}_{number}" for number in range(len(values))]
    parameters.update(zip(names, values, strict=True))
    return sql % tuple(f"%({name})s" for name in names)
