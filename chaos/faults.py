"""The faults in time: what is killed, wiped, restarted and frozen, and when."""

import contextlib
import random
import time
from collections import Counter
from collections.abc import Callable

import psutil

from chaos import company
from chaos.forms import LEASE, LONGEST_WITHOUT_KILL, MAILS_A_KILL, QUARANTINE, SECONDS_A_KILL, Form
from chaos.freezing import Bed
from chaos.scene import BEATS, Scene

# Of twenty-four kills.
KILLS = {"process of the pool": 19, "beat": 3, "worker": 1, "worker with its pool": 1}
SLEEPERS = ("committed", "offered", "offered", "offered")
WAVES = 12
FIRST = {"sleepers": 1.0}
"""Of each kind the first happens after half of the way to the second; a sleeper takes long, so it begins at once."""


class Faults:
    """One run of them, all in this thread: children are tied to the thread that started them."""

    def __init__(self, scene: Scene, form: Form, chance: random.Random) -> None:
        self.scene, self.form, self.chance = scene, form, chance
        self.done: Counter[str] = Counter()
        self.frozen: dict[psutil.Process, float] = {}
        self.bed = Bed(scene)
        self.opened = company.opened()
        self.deck: list[str] = []
        self.last_kill = time.monotonic()
        self.next_kill = self.last_kill
        self.sent_since = 0

    def run(self, report: Callable[[], None]) -> None:
        """Until each kind happened as often as the form says and all duties are open."""
        form = self.form
        quotas = {"kills": form.kills, "wipes": form.wipes, "restarts": form.restarts, "freezes": form.freezes}
        quotas["sleepers"] = form.sleepers
        kinds = {"wipes": self.wipe, "restarts": self.restart, "freezes": self.freeze, "sleepers": self.send_to_bed}
        while self.opened < form.mails or any(self.done[kind] < quota for kind, quota in quotas.items()):
            if self.done["kills"] < form.kills:
                self.done["kills"] += self.kill()
            for kind, do in kinds.items():
                if self.done[kind] < min(quotas[kind], int(self.progress * quotas[kind] + FIRST.get(kind, 0.5))):
                    self.done[kind] += do()
            self.wake_up()
            self.open_duties()
            self.scene.attend()
            report()
            time.sleep(0.04)
        for process in list(self.frozen):
            self.resume(process)

    @property
    def progress(self) -> float:
        """1 after the last kill. Everything else is spread over the time that the kills take."""
        return self.done["kills"] / self.form.kills

    def open_duties(self) -> None:
        """More with the time, so that there is something to lose until the end."""
        wanted = int(self.form.mails * self.progress)
        if wanted - self.opened >= self.form.mails / WAVES or wanted == self.form.mails > self.opened:
            with company.database_may_be_away():
                company.open_duties(wanted - self.opened)
            with company.database_may_be_away():
                self.opened = company.opened()

    # Each says whether it happened.

    def kill(self) -> bool:
        process = self.somebody() if self.is_time_to_kill() else None
        if process is None:
            return False
        self.last_kill, self.sent_since = time.monotonic(), 0
        self.next_kill = self.last_kill + self.chance.uniform(*SECONDS_A_KILL)
        what = self.draw()
        self.scene.note(f"kill: {what}")
        if what == "beat":
            self.scene.kill_beat(self.chance.choice(BEATS))
        elif what == "process of the pool":
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        else:
            self.scene.kill_worker(with_pool=what == "worker with its pool")
        return True

    def is_time_to_kill(self) -> bool:
        self.sent_since += self.scene.accepted_since_last_asked()
        now = time.monotonic()
        worth_it = self.sent_since >= MAILS_A_KILL or now > self.last_kill + LONGEST_WITHOUT_KILL
        return worth_it and now > self.next_kill

    def draw(self) -> str:
        """From a shuffled deck, so that a short run has each kind as well."""
        if not self.deck:
            self.deck = [what for what, number in KILLS.items() for _time in range(number)]
            self.chance.shuffle(self.deck)
        return self.deck.pop()

    def wipe(self) -> bool:
        self.scene.note("wipe")
        if self.done["wipes"] % 2:
            self.scene.empty_broker()
        else:
            self.scene.replace_broker()
        return True

    def restart(self) -> bool:
        self.scene.note("restart of the database")
        self.scene.restart_database()
        company.forget_connection()
        self.scene.note("the database is back")
        return True

    def freeze(self) -> bool:
        """Longer than the lease; every fourth time longer than the quarantine."""
        process = self.somebody()
        if process is None:
            return False
        self.scene.note(f"freeze: {process.pid}")
        with contextlib.suppress(psutil.NoSuchProcess):
            process.suspend()
        longest = QUARANTINE if self.done["freezes"] % 4 == 1 else LEASE
        self.frozen[process] = time.monotonic() + longest + self.chance.uniform(0.5, 3)
        return True

    def send_to_bed(self) -> bool:
        if self.bed.empty:
            self.bed.put(SLEEPERS[self.done["sleepers"] % len(SLEEPERS)])
        return False

    def somebody(self) -> psutil.Process | None:
        """A process of the pool that is awake."""
        awake = [process for process in self.scene.pool() if process not in self.frozen]
        return self.chance.choice(awake) if awake else None

    def wake_up(self) -> None:
        for process, until in list(self.frozen.items()):
            if time.monotonic() > until:
                self.resume(process)
        self.done["sleepers"] += self.bed.look()

    def resume(self, process: psutil.Process) -> None:
        del self.frozen[process]
        with contextlib.suppress(psutil.NoSuchProcess):
            process.resume()
