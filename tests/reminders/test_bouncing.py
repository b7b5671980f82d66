"""A mail that came back: what it proves, whom it silences, and for how long."""

import datetime as dt

from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

import pytest
from aiosmtpd.smtp import SMTP

from accounts.models import AuditEvent, Person
from reminders import sending
from reminders.bouncing import NotMarked, Outcome, ReasonMissing, clear_bounce, note_refusal, receive
from reminders.deciding import resend
from reminders.management.commands import read_bounces
from reminders.models import Bounce, Reason, Reminder, State
from reminders.notices import message_id
from reminders.planning import plan
from reminders.smtp import MailServer, NotSent
from tests.reminders.imap_server import PASSWORD, USER, Mailbox, imap_server
from tests.reminders.moving import bring_to
from tests.reminders.notifications import notification, recipient
from tests.reminders.smtp_server import FaultyController
from tests.reminders.test_mailboxes import address
from tests.training.walking import open_cycle


@pytest.fixture
def mail(cast, course, now):
    """A mail to the employee, planned."""
    open_cycle(course, cast.employee, now=now, due_on=(now + dt.timedelta(21)).date())
    plan(now=now)
    return Reminder.objects.select_related("person").get()


@pytest.fixture
def sent(mail, now):
    bring_to(mail, State.SENT, now)
    return mail


@pytest.fixture
def unknown(mail, now):
    bring_to(mail, State.UNKNOWN, now)
    return mail


def about(mail, *recipients, **more):
    return notification(*recipients or [recipient(mail.person.email)], message_id=mail.message_id, **more)


def later(now, **delta):
    return now + dt.timedelta(**delta)


def test_a_mail_that_was_sent_stays_sent_and_its_address_is_marked(sent, now):
    before = Reminder.objects.filter(pk=sent.pk).values().get()
    assert receive(about(sent), now=now) == Outcome.MARKED
    assert Reminder.objects.filter(pk=sent.pk).values().get() == before
    bounce = Bounce.objects.in_force().get()
    assert (bounce.person, bounce.email, bounce.reminder) == (sent.person, sent.person.email, sent)
    assert (bounce.status, bounce.at, bounce.marks) == ("5.1.1", now, True)
    assert "User unknown" in bounce.diagnostic


@pytest.mark.parametrize("state", [State.UNKNOWN, State.COMMITTING])
def test_for_an_unclear_mail_the_notification_is_the_proof(state, mail, now):
    bring_to(mail, state, now)
    assert receive(about(mail), now=now) == Outcome.MARKED
    mail.refresh_from_db()
    assert (mail.state, mail.reason, mail.settled_at) == (State.FAILED, Reason.BOUNCED, now)
    assert "User unknown" in mail.events.latest("pk").note


def test_a_late_answer_does_not_undo_the_proof(mail, now):
    (held,) = sending.claim(now=now).claims
    assert sending.commit(held, now=now)
    receive(about(mail), now=now)
    assert not sending.settle(held, State.SENT, now=now, reply="250 ok")
    mail.refresh_from_db()
    assert mail.state == State.FAILED


def test_delivered_is_a_proof_too(unknown, now):
    content = about(unknown, recipient(unknown.person.email, action="delivered", status="2.1.5", said="250 ok"))
    assert receive(content, now=now) == Outcome.DELIVERED
    unknown.refresh_from_db()
    assert unknown.state == State.SENT
    assert receive(content, now=now) == Outcome.NO_NEWS
    assert not Bounce.objects.exists()


@pytest.mark.parametrize("action", ["delayed", "relayed", "expanded", "nonsense", ""])
def test_what_is_still_under_way_changes_nothing(unknown, now, action):
    content = about(unknown, recipient(unknown.person.email, action=action, status="4.4.1"))
    assert receive(content, now=now) == Outcome.NO_NEWS
    unknown.refresh_from_db()
    assert unknown.state == State.UNKNOWN
    assert not Bounce.objects.exists()


