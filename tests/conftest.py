"""Fixtures for every test: a company, its cast of people, a small published course, and a clock."""

import datetime as dt
from importlib import import_module

from django.apps import apps
from django.core.cache import cache
from django.db.models.signals import post_migrate
from django.test import Client

import hypothesis
import pytest

from config import messages
from tests.cast import Cast, build_cast
from tests.factories import NOW, make_course

# How quickly examples are drawn says something about the machine, nothing about the code.
hypothesis.settings.register_profile(
    "steady", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow], parent=hypothesis.settings.default
)
hypothesis.settings.load_profile("steady")


def pytest_configure() -> None:
    """The .mo files are not in the repository; without them half of what pages say would go untested."""
    messages.compile_all()
    post_migrate.connect(bring_back_the_standard_plan, dispatch_uid="tests")


def bring_back_the_standard_plan(sender, **_more):
    """A test that needs real transactions empties every table afterwards, also of what a migration had put there."""
    if sender.name == "reminders" and not apps.get_model("reminders", "ReminderPlan").objects.exists():
        import_module("reminders.migrations.0004_standard_plan").make_plan(apps)


@pytest.fixture(autouse=True)
def _empty_cache():
    """Rate limits live in the cache; no test inherits another's."""
    cache.clear()


@pytest.fixture
def now() -> dt.datetime:
    """A Monday morning in the company's time zone, well away from any clock change."""
    return NOW


@pytest.fixture
def today(now) -> dt.date:
    return now.date()


@pytest.fixture
def cast(db) -> Cast:
    return build_cast()


@pytest.fixture
def course(db, cast):
    """The small course of two lessons, published as revision 1."""
    return make_course(by=cast.editor)


@pytest.fixture
def sign_in():
    """`sign_in(person)` is a browser in which that person is signed in; `sign_in(None)` a stranger's."""

    def browser(person) -> Client:
        client = Client()
        if person is not None:
            client.force_login(person, backend="accounts.authentication.PersonBackend")
        return client

    return browser
