"""Signs of life of beat and of the worker, told apart.

Beat sends `config.heartbeat` every few seconds. The process that sends it writes beat's sign once the broker has taken
the message; the worker that runs it writes the worker's sign. So a dead worker leaves beat's sign fresh, and while beat
is dead /healthz may send a heartbeat of its own (`ask_worker`), which proves the worker and never beat. Signs expire.
"""

import os
import time
from typing import Any

from django.core.cache import cache

from celery import shared_task
from celery.signals import after_task_publish, beat_init

INTERVAL = float(os.environ.get("HEARTBEAT_SECONDS") or 15)
LIFETIME = round(INTERVAL * 2.7)  # two may be lost; the cache knows whole seconds only
SENT_BY = "five-rules-sender"
BEAT_SIGN = "heartbeat:beat"
WORKER_SIGN = "heartbeat:worker"
FROM_BEAT: dict[str, Any] = {"expires": 2 * INTERVAL, "headers": {SENT_BY: "beat"}}

SCHEDULE: dict[str, dict[str, Any]] = {
    "heartbeat": {"task": "config.heartbeat", "schedule": INTERVAL, "options": FROM_BEAT},
}


@shared_task(name="config.heartbeat")
def heartbeat() -> None:
    cache.set(WORKER_SIGN, time.time(), LIFETIME)


@after_task_publish.connect(sender="config.heartbeat")
def note_beat(headers: dict[str, Any] | None = None, **_: Any) -> None:
    if (headers or {}).get(SENT_BY) == "beat":
        cache.set(BEAT_SIGN, time.time(), LIFETIME)


@beat_init.connect
def send_first(**_: Any) -> None:
    """The first heartbeat goes out at once: otherwise a start would look unhealthy for a whole interval."""
    heartbeat.apply_async(**FROM_BEAT)


def ask_worker(patience: float = 1.0) -> bool:
    """Sends a heartbeat in nobody's name and waits for the worker's sign. At most one caller in a few seconds does so;
    the others get False, because /healthz is open to everybody."""
    if not cache.add("heartbeat:asking", 1, min(3, INTERVAL)):
        return False
    heartbeat.apply_async(expires=LIFETIME)
    limit = time.monotonic() + patience
    while time.monotonic() < limit:
        if cache.get(WORKER_SIGN) is not None:
            return True
        time.sleep(0.05)
    return False