@pytest.mark.parametrize(
    ("status", "said"),
    [("4.4.7", "delivery time expired"), ("5.7.1", "550 5.7.1 taken for spam"), ("5.3.4", "552 5.3.4 too big")],
)
def test_a_mail_given_up_for_other_reasons_came_back_but_marks_nobody(unknown, now, status, said):
    content = about(unknown, recipient(unknown.person.email, status=status, said=said))
    assert receive(content, now=now) == Outcome.CAME_BACK
    unknown.refresh_from_db()
    assert unknown.state == State.FAILED
    assert not Bounce.objects.in_force().exists()
    assert Bounce.objects.get().status == status


def test_reading_the_same_notification_again_changes_nothing(sent, now):
    for times in range(5):
        content = about(sent) if times % 2 else about(sent).replace(b"\n", b"\r\n")
        assert (receive(content, now=later(now, days=times)) == Outcome.MARKED) is (times == 0)
    assert Bounce.objects.count() == 1


def test_two_readers_at_once_leave_one_mark(sent, now):
    receive(about(sent), now=now)
    twin = Bounce.objects.get()
    twin.pk = None
    with pytest.raises(IntegrityError, match="bounce_once_per_notification"), transaction.atomic():
        twin.save(force_insert=True)


def test_a_forged_notification_silences_nobody(sent, cast, now):
    guess = "<rem.00000000000000000000000000000000@localhost>"
    other = recipient(cast.colleague.email)
    assert receive(notification(recipient(sent.person.email), message_id=guess), now=now) == Outcome.NOT_OURS
    assert receive(about(sent, other), now=now) == Outcome.OTHER_ADDRESS
    assert receive(about(sent, recipient("")), now=now) == Outcome.OTHER_ADDRESS
    assert not Bounce.objects.exists()


def test_nobody_can_work_out_a_message_id_from_the_numbers_in_it(cast, course, now, settings):
    cycle = open_cycle(course, cast.employee, now=now)

    def planned() -> tuple[str, str]:
        """Of a step, and of a mail that is not written in SQL."""
        with transaction.atomic():
            plan(now=now)
            found = Reminder.objects.get().message_id
            transaction.set_rollback(True)
        return found, message_id("nudge", cycle.pk, now.date())

    step, nudge = planned()
    assert planned() == (step, nudge)
    settings.SECRET_KEY = "another" * 10
    other_step, other_nudge = planned()
    assert step != other_step
    assert nudge != other_nudge


@pytest.mark.parametrize("state", [State.PENDING, State.CLAIMED])
def test_a_mail_that_never_went_out_cannot_come_back(mail, now, state):
    if state == State.CLAIMED:
        bring_to(mail, state, now)
    assert receive(about(mail), now=now) == Outcome.NOT_OURS
    assert not Bounce.objects.exists()


def test_after_the_address_has_changed_an_old_notification_is_about_another_address(sent, now):
    content = about(sent)
    Person.objects.filter(pk=sent.person_id).update(email="new@example.com")
    assert receive(content, now=now) == Outcome.OTHER_ADDRESS


def test_an_address_is_recognised_in_any_case_and_beyond_ascii(sent, now):
    Person.objects.filter(pk=sent.person_id).update(email="ewa@żółw.example")
    content = about(sent, recipient("EWA@XN--W-UGA1V8H.example"))
    assert receive(content, now=now) == Outcome.MARKED


def test_of_several_recipients_ours_counts(sent, now):
    content = about(
        sent,
        recipient("other@example.com", action="failed"),
        recipient(sent.person.email, action="delayed", status="4.4.1"),
    )
    assert receive(content, now=now) == Outcome.NO_NEWS


