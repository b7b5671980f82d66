"""The rate over all workers, from each worker's share of it."""

import datetime as dt
import uuid

import pytest

from reminders import pacing, sending
from reminders.models import Reminder, State
from reminders.pacing import Pace, sending_workers
from reminders.planning import plan
from reminders.smtp import MailServer
from reminders.transitions import move
from tests.factories import make_person
from tests.reminders.smtp_server import faulty_server
from tests.training.walking import open_cycle


class Clock:
    """Time that passes only by sleeping."""

    def __init__(self):
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


def pace_of(rate):
    clock = Clock()
    return Pace(rate, clock=clock, sleep=clock.sleep), clock


@pytest.fixture
def owed(cast, course, now):
    for _number in range(12):
        open_cycle(course, make_person(cast.shops), now=now)
    plan(now=now)
    return list(Reminder.objects.values_list("pk", flat=True))


def hold(ids, now, seconds=60):
    move(ids, State.CLAIMED, now=now, claim_token=uuid.uuid4(), lease_until=now + dt.timedelta(seconds=seconds))


def test_mails_go_one_after_the_other_at_the_rate():
    pace, clock = pace_of(20)
    for _mail in range(101):
        pace.wait()
    assert clock.seconds == pytest.approx(105)


def test_a_slow_server_is_not_made_up_for_by_a_burst():
    pace, clock = pace_of(20)
    pace.wait()
    clock.sleep(10)
    for _mail in range(21):
        pace.wait()
    assert clock.seconds == pytest.approx(111)


def test_without_a_rate_nothing_waits_and_nothing_is_asked(db, now, django_assert_num_queries):
    pace, clock = pace_of(0)
    with django_assert_num_queries(0):
        pace.share(now=now)
    for _mail in range(1000):
        pace.wait()
    assert clock.seconds == 100
    assert pace.batch(10) == 10


def test_workers_that_hold_claims_share_the_rate(owed, now):
    assert sending_workers(now) == 1
    hold(owed[:3], now)
    hold(owed[3:4], now)
    hold(owed[4:6], now)
    hold(owed[6:8], now, seconds=-1)
    assert sending_workers(now) == 3
    pace, clock = pace_of(20)
    pace.share(now=now)
    for _mail in range(21):
        pace.wait()
    assert clock.seconds == pytest.approx(103)


@pytest.mark.parametrize(("rate", "workers", "batch"), [(20, 4, 10), (1, 1, 10), (1, 4, 5), (1, 100, 1)])
def test_no_worker_claims_more_than_it_can_send_well_within_a_lease(rate, workers, batch, monkeypatch, now):
    monkeypatch.setattr(pacing, "sending_workers", lambda now: workers)
    pace, clock = pace_of(rate)
    pace.share(now=now)
    assert pace.batch(sending.BATCH) == batch
    pace.wait()
    for _mail in range(batch - 1):
        pace.wait()
    assert dt.timedelta(seconds=clock.seconds - 100) < sending.LEASE / 2


def drain(now, pace):
    server_clock = iter(now + dt.timedelta(milliseconds=n) for n in range(10_000))
    with faulty_server() as (log, port):
        server = MailServer("127.0.0.1", port)
        until = now + dt.timedelta(seconds=60)
        sending.drain(clock=lambda: next(server_clock), until=until, server=server, pace=pace)
    return len(log.mails)


def test_a_run_keeps_to_its_pace(owed, now):
    pace, clock = pace_of(4)
    assert drain(now, pace) == 12
    assert clock.seconds == pytest.approx(100 + 11 / 4)


def test_a_run_keeps_to_its_share_while_others_send(owed, now):
    hold(owed[:1], now)
    hold(owed[1:2], now)
    pace, clock = pace_of(4)
    assert drain(now, pace) == 10
    assert clock.seconds == pytest.approx(100 + 9 * 3 / 4)


def test_a_run_claims_no_more_than_it_can_send_at_its_pace(owed, now, monkeypatch):
    monkeypatch.setattr(pacing, "sending_workers", lambda now: 10)
    pace, _clock = pace_of(1)
    asked, claim = [], sending.claim

    def remembered(**limits):
        asked.append(limits["limit"])
        return claim(**limits)

    monkeypatch.setattr(sending, "claim", remembered)
    assert drain(now, pace) == 12
    assert asked == [10, 2]


def test_the_rate_comes_from_the_settings(settings):
    settings.MAIL_RATE = 50
    assert Pace.from_settings().interval == pytest.approx(1 / 50)
    settings.MAIL_RATE = 0
    assert Pace.from_settings().interval == 0
