"""What is measured: databases on the servers of `make run`, durable as in production, and a web server before each."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psutil
import psycopg
from psycopg import sql

from config.embedded import local, processes, stack
from config.embedded.problem import Problem
from config.embedded.supervisor import WEB_SERVER


@dataclass
class Site:
    """One company with its own database and web server. `plan` says who may do what (bench.company)."""

    people: int
    port: int
    database: str
    web: processes.Child
    plan: dict[str, list[dict[str, Any]]]
    environment: dict[str, str]
    folder: Path

    def workers(self) -> list[psutil.Process]:
        return psutil.Process(self.web.process.pid).children()

    def count(self, rows: str) -> int:
        """Of a table, or of a part of it: `table WHERE condition`."""
        with psycopg.connect(self.database) as connection:
            row = connection.execute(f"SELECT count(*) FROM {rows}".encode()).fetchone()
        assert row is not None
        return int(row[0])

    def tidy_up(self) -> None:
        """What autovacuum does in time: rows of transactions that were rolled back do not stand in anybody's way."""
        with psycopg.connect(self.database, autocommit=True) as connection:
            connection.execute("VACUUM (ANALYZE)")

    def run(self, module: str, *arguments: object) -> Any:
        """A module inside the site's environment; what it answers in JSON."""
        return json.loads(child(module, *map(str, arguments), environment=self.environment))

    def look(self, items: list[dict[str, Any]]) -> list[float]:
        """Seconds of each of these pages, looked at by the load generator."""
        given = json.dumps({"port": self.port, "action": "look", "items": items})
        answer = json.loads(child("bench.load", given=given))
        if answer["errors"]:
            raise Problem(" ".join(answer["errors"]))
        return list(answer["times"])


@contextlib.contextmanager
def sites(*sizes: int) -> Iterator[list[Site]]:
    """A site of each size; nothing of them is left afterwards."""
    with contextlib.ExitStack() as after:
        folder = Path(after.enter_context(tempfile.TemporaryDirectory(prefix="five-rules-bench-")))
        running = stack.start(folder, durable=True)
        after.callback(running.stop)
        base = {**os.environ, **running.environment}
        collect_static(local.environment(base, folder, 1, None) | own(folder))
        yield [after.enter_context(site(size, base, folder)) for size in sizes]


@contextlib.contextmanager
def site(size: int, base: dict[str, str], folder: Path) -> Iterator[Site]:
    with database(base["DATABASE_URL"], f"five_rules_bench_{os.getpid()}_{size}") as url, free_port() as listener:
        port = listener.getsockname()[1]
        environment = local.environment(base | {"DATABASE_URL": url}, folder, port, None) | own(folder)
        print(f"Making a company of {size:,} people …", flush=True)
        plan = json.loads(child("bench.company", str(size), environment=environment))
        command = [sys.executable, *WEB_SERVER, "--bind", f"fd://{listener.fileno()}"]
        log = folder / "log" / f"web-{size}.log"
        web = processes.start("web", command, log, environment=environment, descriptors=[listener.fileno()])
        try:
            yield Site(size, port, url, web, plan, environment, folder)
        finally:
            web.stop()


def own(folder: Path) -> dict[str, str]:
    """Whatever was exported in the terminal: this is a run of its own."""
    return {
        "DJANGO_SETTINGS_MODULE": "bench.settings",
        "FIVE_RULES_MODE": "local",
        "VAR_DIR": str(folder),
        "LOG_LEVEL": "WARNING",
    }


@contextlib.contextmanager
def database(server: str, name: str) -> Iterator[str]:
    """A new database beside the given one, which is never touched, and its address."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@contextlib.contextmanager
def free_port() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0), backlog=2048) as listener:
        yield listener


def collect_static(environment: dict[str, str]) -> None:
    child("django", "collectstatic", "--no-input", "--verbosity", "0", environment=environment)


def child(module: str, *arguments: str, environment: dict[str, str] | None = None, given: str = "") -> str:
    """Run a module to its end; what it printed."""
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(
        command, cwd=local.ROOT, env=environment, input=given, stdout=subprocess.PIPE, text=True, check=True
    ).stdout