@pytest.mark.parametrize(
    ("content", "outcome"),
    [
        (b"", Outcome.FOREIGN),
        (b"Subject: Lunch?\n\nAt one?\n", Outcome.FOREIGN),
        (notification(message_id="<someone.else@example.net>"), Outcome.NOT_OURS),
        (notification(original=False), Outcome.NOT_OURS),
        (notification(message_id="<x\x00yżz@x>"), Outcome.NOT_OURS),
    ],
)
def test_other_mail_is_counted_and_left_alone(db, now, content, outcome):
    assert receive(content, now=now) == outcome


def plan_until(day, first, last):
    for number in range(first, last):
        plan(now=day(number))


def test_a_marked_address_gets_no_mail_until_it_is_cleared(sent, cast, day):
    receive(about(sent), now=day(1))
    plan_until(day, 1, 16)
    held_back = Reminder.objects.exclude(pk=sent.pk).get()
    assert (held_back.state, held_back.reason) == (State.CANCELLED, Reason.BOUNCED)
    clear_bounce(Bounce.objects.get(), reason="asked her", by=cast.hr, now=day(16))
    plan_until(day, 16, 22)
    assert Reminder.objects.get(state=State.PENDING).occurs_on == day(20).date()


def test_a_first_mail_that_was_held_back_goes_out_after_the_clearing(sent, cast, other_course, day):
    receive(about(sent), now=day(1))
    open_cycle(other_course, cast.employee, now=day(2))
    plan(now=day(2))
    assert Reminder.objects.get(cycle__course=other_course).reason == Reason.BOUNCED
    clear_bounce(Bounce.objects.get(), reason="asked her", by=cast.hr, now=day(3))
    plan(now=day(3))
    assert Reminder.objects.get(cycle__course=other_course, state=State.PENDING).occurs_on == day(3).date()


def test_a_new_address_takes_mail_at_once(sent, other_course, cast, day):
    receive(about(sent), now=day(1))
    Person.objects.filter(pk=sent.person_id).update(email="new@example.com")
    open_cycle(other_course, cast.employee, now=day(2))
    plan(now=day(2))
    assert Reminder.objects.get(cycle__course=other_course).state == State.PENDING


@pytest.mark.parametrize("state", [State.SENT, State.FAILED])
def test_whoever_got_nothing_but_a_wrong_address_gets_the_first_mail_at_the_right_one(state, mail, day):
    bring_to(mail, state, day(0))
    if state == State.SENT:
        receive(about(mail), now=day(0))
    else:
        note_refusal(mail.pk, recipient=mail.person.email, reply="550 5.1.1 no", now=day(0))
    plan(now=day(1))
    assert Reminder.objects.count() == 1
    Person.objects.filter(pk=mail.person_id).update(email="right@example.com")
    for _tick in range(3):
        plan(now=day(2))
    again = Reminder.objects.exclude(pk=mail.pk).get()
    assert (again.step, again.occurs_on, again.state) == (mail.step, day(2).date(), State.PENDING)
    bring_to(again, State.SENT, day(2))
    plan(now=day(3))
    assert Reminder.objects.count() == 2


def test_whoever_got_a_mail_is_not_mailed_again_because_another_came_back(sent, day):
    """Taken for spam, which says nothing about the address."""
    receive(about(sent, recipient(sent.person.email, status="5.7.1", said="550 5.7.1 spam")), now=day(0))
    plan(now=day(1))
    assert Reminder.objects.get() == sent


def test_clearing_is_audited_with_its_reason_and_clears_every_mark_of_the_address(sent, cast, now):
    receive(about(sent, own_id="<1@x>"), now=now)
    receive(about(sent, own_id="<2@x>"), now=now)
    clear_bounce(Bounce.objects.first(), reason=" asked\nher ", by=cast.hr, now=now)
    assert not Bounce.objects.in_force().exists()
    assert set(Bounce.objects.values_list("cleared_by", "cleared_at")) == {(cast.hr.pk, now)}
    event = AuditEvent.objects.get(action="reminders.clear_bounce")
    assert (event.actor, event.subject_id) == (cast.hr, str(cast.employee.pk))
    assert event.detail == {"email": cast.employee.email, "reason": "asked her"}
    with pytest.raises(NotMarked):
        clear_bounce(Bounce.objects.first(), reason="again", by=cast.hr, now=now)


