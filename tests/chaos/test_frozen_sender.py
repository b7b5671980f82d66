"""A sender that is frozen between the point of no return and the body, until its mail was given up and sent by another.

What keeps it from sending a second copy when it wakes up is the mail server, which has dropped its connection: hence
the rule that the quarantine is longer than the server's idle timeout (docs/operations.md).
"""

import datetime as dt
import time

import pytest

from chaos import mail_server as module
from reminders import sending
from reminders.mail_log import Fate, Finding
from reminders.models import Reminder, State
from reminders.planning import plan
from reminders.resolving import resolve_unknown
from reminders.smtp import Doubt, MailServer, NotSent
from tests.training.walking import open_cycle


class Absent:
    def fates(self, doubts, *, since, now):
        return dict.fromkeys(doubts, Finding(Fate.ABSENT, "not in the log"))


@pytest.mark.parametrize(("idle", "copies"), [(1.5, 1), (60, 2)], ids=["as the rule says", "against the rule"])
def test_a_frozen_sender_that_wakes_up(cast, course, now, mail_server, monkeypatch, idle, copies):
    monkeypatch.setattr(module, "IDLE", idle)
    open_cycle(course, cast.employee, now=now)
    plan(now=now)
    (held,) = sending.claim(now=now).claims
    with mail_server() as server:
        frozen = MailServer("127.0.0.1", server.port)
        frozen.offer(sender="five-rules@localhost", recipient=cast.employee.email)
        assert sending.commit(held, now=now)
        time.sleep(2.5)
        later = now + sending.QUARANTINE + dt.timedelta(seconds=1)
        sending.sweep(now=later)
        assert resolve_unknown(log=Absent(), now=later).again == 1
        other = MailServer("127.0.0.1", server.port)
        assert sending.drain(clock=lambda: later, until=later + dt.timedelta(seconds=9), server=other).sent == 1
        wake(frozen)
        assert server.copies == {cast.employee.email: copies}
    assert Reminder.objects.get().state == State.SENT


def wake(frozen: MailServer) -> None:
    try:
        frozen.hand_over(b"Message-ID: <x@y>\r\n\r\nBody\r\n")
    except (NotSent, Doubt):
        pass
    finally:
        frozen.close()
