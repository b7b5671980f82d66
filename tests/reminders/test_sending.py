"""From the ledger to the mail server: at most one copy whatever fails, and every doubt visible."""

import datetime as dt
import time

from django.db import IntegrityError, OperationalError, connection, transaction

import pytest

from accounts.models import Person
from reminders import sending
from reminders.models import MailKind, Reason, Reminder, ReminderEvent, State
from reminders.planning import plan
from reminders.smtp import MailServer, NotSent
from reminders.transitions import move
from tests.factories import course_document, make_course, make_person
from tests.reminders.draining import drain
from tests.reminders.smtp_server import faulty_server
from tests.together import together
from tests.training.walking import complete, open_cycle, walk_to
from training import duties, progress


@pytest.fixture
def owed(cast, course, now):
    """One mail owed to the employee, planned and due."""
    open_cycle(course, cast.employee, now=now, due_on=(now + dt.timedelta(21)).date())
    plan(now=now)
    return Reminder.objects.get()


def state(reminder):
    reminder.refresh_from_db()
    return reminder.state


def test_an_owed_mail_is_sent_once_with_its_reply_kept(owed, cast, now):
    with faulty_server() as (log, port):
        assert drain(port, now).sent == 1
        assert drain(port, now).sent == 0
    assert log.recipients == [cast.employee.email]
    assert state(owed) == State.SENT
    assert "queued as TEST1" in owed.smtp_reply
    events = list(owed.events.order_by("pk").values_list("state", flat=True))
    assert events == [State.CLAIMED, State.COMMITTING, State.SENT]


def test_what_a_mail_follows_is_durable_however_the_database_is_set_up(owed, now):
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit TO off")
        with faulty_server() as (_log, port):
            drain(port, now)
        cursor.execute("SHOW synchronous_commit")
        assert cursor.fetchone() == ("on",)


def test_the_same_bell_ten_times_changes_nothing(owed, now):
    with faulty_server() as (log, port):
        for _time in range(10):
            drain(port, now)
    assert log.copies == {owed.message_id: 1}
    assert ReminderEvent.objects.count() == 3


def test_several_mails_share_a_connection(cast, course, now):
    for person in (cast.employee, cast.colleague, cast.manager):
        open_cycle(course, person, now=now)
    plan(now=now)
    with faulty_server("ok", "5yz") as (log, port):
        result = drain(port, now)
    assert (result.sent, result.not_sent, len(log.mails)) == (2, 1, 2)


@pytest.mark.parametrize(
    ("behaviour", "ends", "copies"),
    [
        ("4yz", State.PENDING, 0),
        ("5yz", State.FAILED, 0),
        ("drop-before-data", State.PENDING, 0),
        ("4yz-after-dot", State.PENDING, 0),
        ("5yz-after-dot", State.FAILED, 0),
        ("accept-then-drop", State.COMMITTING, 1),
        ("slow-accept", State.COMMITTING, 1),
    ],
)
def test_each_answer_of_the_mail_server_has_its_outcome(owed, now, behaviour, ends, copies):
    with faulty_server(*[behaviour] * 2, slow_seconds=1) as (log, port):
        drain(port, now, verdict_seconds=0.3 if behaviour == "slow-accept" else 30)
    assert state(owed) == ends
    assert len(log.mails) == copies
    assert owed.reason == {State.FAILED: Reason.REFUSED, State.PENDING: Reason.TRY_AGAIN}.get(ends, "")


def test_a_slow_final_answer_is_waited_for_longer_than_any_other(owed, now):
    with faulty_server("slow-accept", slow_seconds=1) as (_log, port):
        drain(port, now, command_seconds=0.9, verdict_seconds=30)
    assert state(owed) == State.SENT


def test_an_unclear_mail_is_shown_as_such_and_never_sent_again(owed, now):
    with faulty_server("accept-then-drop") as (log, port):
        drain(port, now)
        assert sending.sweep(now=now + sending.QUARANTINE - dt.timedelta(seconds=1)) == (0, 0)
        assert sending.sweep(now=now + sending.QUARANTINE + dt.timedelta(seconds=1)) == (0, 1)
        for hour in range(1, 9):
            plan(now=now + dt.timedelta(hours=hour))
            sending.sweep(now=now + dt.timedelta(hours=hour))
            drain(port, now + dt.timedelta(hours=hour))
    assert state(owed) == State.UNKNOWN
    assert log.copies == {owed.message_id: 1}


def test_a_worker_killed_after_its_claim_costs_a_minute_and_no_mail(owed, now):
    assert sending.claim(now=now).claims
    with faulty_server() as (log, port):
        sending.sweep(now=now + dt.timedelta(seconds=59))
        assert drain(port, now + dt.timedelta(seconds=59)).sent == 0
        sending.sweep(now=now + dt.timedelta(seconds=61))
        assert drain(port, now + dt.timedelta(seconds=61)).sent == 1
    assert log.copies == {owed.message_id: 1}


