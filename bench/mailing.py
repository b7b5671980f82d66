"""The reminders: planning many duties, mails a second, and pages while mails drain."""

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from bench import report
from bench.report import Figure
from bench.servers import Site
from config.embedded import local, processes
from config.embedded.problem import Problem

SENDERS = 4
MAILS = 4_000
PATIENCE = 300
PAGES = 400


def figures(site: Site, rounds: int) -> list[Figure]:
    """Each ratio from measurements right after one another; the best of some rounds of each side."""
    planned, inserted = zip(*site.run("bench.mail_site", "plan", rounds), strict=True)
    site.tidy_up()
    bare, pipeline = throughput(site)
    alone, beside = beside_a_drain(site, rounds)
    return [
        Figure("planning 100,000 duties, against bare INSERT … SELECT", min(planned), "s", min(inserted),
               min(planned) / min(inserted), "<= 3"),
        Figure("mails, four workers against a bare loop", pipeline, "1/s", bare, pipeline / bare, ">= 0.5"),
        Figure("lesson page, p95 while mails drain", beside, "ms", alone, beside / alone, "<= 1.2"),
    ]  # fmt: skip


def throughput(site: Site) -> tuple[float, float]:
    """Mails a second: a bare loop over as many kept connections as there are workers, and the workers."""
    due = site.run("bench.mail_site", "due", MAILS)
    mails = site.run("bench.mail_site", "compose")
    with sink() as (port, taken):
        loops = [start_loop(site, port, mails[number::SENDERS]) for number in range(SENDERS)]
        for loop in loops:
            loop.wait(PATIENCE)
        bare = taken()
    with sink() as (port, taken):
        with workers(site, port, rate="0"):
            wait_for(lambda: site.count("reminders_reminder WHERE state = 'sent'") >= due)
        pipeline = taken()
    for result in (bare, pipeline):
        if result["mails"] != due:
            raise Problem(f"{result['mails']} of {due} mails arrived.")
    return due / bare["seconds"], due / pipeline["seconds"]


def start_loop(site: Site, port: int, share: list[Any]) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "bench.mail_site", "send", str(port)]
    loop = subprocess.Popen(
        command, cwd=local.ROOT, env=site.environment, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    )
    assert loop.stdin is not None
    json.dump(share, loop.stdin)
    loop.stdin.close()
    return loop


def beside_a_drain(site: Site, rounds: int) -> tuple[float, float]:
    """p95 of the lesson page in ms: alone, and while mails drain at the rate of an installation."""
    items = (site.plan["lesson"] * PAGES)[:PAGES]
    quiet: list[float] = []
    busy: list[float] = []
    for _round in range(rounds):
        quiet += site.look(items)
        site.run("bench.mail_site", "due", 10_000)
        sent = site.count("reminders_reminder WHERE state = 'sent'")
        with sink() as (port, _taken), workers(site, port, rate=""):
            wait_for(lambda sent=sent: site.count("reminders_reminder WHERE state = 'sent'") > sent)  # type: ignore[misc]
            busy += site.look(items)
            if not site.count("reminders_reminder WHERE state = 'pending' AND not_before <= now()"):
                raise Problem("The mails were all sent before the pages had been measured.")
    return report.percentile(quiet, 95) * 1000, report.percentile(busy, 95) * 1000


@contextlib.contextmanager
def sink() -> Iterator[tuple[int, Callable[[], Any]]]:
    """An SMTP server in a process of its own; `taken()` ends it and says what it got and in how many seconds."""
    command = [sys.executable, "-m", "bench.sink"]
    server = subprocess.Popen(command, cwd=local.ROOT, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    port = int(server.stdout.readline())

    def taken() -> Any:
        server.terminate()
        assert server.stdout is not None
        return json.loads(server.stdout.readline())

    try:
        yield port, taken
    finally:
        server.terminate()
        server.wait(10)
        server.stdout.close()


@contextlib.contextmanager
def workers(site: Site, port: int, *, rate: str) -> Iterator[None]:
    """Celery as an installation runs it, four processes, woken by as many bells. An empty rate is the default."""
    environment = site.environment | {"EMAIL_URL": f"smtp://127.0.0.1:{port}", "MAIL_RATE": rate}
    command = [sys.executable, "-m", "celery", "-A", "config", "worker", "--pool", "prefork", "-c", str(SENDERS)]
    command += ["-Q", "mail", "--without-gossip", "--without-mingle"]
    worker = processes.start("worker", command, site.folder / "log" / "bench-worker.log", environment=environment)
    try:
        site.run("bench.mail_site", "ring", SENDERS)
        yield
    finally:
        worker.stop()


def wait_for(look: Callable[[], bool]) -> None:
    limit = time.monotonic() + PATIENCE
    while not look():
        if time.monotonic() > limit:
            raise Problem(f"The mails were not sent within {PATIENCE} seconds.")
        time.sleep(0.5)  # to look takes from the machine too
