"""Starts every part in order, watches them, and stops every part in the opposite order, whatever ends the run."""

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import types
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import TextIO

from config.embedded import local, processes, sockets, stack
from config.embedded.problem import Problem, disk_is_full, explain, is_full, last_lines, require_room

HEALTHY_WITHIN = 120
WEB_SERVER = (
    "-m", "gunicorn", "config.wsgi:application", "--no-control-socket", "--worker-class", "gthread", "--workers", "2",
    "--threads", "4", "--graceful-timeout", "8",
)  # fmt: skip
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(Exception):
    """Somebody asked to stop while the parts were still starting."""


class Supervisor:
    """One local run. `start` returns when /healthz answers 200; `watch` returns when it is time to stop."""

    def __init__(self, given: Mapping[str, str] = os.environ) -> None:
        self.given = given
        self.var = local.var_folder(given)
        self.logs = self.var / "log"
        self.port = local.chosen_port(given)
        self.asked_to_stop = threading.Event()
        self.stack = stack.Stack()
        self.sink: processes.Child | None = None
        self.application: list[processes.Child] = []
        self.environment: dict[str, str] = {}
        self.lock: TextIO | None = None

    def start(self) -> str:
        """Brings everything up; returns the lines of demo accounts."""
        for number in SIGNALS:
            signal.signal(number, self.note_signal)
        listener = sockets.listen(self.port)
        with listener:
            try:
                self.var.mkdir(parents=True, exist_ok=True)
                self.take_lock()
                require_room(self.var)
                self.stack = stack.start(self.var, given=self.given)
                self.start_sink()
                accounts = self.prepare()
                self.start_application(listener)
            except OSError as error:
                raise explain(error, self.var) from error
        self.wait_until_healthy()
        return accounts

    def note_signal(self, number: int, frame: types.FrameType | None) -> None:
        self.asked_to_stop.set()

    def pause(self, seconds: float) -> None:
        if self.asked_to_stop.wait(seconds):
            raise Stopped

    def take_lock(self) -> None:
        """One run for each folder of data; the lock vanishes with this process, even by kill -9."""
        lock = (self.var / "run.lock").open("a+")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise Problem(
                f"The application is already running on {self.var}: stop it there with Ctrl-C, or set VAR_DIR and PORT "
                "to run a second one."
            ) from None
        self.lock = lock

    def start_sink(self) -> None:
        """The sink gets a port that is free now; the parts learn it from their environment."""
        if self.given.get("EMAIL_URL"):
            self.environment = local.environment(self.given, self.var, self.port, None) | self.stack.environment
            return
        with socket.create_server(("127.0.0.1", 0)) as listener:
            mail_port = listener.getsockname()[1]
            self.environment = local.environment(self.given, self.var, self.port, mail_port) | self.stack.environment
            fd = listener.fileno()
            command = [sys.executable, "-m", "config.embedded.mailsink", str(fd), str(self.var / "mail")]
            self.sink = self.spawn("mail sink", "mail", command, descriptors=[fd])

    def spawn(self, name: str, log: str, command: list[str], descriptors: list[int] | None = None) -> processes.Child:
        return processes.start(
            name, command, self.logs / f"{log}.log", environment=self.environment, descriptors=descriptors or []
        )

    def prepare(self) -> str:
        """Migrations, translations, static files, first data; a child, so that a signal is heard meanwhile."""
        log, output = self.logs / "prepare.log", self.var / "accounts.tsv"
        log.unlink(missing_ok=True)
        with output.open("wb") as accounts, log.open("wb") as errors:
            child = subprocess.Popen(
                [sys.executable, "-m", "config.embedded.prepare"],
                stdin=subprocess.DEVNULL,
                stdout=accounts,
                stderr=errors,
                env=self.environment,
                start_new_session=True,
                preexec_fn=processes.die_with_parent(signal.SIGTERM),
            )
        preparation = processes.Child("The preparation", child, log)
        try:
            while preparation.alive:
                self.pause(0.05)
        finally:
            preparation.stop()
        if child.returncode:
            raise Problem(f"Preparing the database failed. The end of {log}:\n{last_lines(log)}")
        lines = output.read_text()
        output.unlink()
        return lines

    def start_application(self, listener: socket.socket) -> None:
        celery = [sys.executable, "-m", "celery", "-A", "config"]
        worker = ["worker", "--pool", "prefork", "-c", "2", "-Q", "celery,mail", "--without-gossip", "--without-mingle"]
        schedule = self.var / "beat"
        schedule.mkdir(exist_ok=True)
        beat = ["beat", "--schedule", str(schedule / "schedule"), "--pidfile="]
        web = [*WEB_SERVER, "--bind", f"fd://{listener.fileno()}"]
        self.application.append(self.spawn("worker", "worker", [*celery, *worker]))
        self.application.append(self.spawn("beat", "beat", [*celery, *beat]))
        self.application.append(self.spawn("web", "web", [sys.executable, *web], [listener.fileno()]))

    @property
    def children(self) -> list[processes.Child]:
        return [*self.stack.children, *([self.sink] if self.sink else []), *self.application]

    def require_all_alive(self) -> None:
        for child in self.children:
            if not child.alive and is_full(self.var):
                raise disk_is_full(self.var)
            if not child.alive:
                raise Problem(f"Stopping everything, because {child.obituary()}")

    def wait_until_healthy(self) -> None:
        limit = time.monotonic() + HEALTHY_WITHIN
        state: dict[str, str] = {}
        while time.monotonic() < limit:
            self.require_all_alive()
            healthy, state = ask_health(self.port)
            if healthy:
                return
            self.pause(0.2)
        missing = ", ".join(f"{part} ({why})" for part, why in state.items() if why != "ok") or "web (no answer)"
        raise Problem(f"Not healthy after {HEALTHY_WITHIN} seconds: {missing}. The logs are in {self.logs}.")

    def watch(self) -> None:
        """Returns when asked to stop; raises a Problem when a part has died."""
        while not self.asked_to_stop.wait(0.3):
            self.require_all_alive()

    def stop(self) -> None:
        """Those that use a service stop before it does. A further signal cuts the waiting short."""
        for number in SIGNALS:
            signal.signal(number, self.hurry)
        processes.stop_together(self.application)
        self.application = []
        if self.sink:
            self.sink.stop()
            self.sink = None
        self.stack.stop()
        if self.lock:
            self.lock.close()

    def hurry(self, number: int, frame: types.FrameType | None) -> None:
        for child in self.application:
            child.kill()


def ask_health(port: int) -> tuple[bool, dict[str, str]]:
    request = urllib.request.Request(f"http://127.0.0.1:{port}/healthz")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=5) as response:
            return True, json.load(response)
    except urllib.error.HTTPError as error:
        try:
            return False, json.load(error)
        except ValueError:
            return False, {"web": f"answers {error.code}"}
    except (OSError, ValueError) as error:
        return False, {"web": f"does not answer ({type(error).__name__})"}