def test_clearing_needs_a_reason(sent, cast, now):
    receive(about(sent), now=now)
    with pytest.raises(ReasonMissing):
        clear_bounce(Bounce.objects.get(), reason=" \n", by=cast.hr, now=now)
    assert Bounce.objects.in_force().exists()


def test_a_cleared_address_is_not_marked_again_by_the_same_notification(sent, cast, now):
    receive(about(sent), now=now)
    clear_bounce(Bounce.objects.get(), reason="works", by=cast.hr, now=now)
    assert receive(about(sent), now=later(now, hours=1)) == Outcome.KNOWN
    assert not Bounce.objects.in_force().exists()


def test_a_mail_sent_again_after_a_clearing_may_come_back_again(unknown, cast, now):
    receive(about(unknown, own_id="<1@x>"), now=now)
    clear_bounce(Bounce.objects.get(), reason="works", by=cast.hr, now=now)
    unknown.refresh_from_db()
    resend(unknown, reason="works again", by=cast.hr, now=now)
    bring_to(unknown, State.SENT, now)
    assert receive(about(unknown, own_id="<2@x>"), now=now) == Outcome.MARKED
    assert Bounce.objects.count() == 2
    assert Bounce.objects.in_force().count() == 1


class RefusingController(FaultyController):
    def factory(self):
        return SMTP(self.handler, hostname="mail.example.com")


class Refusing:
    """A server that answers every RCPT, or every body, with one reply."""

    def __init__(self, *, rcpt="250 ok", data="250 ok"):
        self.rcpt, self.data = rcpt, data

    async def handle_RCPT(self, server, session, envelope, to, options):  # noqa: N802 - aiosmtpd's name
        if self.rcpt.startswith("250"):
            envelope.rcpt_tos.append(to)
        return self.rcpt

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - aiosmtpd's name
        return self.data


@pytest.mark.parametrize(
    ("replies", "marked"),
    [
        ({"rcpt": "550 5.1.1 no such mailbox"}, True),
        ({"rcpt": "550 no such mailbox"}, True),
        ({"rcpt": "552 5.2.2 mailbox full"}, True),
        ({"rcpt": "554 5.7.1 client host blocked"}, False),
        ({"rcpt": "550 relaying denied"}, False),
        ({"rcpt": "451 4.1.1 come back later"}, False),
        ({"data": "550 5.1.1 no such mailbox"}, True),
        ({"data": "550 no such mailbox"}, False),
        ({"data": "554 5.7.1 not wanted"}, False),
        ({"data": "554 5.6.0 malformed"}, False),
        ({}, False),
    ],
)
def test_a_refusal_while_sending_marks_the_address_when_it_is_about_the_address(mail, now, replies, marked):
    controller = RefusingController(Refusing(**replies), hostname="127.0.0.1", port=0)
    controller.start()
    try:
        moments = iter(now + dt.timedelta(milliseconds=n) for n in range(1000))
        server = MailServer("127.0.0.1", controller.port, command_seconds=30, verdict_seconds=30)
        sending.drain(clock=lambda: next(moments), until=now + dt.timedelta(seconds=9), server=server)
    finally:
        controller.stop()
    mail.refresh_from_db()
    assert mail.attempts == 1
    assert Bounce.objects.in_force().exists() is marked
    if marked:
        bounce = Bounce.objects.get()
        assert (bounce.email, bounce.reminder, bounce.source) == (mail.person.email, mail, "")
        assert bounce.diagnostic == mail.smtp_reply
        assert mail.state == State.FAILED


