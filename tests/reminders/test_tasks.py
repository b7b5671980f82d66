"""The bell and the tick, on the real broker; repeating them changes nothing."""

import datetime as dt

import pytest
import time_machine
from celery import current_app

from reminders import health, tasks
from reminders.models import Kind, Reminder, ReminderEvent, State
from reminders.planning import Planned
from reminders.schedule import BEAT_SCHEDULE
from tests.reminders.smtp_server import faulty_server
from tests.training.walking import open_cycle


@pytest.fixture
def queue():
    """Bells that wait, on a queue of this test."""
    name = "mail-test"

    def length() -> int:
        with current_app.connection_for_write() as broker:
            return broker.default_channel.queue_declare(queue=name).message_count

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tasks, "QUEUE", name)
        with current_app.connection_for_write() as broker:
            broker.default_channel.queue_purge(name) if length() else None
        yield length
        with current_app.connection_for_write() as broker:
            broker.default_channel.queue_purge(name)


@pytest.fixture
def at(monkeypatch, now):
    monkeypatch.setattr(tasks, "database_now", lambda: now)
    with time_machine.travel(now, tick=False):
        yield now


@pytest.fixture
def cycle(cast, course, now):
    return open_cycle(course, cast.employee, now=now)


def test_a_tick_plans_and_rings_once_however_often_it_runs(cycle, at, queue):
    for _time in range(10):
        tasks.tick()
    assert Reminder.objects.get(kind=Kind.STEP).state == State.PENDING
    assert queue() == 2


def test_a_tick_without_due_mails_is_silent(db, at, queue):
    tasks.tick()
    assert queue() == 0
    assert health.report(at).last_tick == at


def test_a_tick_that_finds_another_planning_is_no_sign_of_life(cycle, at, queue, monkeypatch):
    monkeypatch.setattr(tasks, "plan", lambda now: Planned(busy=True))
    tasks.tick()
    assert health.report(at).tick_late


def test_the_same_bell_ten_times_sends_one_mail(cycle, at, queue, settings):
    tasks.tick()
    with faulty_server() as (log, port):
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
        for _time in range(10):
            tasks.drain()
            tasks.tick()
    assert len(log.mails) == 1
    assert ReminderEvent.objects.filter(reminder__kind=Kind.STEP).count() == 3


def test_a_mail_server_that_is_away_shows_in_health_until_it_is_back(cycle, at, queue, settings, nowhere):
    tasks.tick()
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", nowhere
    tasks.drain()
    assert health.report(at).mail_server_down_since == at
    with faulty_server() as (_log, port):
        settings.EMAIL_PORT = port
        tasks.drain()
    assert health.report(at).mail_server_down_since is None


def test_a_drain_that_gave_up_does_not_ring_itself_again(cycle, at, queue, settings, nowhere):
    from reminders.planning import plan

    plan(now=at)
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", nowhere
    tasks.drain()
    assert queue() == 0


def test_the_bell_carries_nothing_about_anybody(cycle, at, queue):
    tasks.tick()
    with current_app.connection_for_write() as broker:
        message = broker.default_channel.basic_get("mail-test", no_ack=True)
    assert message.decode()[:2] == [[], {}]


def test_the_schedule_names_the_tick():
    assert BEAT_SCHEDULE["reminders"]["task"] in current_app.tasks
    assert BEAT_SCHEDULE["reminders"]["schedule"] <= dt.timedelta(minutes=5).total_seconds()


def test_no_tick_leaves_a_trace_in_the_cache_but_its_time(cycle, at, queue):
    tasks.tick()
    assert health.report(at).last_tick == at
