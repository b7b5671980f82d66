"""What beat does for reminders; config includes it. The tick decides itself what is due, so its
rhythm carries no rule."""

import os
from typing import Any

TICK = float(os.environ.get("TICK_SECONDS") or 60)

BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "reminders": {"task": "reminders.tasks.tick", "schedule": TICK, "options": {"expires": 2 * TICK}},
}