def test_a_claim_whose_lease_ran_out_cannot_commit(owed, now):
    (held,) = sending.claim(now=now).claims
    assert not sending.commit(held, now=now + sending.LEASE)
    assert state(owed) == State.CLAIMED


def test_a_claim_that_another_worker_took_over_cannot_commit(owed, now):
    (slow,) = sending.claim(now=now).claims
    later = now + dt.timedelta(seconds=61)
    sending.sweep(now=later)
    (quick,) = sending.claim(now=later).claims
    assert not sending.commit(slow, now=later)
    assert sending.commit(quick, now=later)
    assert not sending.commit(quick, now=later)


def test_a_late_answer_settles_what_the_sweep_called_unclear(owed, now):
    (held,) = sending.claim(now=now).claims
    sending.commit(held, now=now)
    sending.sweep(now=now + dt.timedelta(hours=1))
    assert sending.settle(held, State.SENT, now=now + dt.timedelta(hours=1), reply="250 at last")
    assert state(owed) == State.SENT


def lose(how, owed, cast, now):
    cycle = owed.cycle
    if how == Reason.COMPLETED:
        progress.start(cycle, now=now)
        cycle.refresh_from_db()
        walk_to(cycle, "acknowledgement", now=now)
        progress.acknowledge(cycle, agreed=True, name="Ewa P", language="pl", now=now)
    elif how == Reason.LEFT:
        Person.objects.filter(pk=cast.employee.pk).update(left_on=now.date())
    elif how == Reason.WAIVED:
        duties.waive(cycle, reason="contract", until=None, by=cast.hr, now=now)
    elif how == Reason.ON_LEAVE:
        duties.put_on_leave(cast.employee, starts_on=now.date(), ends_on=None, reason="x", by=cast.hr, now=now)


LOST = [Reason.COMPLETED, Reason.LEFT, Reason.WAIVED, Reason.ON_LEAVE]


@pytest.mark.parametrize("how", LOST)
def test_a_duty_lost_between_planning_and_sending_is_not_mailed_and_says_why(how, owed, cast, now):
    lose(how, owed, cast, now)
    with faulty_server() as (log, port):
        drain(port, now)
    assert log.mails == []
    assert (state(owed), owed.reason) == (State.CANCELLED, how)
    assert [event.state for event in owed.events.all()] == [State.CANCELLED], "settled before any worker took it"


@pytest.mark.parametrize("how", LOST)
def test_a_duty_lost_after_the_claim_is_caught_before_the_final_dot(how, owed, cast, now, monkeypatch):
    offer = MailServer.offer

    def offer_then_lose(self, **addresses):
        offer(self, **addresses)
        lose(how, owed, cast, now)

    monkeypatch.setattr(MailServer, "offer", offer_then_lose)
    with faulty_server() as (log, port):
        assert drain(port, now).sent == 0
    assert log.mails == []
    assert (state(owed), owed.reason) == (State.CANCELLED, how)


def test_a_due_date_moved_after_planning_withdraws_the_mail(cast, course, day):
    cycle = open_cycle(course, cast.employee, now=day(0), due_on=day(15).date())
    plan(now=day(8))
    duties.extend(cycle, new_due_on=day(60).date(), reason="project", by=cast.hr, now=day(8))
    with faulty_server() as (log, port):
        drain(port, day(8))
    assert log.mails == []
    assert Reminder.objects.get(step__offset_days=-7).reason == Reason.DUE_MOVED


def test_nothing_is_claimed_outside_the_sending_window(owed, day):
    for moment in (day(0, 18), day(0, 23), day(1, 7, 59), day(5), day(6)):
        assert sending.claim(now=moment).seen == 0
    assert sending.claim(now=day(1, 8)).claims


def test_a_claim_that_reaches_the_evening_waits_for_the_morning(owed, day):
    (held,) = sending.claim(now=day(0, 18) - dt.timedelta(seconds=1)).claims
    assert not sending.commit(held, now=day(0, 18))
    assert state(owed) == State.PENDING
    assert owed.not_before == day(1, 8)


def test_a_second_mail_on_the_same_day_moves_to_the_next_sending_day(cast, course, other_course, day):
    third = make_course(course_document("third"), by=cast.editor)
    for each in (course, other_course, third):
        open_cycle(each, cast.employee, now=day(3))  # Corpus Christi
    plan(now=day(3))
    with faulty_server() as (log, port):
        for number in range(3, 11):
            for hour in (8, 12, 17):
                drain(port, day(number, hour))
    sent_on = [row.settled_at.astimezone(day(0).tzinfo).date() for row in Reminder.objects.order_by("settled_at")]
    assert sent_on == [day(4).date(), day(7).date(), day(8).date()]
    assert len(log.mails) == 3


