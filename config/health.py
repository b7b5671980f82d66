"""/healthz: whether web, database, broker, worker and beat are up; /healthz/reminders: whether mails go out as they
should. Open to all, so they name kinds of errors and numbers only, and no person."""

import datetime as dt
from typing import Any

from django.core.cache import cache
from django.db import Error, connection
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from celery import current_app

from config import heartbeat
from reminders import health as reminders

OK = "ok"


def check_database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Exception as error:  # any failure to answer is the answer
        return f"does not answer ({type(error).__name__})"
    return OK


def check_broker() -> str:
    try:
        with current_app.connection_for_write() as broker:
            broker.ensure_connection(max_retries=1, timeout=2)
    except Exception as error:
        return f"does not answer ({type(error).__name__})"
    return OK


def check_processes() -> dict[str, str]:
    """Worker and beat by their signs; without the shared cache nothing can be said about either."""
    try:
        signs = cache.get_many([heartbeat.WORKER_SIGN, heartbeat.BEAT_SIGN])
        worker = heartbeat.WORKER_SIGN in signs or heartbeat.ask_worker()
    except Exception as error:
        unknown = f"unknown: the shared cache does not answer ({type(error).__name__})"
        return {"worker": unknown, "beat": unknown}
    silence = f"no heartbeat for {heartbeat.LIFETIME} seconds"
    return {
        "worker": OK if worker else f"{silence}: it is down or busy",
        "beat": OK if heartbeat.BEAT_SIGN in signs else f"{silence}: it is down",
    }


@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """200 when every part answers, else 503 with the reason beside each part that does not."""
    parts = {"web": OK, "database": check_database(), "broker": check_broker()}
    if parts["broker"] == OK:
        parts |= check_processes()
    else:
        parts |= dict.fromkeys(("worker", "beat"), "unknown: the broker does not answer")
    healthy = all(state == OK for state in parts.values())
    return JsonResponse(parts, status=200 if healthy else 503)


@never_cache
@require_safe
def healthz_reminders(request: HttpRequest) -> JsonResponse:
    """200 when reminders are planned and sent and nothing waits for a person's decision, else 503."""
    try:
        report = reminders.report(timezone.now())
    except Error as error:
        return JsonResponse({"database": f"does not answer ({type(error).__name__})"}, status=503)
    return JsonResponse(state_of_reminders(report), status=200 if report.ok else 503)


def state_of_reminders(report: reminders.Health) -> dict[str, Any]:
    minutes = round(reminders.TICK_LATE.total_seconds() / 60)
    tick = f"none for {minutes} minutes; the last one: {moment(report.last_tick)}" if report.tick_late else OK
    mail_server = OK
    if report.mail_server_down_since:
        mail_server = f"does not answer since {moment(report.mail_server_down_since)}"
        if report.next_try_at:
            mail_server += f"; next try at {moment(report.next_try_at)}"
    return {
        "tick": tick,
        "mail_server": mail_server,
        "unclear": report.unclear,
        "waiting_long": report.waiting_long,
    }


def moment(at: dt.datetime | None) -> str:
    return at.astimezone(dt.UTC).isoformat(timespec="seconds") if at else "never"
