"""Unclear mails settled by the mail server's log: never against it, and never on a guess."""

import datetime as dt
import io

from django.core.management import CommandError, call_command

import pytest
import time_machine

from config.environment import Environment
from reminders import deciding, resolving, sending, tasks
from reminders.mail_log import Fate, Finding, Span
from reminders.models import Reason, Reminder, State
from reminders.planning import plan
from reminders.smtp import MailServer
from tests.reminders.postfix import body_comes_in, line, queued, write
from tests.reminders.smtp_server import faulty_server
from tests.training.walking import open_cycle

MINUTE = dt.timedelta(minutes=1)
NOISE = "smtpd: connect from localhost[127.0.0.1]"


@pytest.fixture
def doubt(cast, course, now):
    """A mail whose sender died after the point of no return at `now`: unclear since 20 minutes later."""
    open_cycle(course, cast.employee, now=now)
    plan(now=now)
    (held,) = sending.claim(now=now).claims
    assert sending.commit(held, now=now)
    assert sending.sweep(now=now + 20 * MINUTE) == (0, 1)
    return Reminder.objects.get()


class Says:
    """A log that knows one thing, and what it was asked."""

    def __init__(self, fate, note="seen", meanwhile=lambda: None):
        self.fate, self.note, self.meanwhile = fate, note, meanwhile
        self.asked = None

    def fates(self, doubts, *, since, now):
        self.asked, self.since = doubts, since
        self.meanwhile()
        return dict.fromkeys(doubts, Finding(self.fate, self.note))


def last_event(reminder):
    event = reminder.events.order_by("pk").last()
    return event.state, event.note


@pytest.mark.parametrize(
    ("fate", "state", "reason"),
    [(Fate.ACCEPTED, State.SENT, ""), (Fate.REFUSED, State.FAILED, Reason.REFUSED), (Fate.ABSENT, State.PENDING, "")],
)
def test_what_the_log_shows_settles_the_mail_and_says_how_it_is_known(doubt, now, fate, state, reason):
    log = Says(fate, "as 4F1A2B3C4D")
    resolving.resolve_unknown(log=log, now=now + 21 * MINUTE)
    doubt.refresh_from_db()
    assert (doubt.state, doubt.reason) == (state, reason)
    assert last_event(doubt) == (state, "mail log: as 4F1A2B3C4D")
    assert log.asked == {doubt.message_id: Span(now, now + 20 * MINUTE)}


def test_what_the_log_does_not_show_stays_for_a_person(doubt, now):
    done = resolving.resolve_unknown(log=Says(Fate.UNSURE, "it is empty"), now=now + 21 * MINUTE)
    assert done.unsure == {doubt.pk: "it is empty"}
    doubt.refresh_from_db()
    assert doubt.state == State.UNKNOWN
    assert last_event(doubt) == (State.UNKNOWN, "no answer after the final dot")


def test_a_mail_that_never_arrived_goes_out_again_once(doubt, now):
    later = now + 21 * MINUTE
    resolving.resolve_unknown(log=Says(Fate.ABSENT), now=later)
    with faulty_server() as (log, port):
        for _time in range(3):
            sending.drain(clock=lambda: later, until=later + MINUTE, server=MailServer("127.0.0.1", port))
    assert log.copies == {doubt.message_id: 1}


def test_the_sender_that_wakes_up_late_has_no_say_in_the_second_try(cast, course, now):
    open_cycle(course, cast.employee, now=now)
    plan(now=now)
    (held,) = sending.claim(now=now).claims
    sending.commit(held, now=now)
    sending.sweep(now=now + 20 * MINUTE)
    resolving.resolve_unknown(log=Says(Fate.ABSENT), now=now + 21 * MINUTE)
    assert not sending.settle(held, State.SENT, now=now + 22 * MINUTE, reply="250 late")
    sending.retry(held, now=now + 22 * MINUTE, note="421 late")
    assert not Reminder.objects.get().smtp_reply


def test_without_an_unclear_mail_the_log_is_not_read(doubt, now):
    resolving.resolve_unknown(log=Says(Fate.ABSENT), now=now + 21 * MINUTE)
    again = Says(Fate.ABSENT)
    resolving.resolve_unknown(log=again, now=now + 21 * MINUTE)
    assert again.asked is None
    assert doubt.events.filter(state=State.PENDING).count() == 1


def test_a_decision_taken_while_the_log_is_read_stands(doubt, cast, now):
    def decide():
        deciding.confirm_delivered(doubt, reason="she has it", by=cast.hr, now=now + 21 * MINUTE)

    done = resolving.resolve_unknown(log=Says(Fate.ABSENT, meanwhile=decide), now=now + 21 * MINUTE)
    doubt.refresh_from_db()
    assert (doubt.state, done.again) == (State.SENT, 0)