def test_a_moved_mail_says_that_the_person_already_got_one(cast, course, other_course, now):
    for each in (course, other_course):
        open_cycle(each, cast.employee, now=now)
    plan(now=now)
    with faulty_server() as (_log, port):
        drain(port, now)
    waiting = Reminder.objects.get(state=State.PENDING)
    assert waiting.reason == Reason.ONE_A_DAY
    assert waiting.events.get().reason == Reason.ONE_A_DAY


def test_the_done_mail_goes_to_whoever_finished(cast, course, now):
    complete(course, cast.employee, now=now)
    plan(now=now)
    with faulty_server() as (log, port):
        drain(port, now)
    assert log.recipients == [cast.employee.email]
    assert Reminder.objects.get().text == MailKind.DONE


def test_a_server_that_is_away_ends_the_run_and_touches_nothing(owed, now):
    with faulty_server() as (_log, port):
        pass
    result = drain(port, now)
    assert result.gave_up
    assert result.broken == sending.BROKEN_CONNECTIONS
    assert state(owed) == State.PENDING
    assert not owed.events.exists()


def test_a_server_that_keeps_dropping_ends_the_run_and_the_rest_is_given_back(cast, course, now):
    for _number in range(6):
        open_cycle(course, make_person(cast.shops), now=now)
    plan(now=now)
    with faulty_server(*["drop-before-data"] * 20) as (_log, port):
        assert drain(port, now).gave_up
    assert sorted(Reminder.objects.values_list("attempts", flat=True)) == [0, 0, 0, 1, 1, 1]
    assert set(Reminder.objects.values_list("state", flat=True)) == {State.PENDING}


def test_when_the_database_is_lost_before_the_body_the_connection_is_dropped_at_once(owed, now, monkeypatch):
    """A goodbye would be taken as the body of the mail, and waited for in vain."""

    def lost(held, *, now):
        raise OperationalError("the connection is lost")

    monkeypatch.setattr(sending, "commit", lost)
    with faulty_server() as (log, port):
        begun = time.monotonic()
        with pytest.raises(OperationalError):
            drain(port, now, command_seconds=5)
        assert time.monotonic() - begun < 4
    assert log.mails == []
    assert state(owed) == State.CLAIMED


def test_a_server_that_never_answers_the_final_dot_makes_three_mails_unclear_not_all(cast, course, now):
    for _number in range(6):
        open_cycle(course, make_person(cast.shops), now=now)
    plan(now=now)
    with faulty_server(*["accept-then-drop"] * 20) as (log, port):
        assert drain(port, now).gave_up
    assert len(log.mails) == 3
    states = list(Reminder.objects.order_by("state").values_list("state", flat=True))
    assert states == [State.COMMITTING] * 3 + [State.PENDING] * 3


def test_one_refused_address_does_not_stop_the_run(cast, course, now):
    for _number in range(4):
        open_cycle(course, make_person(cast.shops), now=now)
    plan(now=now)
    with faulty_server("5yz", "5yz", "5yz", "ok") as (log, port):
        drain(port, now)
    assert len(log.mails) == 1
    assert Reminder.objects.filter(state=State.FAILED).count() == 3


@pytest.mark.parametrize(
    "address", ["żółw@example.com", "a b@example.com", "x\r\nrcpt to:<y@example.com>@example.com", "nothing"]
)
def test_an_address_that_cannot_be_written_fails_alone_and_visibly(owed, cast, now, address):
    Person.objects.filter(pk=cast.employee.pk).update(email=address)
    with faulty_server() as (log, port):
        result = drain(port, now)
    assert not result.gave_up
    assert log.mails == []
    assert state(owed) == State.FAILED
    assert owed.smtp_reply


def test_a_mail_that_cannot_be_written_waits_and_the_run_goes_on(owed, cast, course, now, monkeypatch, caplog):
    open_cycle(course, cast.colleague, now=now)
    plan(now=now)
    compose = sending.mails.compose
    monkeypatch.setattr(
        sending.mails, "compose", lambda each, now: 1 / 0 if each.reminder_id == owed.pk else compose(each, now=now)
    )
    with faulty_server() as (log, port):
        drain(port, now)
    assert log.recipients == [cast.colleague.email]
    assert (state(owed), owed.attempts) == (State.PENDING, 1)
    own = [record.getMessage() for record in caplog.records if record.name.startswith("reminders")]
    assert len(own) == 1
    assert "ZeroDivisionError" in own[0]
    assert cast.employee.email not in own[0]


