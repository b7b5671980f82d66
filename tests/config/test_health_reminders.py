"""/healthz/reminders: whether mails go out as they should, for a monitor that may know nothing about people."""

import datetime as dt

from django.db import OperationalError, connection
from django.urls import reverse

import pytest
import time_machine

from reminders import circuit, health
from reminders.models import Reason, Reminder, State
from reminders.planning import plan
from reminders.smtp import NotSent
from tests.reminders.moving import bring_to
from tests.training.walking import open_cycle

URL = "/healthz/reminders"
WELL = {"tick": "ok", "mail_server": "ok", "unclear": 0, "waiting_long": 0}


def ask(client, moment):
    with time_machine.travel(moment, tick=False):
        answer = client.get(URL)
    return answer.status_code, answer.json()


@pytest.fixture
def ticked(db, now):
    health.note_tick(now=now)
    return now


def later(now, **delta):
    return now + dt.timedelta(**delta)


def test_all_is_well_within_fifteen_minutes_of_the_last_tick(client, ticked):
    assert ask(client, later(ticked, minutes=15)) == (200, WELL)
    late = "none for 15 minutes; the last one: 2026-06-01T07:00:00+00:00"
    assert ask(client, later(ticked, minutes=15, seconds=1)) == (503, WELL | {"tick": late})


def test_a_company_that_never_ticked_is_not_well(client, db, now):
    assert ask(client, now) == (503, WELL | {"tick": "none for 15 minutes; the last one: never"})


def test_a_mail_server_that_is_away_is_told_with_the_next_try(client, ticked):
    for _time in range(health.TROUBLE):
        circuit.note_failure(NotSent("secret words of the server", broken=True), now=ticked)
    away = "does not answer since 2026-06-01T07:00:00+00:00"
    assert ask(client, ticked) == (503, WELL | {"mail_server": away})
    for _time in range(circuit.FAILURES - health.TROUBLE):
        circuit.note_failure(NotSent("secret words of the server", broken=True), now=ticked)
    status, answer = ask(client, ticked)
    assert (status, answer["mail_server"]) == (503, f"{away}; next try at 2026-06-01T07:01:00+00:00")
    circuit.note_answer()
    assert ask(client, ticked) == (200, WELL)


def test_unclear_mails_are_counted_until_somebody_has_decided(client, ticked, cast, course):
    open_cycle(course, cast.employee, now=ticked)
    plan(now=ticked)
    mail = Reminder.objects.get()
    bring_to(mail, State.UNKNOWN, ticked)
    assert ask(client, ticked) == (503, WELL | {"unclear": 1})
    Reminder.objects.update(reason=Reason.GIVEN_UP)
    assert ask(client, ticked) == (200, WELL)


def test_mails_that_wait_for_more_than_an_hour_are_counted_but_not_what_waits_for_morning(client, cast, course, now):
    open_cycle(course, cast.employee, now=now)
    plan(now=now)

    def waiting(moment):
        health.note_tick(now=moment)
        return ask(client, moment)

    assert waiting(later(now, minutes=59)) == (200, WELL)
    assert waiting(later(now, minutes=61)) == (503, WELL | {"waiting_long": 1})
    evening, morning = later(now, hours=10), later(now, hours=23, minutes=30)
    assert waiting(evening) == (200, WELL)
    assert waiting(morning) == (200, WELL), "mails may go out for half an hour only"
    assert waiting(later(morning, minutes=31)) == (503, WELL | {"waiting_long": 1})


def test_it_names_nobody_and_is_never_cached(client, ticked, cast, course):
    open_cycle(course, cast.employee, now=ticked)
    plan(now=ticked)
    with time_machine.travel(later(ticked, days=1), tick=False):
        answer = client.get(URL)
    for secret in (cast.employee.name, cast.employee.email, "rem."):
        assert secret not in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert client.post(URL).status_code == 405


def test_a_dead_database_is_named_without_its_address(client, monkeypatch):
    def refuse():
        raise OperationalError("connection to server at 10.0.0.7, user five_rules, failed")

    monkeypatch.setattr(connection, "cursor", refuse)
    answer = client.get(URL)
    assert (answer.status_code, answer.json()) == (503, {"database": "does not answer (OperationalError)"})


def test_the_check_of_processes_knows_nothing_of_mails(client, db):
    assert set(client.get("/healthz").json()) == {"web", "database", "broker", "worker", "beat"}


def test_it_answers_without_https_as_the_other_one_does(settings, client, ticked):
    settings.SECURE_SSL_REDIRECT = True
    assert client.get(URL).status_code in (200, 503)
    assert client.get("/").status_code == 301


def test_the_questions_are_few_however_long_the_ledger_is(client, ticked, django_assert_max_num_queries):
    """One fewer while no plan's hours are open."""
    with django_assert_max_num_queries(4):
        client.get(URL)


def test_the_ledger_says_the_same_in_sentences(ticked, cast, sign_in):
    cast.sysadmin.language = "en"
    cast.sysadmin.save()
    for _time in range(circuit.FAILURES):
        circuit.note_failure(NotSent("x", broken=True), now=ticked)
    with time_machine.travel(ticked, tick=False):
        page = sign_in(cast.sysadmin).get(reverse("reminders:ledger")).content.decode()
    assert (
        "The mail server has not been reachable since 1 June 2026, 09:00. The mails wait. Next try at 09:01:00." in page
    )
