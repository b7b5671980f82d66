"""Each fault of the mail server is one: what the sender sees, what was accepted, and what Postfix's log shows of it."""

import datetime as dt
import time

import pytest

from chaos import mail_server as module
from chaos.forms import IDLE, QUARANTINE, SLOWEST_ANSWER, VERDICT
from reminders.mail_log import Fate, Span
from reminders.postfix_log import PostfixLog
from reminders.smtp import Doubt, MailServer, NotSent
from tests.journeys.application import wait_for

CONTENT = b"Subject: Hi\r\nMessage-ID: <rem.1@learn.example.com>\r\n\r\nBody\r\n"


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(module, "VERDICT", 2)
    monkeypatch.setattr(module, "COMMAND", 2)


def send(port: int, fault: str) -> str:
    """What a sender makes of it; one that will get no answer in time does not wait for it long."""
    command, verdict = 2 if fault == "slow banner" else 30, 1 if fault == "slow accept" else 30
    server = MailServer("127.0.0.1", port, command_seconds=command, verdict_seconds=verdict)
    try:
        server.offer(sender="five-rules@localhost", recipient="ewa@example.com")
        server.hand_over(CONTENT)
    except NotSent as error:
        return "refused" if error.refused else "broken" if error.broken else "later"
    except Doubt:
        return "doubt"
    finally:
        server.close()
    return "sent"


@pytest.mark.parametrize(
    ("fault", "seen", "copies", "logged"),
    [
        ("", {"sent"}, 1, Fate.ACCEPTED),
        ("slow accept", {"doubt"}, 1, Fate.ACCEPTED),
        ("accept then drop", {"doubt"}, 1, Fate.ACCEPTED),
        ("4yz", {"later"}, 0, Fate.ABSENT),
        ("5yz", {"refused"}, 0, Fate.ABSENT),
        ("drop before data", {"broken"}, 0, Fate.ABSENT),
        ("drop before dot", {"broken", "doubt"}, 0, Fate.ABSENT),
        ("4yz after dot", {"later"}, 0, Fate.ABSENT),
        ("5yz after dot", {"refused"}, 0, Fate.REFUSED),
        ("slow banner", {"broken"}, 0, Fate.ABSENT),
    ],
)
def test_each_fault(mail_server, fault, seen, copies, logged):
    now = dt.datetime.now(dt.UTC)
    with mail_server(fault) as server:
        server.log.write_text(f"{(now - dt.timedelta(seconds=9)).isoformat()} mail postfix/smtpd[1]: connect\n")
        assert send(server.port, fault) in seen
        if fault == "slow accept":
            assert server.copies == {}, "the sender has given up before"
            wait_for(lambda: server.copies or None, "the mail that was accepted late")
        assert server.copies == ({"ewa@example.com": 1} if copies else {})
        wait_until_still(server.log)
        with server.log.open("a") as log:
            log.write(f"{(now + dt.timedelta(seconds=60)).isoformat()} mail postfix/smtpd[1]: connect\n")
        span = Span(now - dt.timedelta(seconds=5), now + dt.timedelta(seconds=50))
        found = PostfixLog([str(server.log)], zone=dt.UTC).fates(
            {"<rem.1@learn.example.com>": span}, since=span.begin, now=now + dt.timedelta(seconds=60)
        )
        assert found["<rem.1@learn.example.com>"].fate == logged


def wait_until_still(log):
    """The server writes its last lines after its last answer."""
    size = -1
    while size != (size := log.stat().st_size):
        time.sleep(0.3)


def test_every_fault_that_is_drawn_is_tried_above():
    tried = {"slow accept", "accept then drop", "4yz", "5yz", "drop before data", "drop before dot"}
    assert set(module.FAULTS) == tried | {"4yz after dot", "5yz after dot"}


def test_a_silent_client_is_left(mail_server, monkeypatch):
    monkeypatch.setattr(module, "IDLE", 1)
    with mail_server() as server:
        sender = MailServer("127.0.0.1", server.port)
        sender.offer(sender="a@example.com", recipient="b@example.com")
        assert sender.smtp is not None
        assert sender.smtp.getreply()[0] == 421
        sender.close()


def test_the_quarantine_of_the_run_is_longer_than_this_server_can_take():
    assert IDLE + SLOWEST_ANSWER < QUARANTINE
    assert VERDICT < SLOWEST_ANSWER