def test_an_answer_about_the_last_doubt_does_not_settle_the_next(doubt, cast, now):
    """While the log was read, a person sent the mail again, and that try became unclear as well."""

    def once_more():
        again = now + 21 * MINUTE
        deciding.resend(doubt, reason="she has none", by=cast.hr, now=again)
        (held,) = sending.claim(now=again).claims
        sending.commit(held, now=again)
        sending.sweep(now=again + 20 * MINUTE)

    done = resolving.resolve_unknown(log=Says(Fate.ABSENT, meanwhile=once_more), now=now + 42 * MINUTE)
    doubt.refresh_from_db()
    assert (doubt.state, done.again) == (State.UNKNOWN, 0)
    asked = Says(Fate.UNSURE)
    resolving.resolve_unknown(log=asked, now=now + 43 * MINUTE)
    assert asked.asked[doubt.message_id].begin == now + 21 * MINUTE
    assert asked.since == now, "should the first try have been accepted after all, it counts"


# The tick


@pytest.fixture
def tick(monkeypatch):
    def at(moment):
        monkeypatch.setattr(tasks, "database_now", lambda: moment)
        monkeypatch.setattr(tasks, "ring", lambda: None)
        with time_machine.travel(moment, tick=False):
            tasks.tick()

    return at


@pytest.fixture
def accepted(doubt, now, tmp_path):
    """A log that has the mail."""
    said = [*body_comes_in("4F1A2B3C4D", doubt.message_id), queued("4F1A2B3C4D")]
    return write(tmp_path / "mail.log", [line(now, words) for words in said])


def test_a_tick_asks_the_log(doubt, accepted, tick, now, settings):
    settings.MAIL_LOG = [str(accepted)]
    tick(now + 21 * MINUTE)
    doubt.refresh_from_db()
    assert doubt.state == State.SENT
    assert "4F1A2B3C4D" in doubt.smtp_reply


def test_without_a_log_nothing_changes(doubt, accepted, tick, now, monkeypatch):
    monkeypatch.setattr(resolving, "resolve_unknown", lambda **_given: pytest.fail("no log was named"))
    tick(now + 21 * MINUTE)
    doubt.refresh_from_db()
    assert doubt.state == State.UNKNOWN


def test_a_tick_asks_for_two_hours_only(doubt, accepted, tick, now, settings):
    settings.MAIL_LOG = [str(accepted)]
    tick(now + 20 * MINUTE + resolving.ASKED_FOR + MINUTE)
    doubt.refresh_from_db()
    assert doubt.state == State.UNKNOWN


def test_while_the_log_does_not_tell_the_tick_makes_the_server_write_a_line(
    doubt, tick, now, settings, tmp_path, nowhere
):
    """On a quiet evening nothing would ever show that the log goes on."""
    settings.MAIL_LOG = [str(write(tmp_path / "mail.log", []))]
    with faulty_server() as (log, port):
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
        tick(now + 21 * MINUTE)
        assert (log.sessions, log.mails) == (1, [])
    settings.EMAIL_PORT = nowhere
    tick(now + 22 * MINUTE)  # nothing fails
    doubt.refresh_from_db()
    assert doubt.state == State.UNKNOWN


# The command and the variable


def resolve(*arguments):
    output = io.StringIO()
    call_command("resolve_reminders", *arguments, stdout=output)
    return output.getvalue()


def test_the_command_settles_what_is_older_too(doubt, accepted, now, monkeypatch):
    command = "reminders.management.commands.resolve_reminders.database_now"
    monkeypatch.setattr(command, lambda: now + dt.timedelta(days=9))
    assert resolve("--log", str(accepted)).startswith("1 were accepted, 0 refused, 0 go out again; 0 are")


def test_the_command_says_why_the_log_does_not_tell(doubt, tmp_path, settings):
    settings.MAIL_LOG = [str(write(tmp_path / "mail.log", []))]
    assert f"Reminder {doubt.pk}: the log does not tell; it is empty." in resolve()


def test_the_command_needs_a_log(db):
    with pytest.raises(CommandError, match="--log PATH"):
        resolve()


@pytest.mark.parametrize(
    ("text", "paths"),
    [("", []), ("/var/log/mail.log", ["/var/log/mail.log"]), ("/a*:/b", ["/a*", "/b"]), (" /a , /b:", ["/a", "/b"])],
)
def test_several_paths_are_separated_by_colons_or_commas(monkeypatch, text, paths):
    monkeypatch.setenv("MAIL_LOG", text)
    assert Environment().paths("MAIL_LOG", default="") == paths
