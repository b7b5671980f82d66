"""/healthz and the signs of life that it reads."""

from django.core.cache import cache
from django.db import connection

import pytest
from celery import current_app
from kombu import Connection

from config import heartbeat

ALL_UP = dict.fromkeys(("web", "database", "broker", "worker", "beat"), "ok")


@pytest.fixture
def signs(settings):
    """The cache in which a worker and beat have just left their signs."""
    heartbeat.heartbeat.apply_async(**heartbeat.FROM_BEAT)
    heartbeat.heartbeat()
    return cache


@pytest.mark.django_db
def test_all_is_well(client, signs):
    response = client.get("/healthz")
    assert (response.status_code, response.json()) == (200, ALL_UP)
    assert "no-store" in response["Cache-Control"]


@pytest.mark.django_db
def test_a_dead_worker_is_named_and_beat_is_not(client, signs):
    signs.delete(heartbeat.WORKER_SIGN)
    response = client.get("/healthz")
    assert response.status_code == 503
    assert response.json() == ALL_UP | {"worker": "no heartbeat for 40 seconds: it is down or busy"}


@pytest.mark.django_db
def test_a_dead_beat_is_named_and_the_worker_is_not(client, signs):
    signs.delete(heartbeat.BEAT_SIGN)
    response = client.get("/healthz")
    assert response.status_code == 503
    assert response.json() == ALL_UP | {"beat": "no heartbeat for 40 seconds: it is down"}


def test_a_heartbeat_that_beat_has_not_sent_does_not_speak_for_beat():
    heartbeat.heartbeat.apply_async()
    assert cache.get(heartbeat.BEAT_SIGN) is None


def test_the_worker_is_asked_by_one_caller_at_a_time():
    assert cache.add("heartbeat:asking", 1, 3)
    assert heartbeat.ask_worker(patience=60) is False


def test_a_dead_database_is_named_without_its_address(client, signs, monkeypatch):
    def refuse() -> None:
        raise OSError("connection to server at 10.0.0.7, user five_rules, failed")

    monkeypatch.setattr(connection, "cursor", refuse)
    response = client.get("/healthz")
    assert response.status_code == 503
    assert response.json() == ALL_UP | {"database": "does not answer (OSError)"}


@pytest.mark.django_db
def test_without_the_broker_nothing_is_said_about_worker_and_beat(client, signs, monkeypatch):
    monkeypatch.setattr(current_app, "connection_for_write", lambda: Connection("redis+socket:///nowhere"))
    response = client.get("/healthz")
    assert response.status_code == 503
    states = response.json()
    assert states["broker"] == "does not answer (OperationalError)"
    assert states["worker"] == states["beat"] == "unknown: the broker does not answer"
