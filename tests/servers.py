"""The real servers of a test run, started before Django reads its settings and stopped at the end, on Ctrl-C as well.

Loaded by `-p tests.servers` (pyproject.toml). Only the controlling process starts them; xdist's workers inherit the
addresses. Durability is off and the folder is thrown away.
"""

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.embedded import browser, stack
from config.embedded.problem import Problem

started: list[tuple[stack.Stack, Path]] = []


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests() -> Iterator[None]:
    """A wrapper runs before pytest-django's own hook, which sets Django up."""
    os.environ["FIVE_RULES_MODE"] = "test"
    os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # Playwright's loop runs in the thread of the test
    given = os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL")
    if not given and "PYTEST_XDIST_WORKER" not in os.environ:
        start_servers()
    os.environ["REDIS_URL"] = own_redis(os.environ["REDIS_URL"], os.environ.get("PYTEST_XDIST_WORKER", ""))
    yield


def own_redis(url: str, worker: str) -> str:
    """A database of its own for each xdist worker, because every test empties the cache."""
    number = int(worker.removeprefix("gw") or 0) + 1 if worker else 0
    return re.sub(r"(\?db=|/)0$", rf"\g<1>{number}", url)


def start_servers() -> None:
    folder = Path(tempfile.mkdtemp(prefix="five-rules-test-"))
    try:
        running = stack.start(folder, durable=False)
    except Problem as problem:
        shutil.rmtree(folder, ignore_errors=True)
        raise pytest.UsageError(str(problem)) from None
    started.append((running, folder))
    os.environ.update(running.environment)


def pytest_unconfigure() -> None:
    while started:
        running, folder = started.pop()
        running.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole starts run one after the other, in one process: two cores bear only one. (Before xdist looks for groups.)
    Journeys share one application in each process."""
    for item in items:
        if item.get_closest_marker("stack") and not item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.xdist_group("starts"))


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("browser") and not browser.find():
        reason = f"no browser: {browser.REMEDY}"
        (pytest.fail if browser.is_required() else pytest.skip)(reason)


def pytest_configure(config: pytest.Config) -> None:
    if "PYTEST_XDIST_WORKER" not in os.environ:
        config.pluginmanager.register(SayAtOnce(config), "say-at-once")


class SayAtOnce:
    """Names a failure when it happens: a run that is ended from outside never comes to its summary."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        terminal = self.config.pluginmanager.get_plugin("terminalreporter")
        if report.failed and terminal:
            reason = report.longreprtext.strip().splitlines()[-1:]
            terminal.ensure_newline()
            terminal.write_line(" ".join(["FAILED", report.nodeid, f"({report.when})", *reason])[:400], red=True)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    failed = os.environ.get("FIVE_RULES_FAILED_CHECKS")
    if failed:
        terminalreporter.write_sep("=", "checks that failed before the tests", red=True)
        terminalreporter.write_line(failed)