def test_waiting_grows_with_each_try_up_to_six_hours(monkeypatch):
    minutes = [sending.backoff(attempts).total_seconds() / 60 for attempts in (1, 2, 5, 9, 10, 1000)]
    assert minutes == [1, 2, 16, 256, 360, 360]


def test_a_run_out_of_time_gives_its_claims_back(cast, course, now):
    for _number in range(3):
        open_cycle(course, make_person(cast.shops), now=now)
    plan(now=now)
    with faulty_server() as (log, port):
        result = drain(port, now, seconds=0.005)
    assert result.more
    assert 0 < len(log.mails) < 3
    assert set(Reminder.objects.values_list("state", flat=True)) == {State.SENT, State.PENDING}


def test_a_kept_connection_that_the_server_closed_is_opened_again():
    with faulty_server() as (log, port):
        server = MailServer("127.0.0.1", port)
        server.connect().sock.close()
        server.offer(sender="a@example.com", recipient="b@example.com")
        assert server.hand_over(b"Subject: x\r\n\r\n.dot\r\n").startswith("250")
        server.close()
    assert log.mails[0].get_content() == ".dot\r\n"


def test_an_offer_to_nobody_is_a_broken_connection():
    with faulty_server() as (_log, port):
        pass
    with pytest.raises(NotSent) as error:
        MailServer("127.0.0.1", port).offer(sender="a@example.com", recipient="b@example.com")
    assert error.value.broken


def test_a_person_for_whom_another_worker_is_claiming_is_left_to_it(owed, now):
    parameters = connection.get_connection_params()
    address = {name: parameters[name] for name in ("dbname", "user", "password", "host", "port") if name in parameters}
    with connection.Database.connect(**address) as other:
        other.execute("SELECT pg_advisory_xact_lock(%s, %s)", [sending.PERSON_LOCK, owed.person_id])
        assert sending.claim(now=now) == sending.Batch(1)
        other.rollback()
        assert sending.claim(now=now).claims


@pytest.mark.django_db(transaction=True)
def test_four_workers_at_once_send_each_mail_once(cast, course, other_course, now):
    people = [make_person(cast.shops) for _number in range(30)]
    for person in people:
        open_cycle(course, person, now=now)
        open_cycle(other_course, person, now=now)
    plan(now=now)
    with faulty_server() as (log, port):
        together(lambda _number: [drain(port, now) for _time in range(3)])
    assert sorted(log.recipients) == sorted(person.email for person in people)
    assert Reminder.objects.filter(state=State.SENT).count() == 30
    assert Reminder.objects.filter(state=State.PENDING, reason=Reason.ONE_A_DAY).count() == 30


@pytest.mark.parametrize(
    ("path", "next_state"),
    [
        ([], State.SENT),
        ([], State.COMMITTING),
        ([], State.UNKNOWN),
        ([State.CLAIMED], State.SENT),
        ([State.CLAIMED], State.UNKNOWN),
        ([State.CLAIMED, State.COMMITTING], State.CLAIMED),
        ([State.CLAIMED, State.COMMITTING], State.CANCELLED),
        ([State.CLAIMED, State.COMMITTING, State.SENT], State.PENDING),
        ([State.CLAIMED, State.COMMITTING, State.SENT], State.FAILED),
        ([State.CANCELLED], State.PENDING),
        ([State.SUPERSEDED], State.PENDING),
    ],
)
def test_the_database_refuses_transitions_outside_the_graph(owed, now, path, next_state):
    import uuid

    held = {"claim_token": uuid.uuid4(), "lease_until": now}
    for step in path:
        move([owed.pk], step, now=now, reason=Reason.LEFT, **held)
    with pytest.raises(IntegrityError, match="cannot become"), transaction.atomic():
        move([owed.pk], next_state, now=now, reason=Reason.LEFT, **held)


def test_a_sent_row_never_changes(owed, now):
    with faulty_server() as (_log, port):
        drain(port, now)
    with pytest.raises(IntegrityError, match="sent is final"), transaction.atomic():
        Reminder.objects.update(smtp_reply="forged")


def test_the_ledger_keeps_every_row_and_every_event(owed, now):
    sending.claim(now=now)
    with pytest.raises(IntegrityError), transaction.atomic():
        ReminderEvent.objects.all().delete()
    with pytest.raises(IntegrityError), transaction.atomic():
        Reminder.objects.all()._raw_delete("default")


def test_claiming_takes_the_same_number_of_queries_for_one_row_and_for_ten(
    owed, cast, course, now, django_assert_num_queries
):
    with django_assert_num_queries(8):
        assert len(sending.claim(now=now).claims) == 1
    for _number in range(10):
        open_cycle(course, make_person(cast.shops), now=now)
    plan(now=now)
    with django_assert_num_queries(8):
        assert len(sending.claim(now=now).claims) == 10
