"""When the accounts tick runs; read by config.celery."""

from typing import Any

BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "accounts": {"task": "accounts.tasks.tick", "schedule": 300.0, "options": {"expires": 300}},
}
