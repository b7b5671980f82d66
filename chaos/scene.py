"""The processes of a run, all real: PostgreSQL and Valkey durable as in production, worker, two beats, mail server."""

import contextlib
import datetime as dt
import os
import random
import shutil
import signal
import socket
import sys
from collections import Counter
from pathlib import Path
from typing import TextIO

import psutil

from chaos import forms
from config.embedded import local, postgres, processes, valkey
from config.embedded.problem import Problem

POOL, BEATS = 4, ("beat 1", "beat 2")
MOST_DEATHS = 5
# Whatever was exported in the terminal: this is a run of its own.
FOREIGN = (
    "DATABASE_URL", "REDIS_URL", "EMAIL_URL", "BASE_URL", "ALLOWED_HOSTS", "SECRET_KEY", "FIVE_RULES_MODE", "VAR_DIR",
    "TIME_ZONE", "MAIL_SINK_DIR", "DJANGO_SETTINGS_MODULE",
)  # fmt: skip


class Scene:
    """Starts everything, kills and restarts what is asked, and leaves nothing behind. Children by name, in the order
    of starting."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = folder
        self.mail_folder = folder / "mail"
        self.mail_port = free_port(random.Random(seed))
        self.seed = seed
        self.children: dict[str, processes.Child] = {}
        self.deaths: Counter[str] = Counter()
        self.orphans: list[psutil.Process] = []
        self.environment: dict[str, str] = {}
        self.worker_wrote, self.worker_ready = 0, False
        self.accepted: TextIO | None = None

    def start_servers(self) -> None:
        for folder in (self.mail_folder, self.folder / "tmp"):
            folder.mkdir()
        addresses = {"DATABASE_URL": self.start_database(), "REDIS_URL": self.start_broker()}
        given = {name: value for name, value in os.environ.items() if name not in FOREIGN}
        own = {
            "EMAIL_URL": f"smtp://127.0.0.1:{self.mail_port}",
            "MAIL_LOG": str(self.mail_folder / "mail.log"),
            "SENDING_WINDOW": "always",
            "LOG_LEVEL": "INFO",
            "TMPDIR": str(self.folder / "tmp"),  # a killed worker leaves files behind
        }
        self.environment = local.environment(given | addresses | own | forms.environment(), self.folder, 8000, None)
        self.start("mail server", "chaos.mail_server", str(self.mail_port), str(self.mail_folder), str(self.seed))

    def start_pipeline(self) -> None:
        self.start_worker()
        for name in BEATS:
            self.start_beat(name)

    def start(self, name: str, module: str, *arguments: str) -> processes.Child:
        log = self.folder / "log" / f"{name.replace(' ', '-')}.log"
        command = [sys.executable, "-m", module, *arguments]
        self.children[name] = processes.start(name, command, log, environment=self.environment)
        return self.children[name]

    def start_database(self) -> str:
        log = self.folder / "log" / "postgres.log"
        server = postgres.start(self.folder / "postgres", self.folder / "sockets", log, durable=True)
        self.children["database"] = server.child
        return server.url

    def start_broker(self) -> str:
        log = self.folder / "log" / "valkey.log"
        server = valkey.start(self.folder / "valkey", self.folder / "sockets", log, durable=True)
        self.children["broker"] = server.child
        self.broker_socket = Path(server.url.removeprefix("unix://").partition("?")[0])
        return server.url

    def start_worker(self) -> None:
        options = ["--pool", "prefork", "-c", str(POOL), "-Q", "celery,mail", "--without-gossip", "--without-mingle"]
        options += ["--loglevel", "INFO"]  # it says when it is ready
        log = self.start("worker", "celery", "-A", "config", "worker", *options).log
        self.worker_wrote, self.worker_ready = log.stat().st_size, False

    def start_beat(self, name: str) -> None:
        schedule = self.folder / name.replace(" ", "-") / "schedule"
        schedule.parent.mkdir(exist_ok=True)
        self.start(name, "celery", "-A", "config", "beat", "--schedule", str(schedule), "--pidfile=")

    def pool(self) -> list[psutil.Process]:
        """The processes of the worker that send; nobody while it is starting."""
        if not self.worker_is_ready():
            return []
        with contextlib.suppress(psutil.NoSuchProcess):
            children = psutil.Process(self.children["worker"].process.pid).children()
            return [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]
        return []

    def worker_is_ready(self) -> bool:
        if not self.worker_ready:
            log = self.children["worker"].log.read_bytes()
            self.worker_ready = b" ready." in log[self.worker_wrote :]
            if self.worker_ready:
                self.deaths.clear()
        return self.worker_ready

    def kill_worker(self, *, with_pool: bool) -> None:
        """-9. Without its pool, the processes of the pool finish what they are doing beside the next worker's."""
        pool = self.pool()
        worker = self.children["worker"]
        if with_pool:
            worker.kill()
        else:
            worker.process.kill()
            self.orphans = [orphan for orphan in [*self.orphans, *pool] if orphan.is_running()]
        worker.process.wait()
        self.start_worker()

    def kill_beat(self, name: str) -> None:
        self.children[name].kill()
        self.children[name].process.wait()
        self.start_beat(name)

    def empty_broker(self) -> None:
        valkey.say(self.broker_socket, b"FLUSHALL")

    def replace_broker(self) -> None:
        """Killed, its files gone, started again."""
        self.children["broker"].kill()
        self.children["broker"].process.wait()
        shutil.rmtree(self.folder / "valkey")
        self.start_broker()

    def restart_database(self) -> None:
        """As `pg_ctl restart -m immediate`: no goodbye to anybody, recovery at the start."""
        self.children["database"].process.send_signal(signal.SIGQUIT)
        self.children["database"].process.wait()
        self.start_database()

    def calm_mail_server(self) -> None:
        self.children["mail server"].process.send_signal(signal.SIGUSR1)

    def attend(self) -> None:
        """As the service manager of docs/operations.md: a worker whose pool is killed while it starts gives up, and is
        started again, unless it never gets ready. Of the servers none may end by itself."""
        for name, child in list(self.children.items()):
            if child.alive or name == "sleeper":
                continue
            self.deaths[name] += 1
            if name not in ("worker", *BEATS) or self.deaths[name] > MOST_DEATHS:
                raise Problem(f"Nobody killed it, but {child.obituary()}")
            self.note(f"ended by itself: {name}")
            self.start_worker() if name == "worker" else self.start_beat(name)

    def accepted_since_last_asked(self) -> int:
        """Mails that the server took."""
        if self.accepted is None:
            self.accepted = (self.mail_folder / "accepted.log").open()
        return self.accepted.read().count("\n")

    def note(self, words: str) -> None:
        """What was done to whom, for reading beside the other logs."""
        with (self.folder / "log" / "faults.log").open("a") as log:
            log.write(f"{dt.datetime.now().astimezone().isoformat()} {words}\n")

    def stop_senders(self) -> None:
        """Ends whoever could still send or write."""
        for name in (*BEATS, "worker", "sleeper"):
            if name in self.children:
                self.children.pop(name).stop()
        for orphan in self.orphans:
            with contextlib.suppress(psutil.NoSuchProcess):
                orphan.kill()
                orphan.wait(10)

    def stop(self) -> None:
        self.stop_senders()
        if self.accepted:
            self.accepted.close()
        while self.children:
            _name, child = self.children.popitem()
            child.stop()


def free_port(chance: random.Random) -> int:
    """On 127.0.0.1, below the numbers that outgoing connections get: the mail server leaves its port at times."""
    for port in chance.sample(range(12_000, 32_000), 1000):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise Problem("There is no free port on 127.0.0.1.")
