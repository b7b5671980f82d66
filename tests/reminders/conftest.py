"""Duties with dates, and moments in the company's time zone."""

import datetime as dt
import socket
from collections.abc import Iterator

from django.utils import translation

import pytest

from reminders.models import ReminderPlan
from tests.factories import course_document, make_course


@pytest.fixture
def other_course(db, cast):
    return make_course(course_document("other"), by=cast.editor)


@pytest.fixture
def day(now):
    """`day(n, hour)`: n days after the Monday of `now`, at that hour in the company's time zone."""

    def moment(days: int, hour: int = 9, minute: int = 0) -> dt.datetime:
        return dt.datetime.combine(now.date() + dt.timedelta(days), dt.time(hour, minute), now.tzinfo)

    return moment


@pytest.fixture
def standard(db):
    """The plan that serves every course without one of its own; Monday to Friday from 8 to 18."""
    return ReminderPlan.objects.get(standard=True)


@pytest.fixture
def nowhere() -> Iterator[int]:
    """A port on which nobody listens, kept from others meanwhile."""
    with socket.socket() as kept:
        kept.bind(("127.0.0.1", 0))
        yield kept.getsockname()[1]


@pytest.fixture(autouse=True)
def _the_longest_wait(monkeypatch):
    """Of all waits that the jitter may choose; the shortest would be over at the next look at a test's clock."""
    monkeypatch.setattr("reminders.sending.random.random", lambda: 1.0)


@pytest.fixture(autouse=True)
def _in_english():
    """What a test reads outside of a request; a request has its person's language."""
    with translation.override("en"):
        yield
