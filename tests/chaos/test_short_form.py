"""The short form of `make chaos`, as people start it."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
KEYS = [
    "owed", "sent_once", "sent_twice", "silently_lost", "unknown_shown", "refused_shown", "kills", "broker_wipes",
    "database_restarts", "seconds",
]  # fmt: skip


@pytest.fixture
def folder() -> Iterator[Path]:
    """Everything that the run starts has this folder, or one in it, in its environment; a failed run is ended."""
    made = Path(tempfile.mkdtemp(prefix="fr-"))
    yield made
    for process in processes_of(made):
        with contextlib.suppress(psutil.Error):
            process.kill()
    shutil.rmtree(made)


def start(folder: Path) -> subprocess.Popen[str]:
    environment = {name: value for name, value in os.environ.items() if name != "LONG"} | {"TMPDIR": str(folder)}
    return subprocess.Popen(
        [sys.executable, "-m", "chaos"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def processes_of(folder: Path) -> dict[psutil.Process, str]:
    """Each with its command line; those that end meanwhile are none."""
    found = {}
    for process in psutil.process_iter():
        try:
            if process.environ().get("TMPDIR", "").startswith(str(folder)) and process.status() != psutil.STATUS_ZOMBIE:
                found[process] = " ".join(process.cmdline())
        except psutil.Error:
            continue
    return found


def left_over(folder: Path) -> list[str]:
    return list(processes_of(folder).values())


@pytest.mark.stack
@pytest.mark.timeout(1000)
def test_nothing_is_sent_twice_or_lost_whatever_breaks(folder):
    run = start(folder)
    output, _nothing = run.communicate(timeout=900)
    assert run.returncode == 0, output
    counted = json.loads(output.splitlines()[-1])
    assert list(counted) == KEYS
    assert (counted["sent_twice"], counted["silently_lost"]) == (0, 0)
    assert counted["sent_once"] + counted["unknown_shown"] + counted["refused_shown"] == counted["owed"] == 600
    assert counted["sent_once"] > 500
    assert counted["kills"] >= 20
    assert counted["broker_wipes"] >= 1
    assert counted["database_restarts"] >= 1
    assert left_over(folder) == []
    assert list(folder.iterdir()) == []


@pytest.mark.stack
def test_ctrl_c_leaves_nothing(folder):
    run = start(folder)
    assert run.stdout is not None
    for line in run.stdout:
        if "kills" in line:
            break
    assert len(left_over(folder)) >= 6, "PostgreSQL, Valkey, mail server, worker, beats"
    run.send_signal(signal.SIGINT)
    run.communicate(timeout=180)
    assert run.returncode == 130
    time.sleep(0.5)
    assert left_over(folder) == []
    assert list(folder.iterdir()) == []
