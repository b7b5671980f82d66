"""Where the journeys find their browser, and what happens without one."""

import sys
from types import SimpleNamespace

import pytest

from config.embedded import browser
from tests import servers

JOURNEY = SimpleNamespace(get_closest_marker=lambda name: name == "browser")


@pytest.fixture
def no_browser(monkeypatch):
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setattr(browser, "NAMES", ("no-such-browser",))


def test_a_browser_can_be_named(monkeypatch):
    monkeypatch.setenv("CHROMIUM", sys.executable)
    assert browser.find() == sys.executable
    monkeypatch.setenv("CHROMIUM", "/nowhere/chromium")
    assert browser.find() is None


def test_a_journey_without_a_browser_is_skipped_on_a_laptop(no_browser, monkeypatch):
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="apt install chromium"):
        servers.pytest_runtest_setup(JOURNEY)


def test_a_journey_without_a_browser_fails_in_ci(no_browser, monkeypatch):
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="apt install chromium"):
        servers.pytest_runtest_setup(JOURNEY)


def test_who_cannot_install_one_is_told_how(no_browser, monkeypatch):
    monkeypatch.setattr(browser.os, "geteuid", lambda: 1000)
    assert browser.ensure().startswith("There is no browser for the journeys: install Chromium")


@pytest.mark.parametrize(
    ("url", "worker", "own"),
    [
        ("unix:///tmp/s?db=0", "", "unix:///tmp/s?db=0"),
        ("unix:///tmp/s?db=0", "gw1", "unix:///tmp/s?db=2"),
        ("redis://localhost:6379/0", "gw0", "redis://localhost:6379/1"),
    ],
)
def test_each_test_process_has_a_redis_database_of_its_own(url, worker, own):
    assert servers.own_redis(url, worker) == own
