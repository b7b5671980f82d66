"""The sender that freezes at the worst moment (chaos.sleeper), woken at the worst moment."""

import json
import time
from dataclasses import dataclass, field

import psutil

from chaos import company
from chaos.forms import IDLE, QUARANTINE
from chaos.scene import Scene
from config.embedded.problem import Problem

FAILURES = 60
"""So many in a row that never slept are not bad luck."""
LONGEST = {"offered": IDLE - 1, "committed": 3 * QUARANTINE}


@dataclass
class Bed:
    """At most one sleeper at a time. One that froze before it asked for the last time is woken while another sends its
    mail; one that froze before the body, when the mail was given up and settled without it."""

    scene: Scene
    moment: str = ""
    since: float = 0
    said: int = 0
    failures: int = 0
    holds: dict[str, str] = field(default_factory=dict)

    @property
    def empty(self) -> bool:
        return not self.moment

    def put(self, moment: str) -> None:
        if "sleeper" in self.scene.children:
            self.scene.children.pop("sleeper").stop()
        self.moment, self.holds = moment, {}
        log = self.scene.start("sleeper", "chaos.sleeper", moment).log
        self.said = log.stat().st_size

    def look(self) -> bool:
        """Whether it was woken now. One that found nothing to send is not counted."""
        if self.empty:
            return False
        child = self.scene.children["sleeper"]
        if not child.alive:
            self.moment = ""
            self.failures += 1
            if self.failures == FAILURES:
                raise Problem(f"{FAILURES} sleepers in a row never slept. {child.log} says why.")
            return False
        process = psutil.Process(child.process.pid)
        if process.status() != psutil.STATUS_STOPPED:
            return False
        if not self.holds:
            self.holds = json.loads(child.log.read_bytes()[self.said :].splitlines()[-1])
            self.since, self.failures = time.monotonic(), 0
        if not self.is_time():
            return False
        process.resume()
        self.scene.note(f"woken: the sleeper {self.moment}, of mail {self.holds['reminder']}")
        self.moment = ""
        return True

    def is_time(self) -> bool:
        if time.monotonic() - self.since > LONGEST[self.moment]:
            return True
        with company.database_may_be_away():
            state, token = company.mail_at(int(self.holds["reminder"]))
            if self.moment == "offered":
                return state in ("claimed", "committing") and token != self.holds["token"]
            return state in ("sent", "failed")
        return False
