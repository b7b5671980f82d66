"""Without the database or the shared cache people get a page that says so, and machines a status to wait on."""

from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import OperationalError
from django.test import Client
from django.urls import reverse

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError


@pytest.fixture
def client():
    """A browser, which gets the error page where the test client would raise."""
    return Client(raise_request_exception=False)


def test_a_lost_database_is_a_503_page_with_the_remedy(client, monkeypatch):
    def lost(*_arguments, **_options):
        raise OperationalError("the connection is lost")

    monkeypatch.setattr("django.contrib.sessions.backends.db.SessionStore._get_session_from_db", lost)
    client.cookies["session"] = "x" * 32
    answer = client.get(reverse("training:home"))
    assert answer.status_code == 503
    assert answer["Retry-After"] == "30"
    assert "minut" in answer.content.decode()


def test_any_other_failure_is_a_500_page_without_a_trace(client, monkeypatch):
    def broken(*_arguments, **_options):
        raise ValueError("secret detail")

    monkeypatch.setattr("django.contrib.sessions.backends.db.SessionStore._get_session_from_db", broken)
    client.cookies["session"] = "x" * 32
    answer = client.get(reverse("training:home"))
    assert answer.status_code == 500
    assert "secret detail" not in answer.content.decode()


@pytest.mark.django_db
def test_sign_in_without_the_cache_that_counts_attempts_fails_closed(client, monkeypatch, cast):
    def lost(*_arguments, **_options):
        raise RedisConnectionError("refused")

    for name in ("get", "set", "add", "incr", "get_many"):
        monkeypatch.setattr(cache, name, lost)
    data = {"login": cast.employee.email, "password": "correct horse"}
    answer = client.post(reverse("account_login"), data)
    assert answer.status_code == 503
    assert not Session.objects.exists()