def test_the_mark_and_the_outcome_are_written_together(mail, now, monkeypatch):
    (held,) = sending.claim(now=now).claims
    monkeypatch.setattr(sending.bouncing, "note_refusal", lambda *args, **more: 1 / 0)
    refusal = NotSent("550 5.1.1 no", refused=True, to_recipient=True)
    with pytest.raises(ZeroDivisionError):
        sending.refuse(held, refusal, recipient=mail.person.email, now=now)
    mail.refresh_from_db()
    assert mail.state == State.CLAIMED


def test_an_address_that_changed_meanwhile_is_not_marked_for_the_old_one(mail, now):
    (held,) = sending.claim(now=now).claims
    sending.refuse(held, NotSent("550 5.1.1 no", refused=True, to_recipient=True), recipient="old@example.com", now=now)
    assert not Bounce.objects.exists()
    mail.refresh_from_db()
    assert mail.state == State.FAILED


def read(capsys, **options):
    call_command("read_bounces", **options)
    return capsys.readouterr().out


def test_the_command_reads_a_file_of_everything_and_says_what_it_did(sent, now, tmp_path, capsys):
    foreign = b"Subject: hello \xff\n\nbody\n"
    messages = [foreign] * 300 + [about(sent), b"", about(sent), notification(message_id="<x@y>")]
    box = tmp_path / "box"
    box.write_bytes(b"".join(b"From MAILER-DAEMON Mon Jun  1 09:00:00 2026\n" + each + b"\n" for each in messages))
    out = read(capsys, mbox=box)
    assert out.splitlines() == [
        "304 read.",
        f"  1 {Outcome.MARKED.value}",
        f"  1 {Outcome.KNOWN.value}",
        f"  1 {Outcome.NOT_OURS.value}",
        f"  301 {Outcome.FOREIGN.value}",
    ]
    assert Bounce.objects.count() == 1
    assert f"2 {Outcome.KNOWN.value}" in read(capsys, mbox=box)


def test_the_command_reads_a_mailbox_on_a_server(sent, tmp_path, capsys, settings, monkeypatch):
    box = Mailbox({1: about(sent), 2: b"Subject: x\r\n\r\n"})
    with imap_server(box, tmp_path) as (port, context):
        settings.BOUNCE_IMAP_URL = address(port)
        monkeypatch.setattr("ssl.create_default_context", lambda: context)
        out = read(capsys, imap=True)
        assert "2 read." in out
        assert read(capsys, imap=True) == "0 read.\n"
    assert Bounce.objects.in_force().count() == 1
    assert box.seen == {1, 2}
    assert PASSWORD not in out
    assert USER not in out


def test_a_crash_in_the_middle_reads_again_harmlessly(sent, tmp_path, capsys, settings, monkeypatch):
    box = Mailbox({1: about(sent), 2: about(sent, own_id="<2@x>"), 3: b"x"})
    done = read_bounces.receive
    with imap_server(box, tmp_path) as (port, context):
        settings.BOUNCE_IMAP_URL = address(port)
        monkeypatch.setattr("ssl.create_default_context", lambda: context)

        def dies_after_the_second(content, *, now):
            outcome = done(content, now=now)
            if b"<2@x>" in content:
                raise KeyboardInterrupt
            return outcome

        monkeypatch.setattr(read_bounces, "receive", dies_after_the_second)
        with pytest.raises(KeyboardInterrupt):
            read(capsys, imap=True)
        assert box.seen == {1}
        assert Bounce.objects.count() == 2
        monkeypatch.setattr(read_bounces, "receive", done)
        assert f"1 {Outcome.KNOWN.value}" in read(capsys, imap=True)
    assert Bounce.objects.count() == 2
    assert box.seen == {1, 2, 3}


def test_the_command_says_what_it_lacks(db, tmp_path, settings):
    settings.BOUNCE_IMAP_URL = ""
    with pytest.raises(CommandError, match="BOUNCE_IMAP_URL"):
        call_command("read_bounces", imap=True)
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("read_bounces", maildir=tmp_path / "none")
    with pytest.raises(CommandError, match="one of the arguments"):
        call_command("read_bounces")
