"""One running application and one browser for all journeys."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from config.embedded import browser as system_browser
from tests.journeys.application import Application
from tests.journeys.browsing import Visitors

expect.set_options(timeout=30_000)


@pytest.fixture(scope="package")
def application(django_db_blocker) -> Iterator[Application]:
    folder = Path(tempfile.mkdtemp(prefix="five-rules-journeys-"))
    running = Application(folder, django_db_blocker.unblock)
    try:
        running.start()
        yield running
    finally:
        running.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """Root has no sandbox. Package-wide, because Playwright's event loop must be gone before other tests run theirs."""
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=system_browser.find(), args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def app(application: Application) -> Iterator[Application]:
    """The application, and the test's models on its database."""
    with application.database():
        yield application


@pytest.fixture
def visitors(chromium: Browser, app: Application) -> Iterator[Visitors]:
    opened = Visitors(chromium, app)
    try:
        yield opened
    finally:
        opened.close()
