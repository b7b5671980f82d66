"""`make run` as people meet it: real processes on a free port, and what is left when they end."""

import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import pytest

from chaos import scene
from config.embedded import local
from config.embedded.problem import Problem
from config.embedded.sockets import listen
from config.embedded.supervisor import Supervisor

TESTS_OWN = ("DATABASE_URL", "REDIS_URL", "FIVE_RULES_MODE", "DJANGO_SETTINGS_MODULE", "EMAIL_URL", "BASE_URL")


def free_port() -> int:
    """Below the numbers that outgoing connections get."""
    return scene.free_port(random.SystemRandom())


def unwell(parts: dict[str, str]) -> list[str]:
    return [part for part, state in parts.items() if state != "ok"]


class Run:
    """One `make run` in a folder of its own."""

    def __init__(self, var: Path, port: int) -> None:
        environment = {name: value for name, value in os.environ.items() if name not in TESTS_OWN}
        environment |= {"VAR_DIR": str(var), "PORT": str(port), "HEARTBEAT_SECONDS": "2"}
        self.port = port
        command = [sys.executable, "-m", "config.embedded.run"]
        self.process = subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.processes: list[psutil.Process] = []
        self.output = ""

    def wait_until_up(self) -> None:
        for line in self.process.stdout or ():
            self.output += line
            if "Ctrl-C stops everything" in line:
                self.processes = psutil.Process(self.process.pid).children(recursive=True)
                return
        pytest.fail(f"it ended with {self.process.wait()}:\n{self.output}")

    def end(self) -> int:
        """Waits for the end; returns the exit code."""
        self.output += self.process.communicate(timeout=60)[0]
        return self.process.returncode

    def part(self, words: str) -> psutil.Process:
        children = psutil.Process(self.process.pid).children()
        return next(child for child in children if words in " ".join(child.cmdline()))

    def health(self) -> tuple[int, dict[str, str]]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=10) as response:
                return response.status, json.load(response)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)

    def wait_for(self, seen: Callable[[int, dict[str, str]], bool]) -> None:
        for _ in range(150):
            status, parts = self.health()
            if seen(status, parts):
                return
            time.sleep(0.2)
        pytest.fail(f"last seen: {status} {parts}")

    def require_nothing_left(self) -> None:
        gone, left = psutil.wait_procs(self.processes, timeout=20)
        assert not left, left
        assert len(gone) > 8  # PostgreSQL, its helpers, Valkey, sink, worker with two children, beat, web with two


@pytest.fixture(scope="module")
def var() -> Iterator[Path]:
    """One folder for the module: only its first start loads the demo company."""
    with TemporaryDirectory(prefix="fr-") as folder:
        yield Path(folder)


@pytest.fixture
def run(var) -> Iterator[Run]:
    started = Run(var, free_port())
    yield started
    with contextlib.suppress(ProcessLookupError):
        started.process.kill()
    started.process.communicate()


@pytest.mark.stack
def test_it_is_healthy_names_a_silent_part_and_ctrl_c_leaves_nothing(run):
    run.wait_until_up()
    assert f"http://127.0.0.1:{run.port}/" in run.output
    well = dict.fromkeys(("web", "database", "broker", "worker", "beat"), "ok")
    run.wait_for(lambda status, parts: (status, parts) == (200, well))
    for name, words in (("worker", "-m celery -A config worker"), ("beat", "-m celery -A config beat")):
        silenced = [run.part(words), *run.part(words).children()]
        for process in silenced:
            process.suspend()
        run.wait_for(lambda status, parts, name=name: status == 503 and unwell(parts) == [name])
        for process in silenced:
            process.resume()
        run.wait_for(lambda status, parts: status == 200)
    run.process.send_signal(signal.SIGINT)
    assert run.end() == 0
    run.require_nothing_left()


@pytest.mark.stack
def test_the_death_of_one_part_ends_all_and_is_told(run):
    run.wait_until_up()
    run.part("-m celery -A config worker").kill()
    assert run.end() == 1
    assert "because worker ended (signal SIGKILL)" in run.output
    assert "Traceback" not in run.output
    run.require_nothing_left()


@pytest.mark.stack
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent has died")
def test_a_killed_supervisor_takes_everything_with_it_and_the_next_start_is_quick(run, var):
    start = time.monotonic()
    run.wait_until_up()
    undisturbed = time.monotonic() - start
    run.process.kill()
    run.process.wait()
    run.require_nothing_left()
    again = Run(var, run.port)
    start = time.monotonic()
    try:
        again.wait_until_up()
        assert time.monotonic() - start < 2 * undisturbed + 10
    finally:
        again.process.terminate()
        assert again.end() == 0
    again.require_nothing_left()


def test_a_busy_port_is_told_before_anything_starts(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        run = Run(tmp_path / "var", port)
        assert run.end() == 1
    assert f"Port {port} is already in use on 127.0.0.1: try PORT={port + 1} make run." in run.output
    assert "Traceback" not in run.output
    assert not (tmp_path / "var").exists()


def test_a_port_taken_by_a_run_that_is_still_starting_is_busy_too():
    with listen(free_port()) as first, pytest.raises(Problem, match="already in use"):
        listen(first.getsockname()[1])


def test_a_second_run_on_the_same_folder_is_refused(tmp_path):
    first, second = (Supervisor({"VAR_DIR": str(tmp_path)}) for _ in range(2))
    first.take_lock()
    with pytest.raises(Problem, match="already running"):
        second.take_lock()
    first.stop()
    second.take_lock()
    second.stop()


@pytest.mark.parametrize("port", ["http", "0", "65536", "-1"])
def test_a_port_that_is_none_is_refused(port):
    with pytest.raises(Problem, match="PORT=8001 make run"):
        local.chosen_port({"PORT": port})


def test_the_secret_key_is_made_once_and_for_the_owner_only(tmp_path):
    key = local.secret_key(tmp_path)
    assert len(key) >= 50
    assert local.secret_key(tmp_path) == key
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600


def test_what_is_set_by_hand_wins(tmp_path):
    given = {"BASE_URL": "http://training.example", "SECRET_KEY": "x" * 60}
    filled = local.environment(given, tmp_path, 8000, 2525)
    assert filled["BASE_URL"] == "http://training.example"
    assert filled["EMAIL_URL"] == "smtp://127.0.0.1:2525"
    assert not (tmp_path / "secret_key").exists()
