"""The circuit to the mail server: shared, in the database, one probe at a time. In good days nothing is written."""

import contextlib
import datetime as dt

from django.db import connection

import pytest

from reminders import circuit, health
from reminders.models import PipelineStatus, Reason, Reminder, State
from reminders.planning import plan
from reminders.smtp import MailServer, NotSent
from tests.factories import make_person
from tests.reminders.draining import drain
from tests.reminders.smtp_server import faulty_server
from tests.together import together
from tests.training.walking import open_cycle


@pytest.fixture
def owed(cast, course, now):
    """Twenty mails."""
    for _number in range(20):
        open_cycle(course, make_person(cast.shops), now=now)
    plan(now=now)


@pytest.fixture
def connections(monkeypatch):
    """When a connection was tried."""
    tried = []
    opened = MailServer._open

    def counted(self):
        tried.append(self.port)
        return opened(self)

    monkeypatch.setattr(MailServer, "_open", counted)
    return tried


def seconds(number):
    return dt.timedelta(seconds=number)


def open_the_circuit(port, now):
    while not PipelineStatus.objects.filter(open_until__isnull=False).exists():
        drain(port, now)


def test_after_ten_failures_in_a_row_nobody_connects_for_a_minute(owed, nowhere, connections, now):
    for _time in range(6):
        drain(nowhere, now)
    assert len(connections) == circuit.FAILURES
    status = PipelineStatus.objects.get()
    assert status.failures == circuit.FAILURES
    assert seconds(60) <= status.open_until - now <= seconds(61)
    assert "ConnectionRefusedError" in status.last_error
    drain(nowhere, now + seconds(59))
    assert len(connections) == circuit.FAILURES
    assert not Reminder.objects.exclude(state=State.PENDING, attempts=0, reason="").exists()


def test_then_one_worker_probes_once_a_minute(owed, nowhere, connections, now):
    open_the_circuit(nowhere, now)
    connections.clear()
    for second in range(62, 302, 5):
        for _worker in range(4):
            drain(nowhere, now + seconds(second))
    assert len(connections) == 4
    assert Reminder.objects.filter(state=State.PENDING, attempts=0).count() == 20


def test_a_probe_that_succeeds_closes_the_circuit_and_everything_goes_out(owed, nowhere, connections, now):
    open_the_circuit(nowhere, now)
    with faulty_server() as (log, port):
        drain(port, now + seconds(30))
        assert log.mails == []
        drain(port, now + seconds(62))
    assert len(log.mails) == 20
    assert PipelineStatus.objects.values().get() == {
        "id": 1, "last_tick_at": None, "failures": 0, "failing_since": None, "open_until": None, "last_error": "",
    }  # fmt: skip


def test_a_probe_that_gets_through_but_loses_its_mail_leaves_the_rest_alone(owed, nowhere, connections, now):
    open_the_circuit(nowhere, now)
    connections.clear()
    with faulty_server(*["drop-before-data"] * 20) as (_log, port):
        assert drain(port, now + seconds(62)).gave_up
    assert len(connections) == 1
    assert sorted(Reminder.objects.values_list("attempts", flat=True)) == [0] * 19 + [1]
    assert PipelineStatus.objects.get().open_until > now + seconds(120)


@pytest.mark.django_db(transaction=True)
def test_of_four_workers_at_once_one_probes(cast, now):
    PipelineStatus.objects.update_or_create(pk=1, defaults={"failures": 10, "open_until": now})
    passed = []

    def ask(number):
        with contextlib.suppress(circuit.CircuitOpen):
            circuit.pass_or_wait(now=now + seconds(1))
            passed.append(number)

    together(ask)
    assert len(passed) == 1


def test_failures_count_only_in_a_row(owed, now, monkeypatch):
    a_mail_is_tried_on_two_connections = ["drop-before-data"] * 2
    with faulty_server(*(a_mail_is_tried_on_two_connections * 2 + ["ok"]) * 6) as (log, port):
        assert not drain(port, now).gave_up
    assert Reminder.objects.filter(state=State.PENDING, reason=Reason.TRY_AGAIN).count() == 12 > circuit.FAILURES
    assert len(log.mails) == 8
    assert PipelineStatus.objects.get().failures == 0


def test_a_server_that_swallows_mails_without_an_answer_is_left_alone(owed, now):
    """Each of those mails is unclear for good, so they must not all go that way."""
    with faulty_server(*["accept-then-drop"] * 20) as (log, port):
        for second in range(8):
            drain(port, now + seconds(second))
    assert len(log.mails) == circuit.FAILURES
    assert Reminder.objects.filter(state=State.COMMITTING).count() == circuit.FAILURES


def test_refusals_of_single_mails_say_nothing_about_the_server(owed, now, monkeypatch):
    with faulty_server(*["5yz"] * 8 + ["4yz"] * 8 + ["ok"] * 4) as (log, port):
        assert not drain(port, now).gave_up
    assert len(log.mails) == 4
    assert not PipelineStatus.objects.filter(failures__gt=0).exists()


def test_when_the_connection_is_lost_the_rest_of_the_batch_is_given_back_untried(owed, now, monkeypatch):
    with faulty_server("ok", "drop-before-data") as (_log, port):
        hand_over = MailServer.hand_over

        def then_unreachable(self, content):
            reply = hand_over(self, content)
            self.port = 1
            return reply

        monkeypatch.setattr(MailServer, "hand_over", then_unreachable)
        assert drain(port, now).gave_up
    counts = {state: Reminder.objects.filter(state=state).count() for state in (State.SENT, State.PENDING)}
    assert counts == {State.SENT: 1, State.PENDING: 19}
    assert Reminder.objects.filter(state=State.PENDING, reason=Reason.TRY_AGAIN).count() == 1
    assert Reminder.objects.filter(state=State.PENDING, attempts=0).count() == 18


def version():
    """Where the row stands in its table: a write moves it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT ctid::text FROM reminders_pipelinestatus")
        return cursor.fetchone()


def test_in_good_days_nothing_is_written_about_the_server(owed, now, django_assert_max_num_queries):
    PipelineStatus.objects.update_or_create(pk=1)
    before = version()
    with faulty_server() as (log, port), django_assert_max_num_queries(1000) as asked:
        drain(port, now)
    assert len(log.mails) == 20
    about = [query["sql"] for query in asked.captured_queries if "pipelinestatus" in (query["sql"] or "")]
    assert len([sql for sql in about if sql.startswith("SELECT")]) == 1
    assert len(about) == 1 + 2, "asked once a connection, and once a batch whether there is anything to forget"
    assert version() == before


def test_a_wiped_broker_or_another_process_forgets_nothing(owed, nowhere, now):
    open_the_circuit(nowhere, now)
    with pytest.raises(circuit.CircuitOpen):
        circuit.pass_or_wait(now=now + seconds(30))


def test_a_single_failure_is_no_alarm_and_several_are(db, now):
    health.note_tick(now=now)
    for _time in range(health.TROUBLE - 1):
        circuit.note_failure(NotSent("ConnectionRefusedError", broken=True), now=now)
    assert health.report(now).ok
    circuit.note_failure(NotSent("ConnectionRefusedError", broken=True), now=now + seconds(9))
    report = health.report(now)
    assert (report.ok, report.mail_server_down_since, report.next_try_at) == (False, now, None)
