"""When the training tick runs; read by config.celery."""

from typing import Any

BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "training": {"task": "training.tasks.tick", "schedule": 300.0, "options": {"expires": 300}},
}
