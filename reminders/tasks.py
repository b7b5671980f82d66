"""The worker's side: a tick that plans, sweeps and rings, and a bell without arguments that makes a worker send.

A lost, late or repeated message changes nothing, because what is to be done stands in the database.
"""

from typing import Any

from django.conf import settings

from celery import current_app, shared_task

from reminders import health
from reminders.clock import database_now
from reminders.notices import plan_notices
from reminders.pacing import Pace
from reminders.planning import plan
from reminders.resolving import resolve_by_settings
from reminders.sending import drain as send_due
from reminders.sending import is_due, sweep
from reminders.smtp import MailServer

QUEUE = "mail"


@shared_task(name="reminders.tasks.tick")
def tick() -> None:
    now = database_now()
    planned = plan(now=now)
    plan_notices(now=now)
    sweep(now=now)
    if not planned.busy:  # else a planner that hangs with the lock would never be missed
        health.note_tick(now=now)
    if is_due(now=now):
        ring()
    resolve_by_settings(now=now)  # last: a log may be long, and what goes out again can wait for the next tick


@shared_task(name="reminders.tasks.drain")
def drain() -> None:
    until = database_now() + settings.REMINDER_TIMING.drain
    result = send_due(clock=database_now, until=until, server=MailServer.from_settings(), pace=Pace.from_settings())
    if result.more and not result.gave_up:
        ring()


def ring() -> bool:
    """Wake a worker, unless as many bells wait as there are workers: more would only stand before useful work."""
    workers = getattr(settings, "CELERY_WORKER_CONCURRENCY", None) or 2
    with current_app.connection_for_write() as broker:
        channel: Any = broker.default_channel
        waiting = channel.queue_declare(queue=QUEUE).message_count
    if waiting >= workers:
        return False
    drain.apply_async(queue=QUEUE)
    return True
