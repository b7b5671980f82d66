"""Browsers of the journeys. A console error, a script error, a refusal by the content security policy or a request to
another host fails the test in which it happens."""

from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request

from accounts.models import Person
from tests.journeys.application import Application


class Visitors:
    """Opens browsers, each with its own cookies, and collects their troubles."""

    def __init__(self, browser: Browser, application: Application) -> None:
        self.browser = browser
        self.application = application
        self.contexts: list[BrowserContext] = []
        self.troubles: list[str] = []

    def open(self, person: Person | None = None, *, javascript: bool = True, **options: Any) -> Page:
        """A page of a browser of its own, in which `person` (if given) has signed in earlier."""
        options = {"reduced_motion": "reduce", "viewport": {"width": 1200, "height": 900}} | options
        context = self.browser.new_context(
            base_url=self.application.base, java_script_enabled=javascript, accept_downloads=True, **options
        )
        context.set_default_timeout(15_000)
        self.contexts.append(context)
        context.on("console", self.hear)
        context.on("weberror", lambda error: self.troubles.append(f"script: {error.error}"))
        context.on("request", self.see)
        page = context.new_page()
        self.become(page, person)
        return page

    def become(self, page: Page, person: Person | None) -> None:
        """From now on whoever sits at that browser is `person`, or nobody."""
        page.context.clear_cookies()
        if person:
            page.context.add_cookies([self.application.session_of(person)])  # type: ignore[list-item]

    def hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.troubles.append(f"console: {message.text} ({message.location['url']})")

    def see(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https") and f"{parts.scheme}://{parts.netloc}" != self.application.base:
            self.troubles.append(f"request to another host: {request.url}")

    def expect_trouble(self, words: str) -> None:
        """Takes away troubles that the test means to cause; there must be some."""
        left = [trouble for trouble in self.troubles if words not in trouble]
        assert len(left) < len(self.troubles), f"no trouble with {words!r}"
        self.troubles = left

    def close(self) -> None:
        while self.contexts:
            self.contexts.pop().close()
        assert not self.troubles, "\n".join(self.troubles)
