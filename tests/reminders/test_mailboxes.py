"""Where notifications come from: a file, a folder, a server. Nothing is deleted, and no failure is a traceback."""

import mailbox as formats
import ssl
from contextlib import ExitStack
from urllib.parse import quote

import pytest

from reminders.mailboxes import LARGEST, MailboxProblem, in_file, in_folder, on_server
from tests.reminders.imap_server import PASSWORD, USER, Mailbox, imap_server

MESSAGES = {3: b"Subject: three\r\n\r\n3\r\n", 5: b"Subject: five\r\n\r\n)\r\nA1 OK\r\n", 9: b"\xff\x00\r\n"}


def address(port, *, scheme="imaps", user=USER, password=PASSWORD, folder=""):
    return f"{scheme}://{quote(user, safe='')}:{quote(password, safe='')}@127.0.0.1:{port}/{quote(folder)}"


@pytest.fixture
def serve(tmp_path):
    """`serve(box)`: the messages that a client gets of it."""

    with ExitStack() as servers:

        def messages(box, **asked):
            port, context = servers.enter_context(imap_server(box, tmp_path))
            return on_server(address(port, **asked), context=context)

        yield messages


def test_the_unread_messages_of_a_server_are_read_and_marked_as_read(serve):
    box = Mailbox(MESSAGES, seen={3})
    assert list(serve(box)) == [MESSAGES[5], MESSAGES[9]]
    assert box.seen == {3, 5, 9}
    assert box.messages == MESSAGES
    assert list(serve(box)) == []


def test_a_message_is_marked_only_when_the_next_one_is_asked_for(serve):
    box = Mailbox(MESSAGES)
    messages = serve(box)
    next(messages)
    assert box.seen == set()
    next(messages)
    assert box.seen == {3}
    messages.close()
    assert box.seen == {3}
    assert list(serve(box)) == [MESSAGES[5], MESSAGES[9]]


def test_a_connection_that_breaks_says_so_and_the_next_run_reads_on(serve):
    box = Mailbox(MESSAGES, drop_after=1)
    read = []
    with pytest.raises(MailboxProblem):
        read.extend(serve(box))
    assert box.seen == {3}
    box.drop_after = None
    assert len(list(serve(box))) == 2


def test_nothing_is_ever_deleted_or_moved(serve):
    box = Mailbox(MESSAGES)
    list(serve(box))
    words = " ".join(box.commands).upper()
    assert not any(word in words for word in ("DELETED", "EXPUNGE", "MOVE", "COPY", "APPEND"))


def test_a_message_that_has_gone_meanwhile_is_passed_over(serve):
    box = Mailbox(dict(MESSAGES))
    messages = serve(box)
    next(messages)
    del box.messages[5]
    assert list(messages) == [MESSAGES[9]]


def test_starttls_works_too_and_the_password_never_goes_in_the_clear(serve):
    box = Mailbox(MESSAGES, starttls=True)
    assert len(list(serve(box, scheme="imap+tls"))) == 3
    assert box.commands.index("STARTTLS") < next(n for n, command in enumerate(box.commands) if "LOGIN" in command)


def test_another_folder_is_named_in_the_address(serve):
    box = Mailbox(MESSAGES, folder="Sent back/Lists")
    assert len(list(serve(box, folder="Sent back/Lists"))) == 3


def test_of_a_huge_message_only_the_beginning_is_fetched(serve):
    (content,) = serve(Mailbox({1: b"x" * (LARGEST + 5)}))
    assert len(content) == LARGEST


@pytest.mark.parametrize(
    ("asked", "kind"),
    [
        ({"password": "wrong"}, "error"),
        ({"user": "żółw"}, "UnicodeEncodeError"),
        ({"folder": "Elsewhere"}, "error"),
        ({"folder": "Zwroty – żółte"}, "UnicodeEncodeError"),
    ],
)
def test_what_the_server_refuses_is_said_without_the_password(serve, asked, kind):
    with pytest.raises(MailboxProblem) as problem:
        list(serve(Mailbox(MESSAGES), **asked))
    assert kind in str(problem.value)
    for secret in (PASSWORD, quote(PASSWORD, safe=""), "wrong"):
        assert secret not in str(problem.value)


def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path):
    box = Mailbox(MESSAGES)
    with imap_server(box, tmp_path) as (port, _context), pytest.raises(MailboxProblem) as problem:
        list(on_server(address(port)))
    assert "SSLCertVerificationError" in str(problem.value)
    assert box.commands == []


@pytest.mark.parametrize("url", ["imaps://127.0.0.1:1/", "imaps://127.0.0.1:99999/", "imaps://[broken/"])
def test_an_address_that_leads_nowhere_is_said(url):
    with pytest.raises(MailboxProblem):
        list(on_server(url))


def box_of(kind, path, messages):
    box = kind(path, create=True)
    for message in messages:
        box.add(message)
    box.close()


def test_files_and_folders_are_read_and_left_as_they_are(tmp_path):
    box_of(formats.mbox, tmp_path / "mbox", [b"Subject: a\n\nFrom here\n", b"Subject: b\n\n\xff\n"])
    before = (tmp_path / "mbox").read_bytes()
    first, second = in_file(tmp_path / "mbox")
    assert (first[:10], second[:10]) == (b"Subject: a", b"Subject: b")
    assert (tmp_path / "mbox").read_bytes() == before
    box_of(formats.Maildir, tmp_path / "maildir", [b"Subject: a\n\na\n", b"Subject: b\n\nb\n"])
    files = sorted((tmp_path / "maildir").rglob("*"))
    assert sorted(in_folder(tmp_path / "maildir")) == [b"Subject: a\n\na\n", b"Subject: b\n\nb\n"]
    assert sorted((tmp_path / "maildir").rglob("*")) == files


def test_a_file_that_is_no_mailbox_holds_no_messages(tmp_path):
    (tmp_path / "picture").write_bytes(bytes(range(256)) * 100)
    assert list(in_file(tmp_path / "picture")) == []


def test_what_is_not_there_is_named(tmp_path):
    (tmp_path / "empty").mkdir()
    for messages in (in_file(tmp_path / "none"), in_folder(tmp_path / "none"), in_folder(tmp_path / "empty"),
                     in_file(tmp_path)):  # fmt: skip
        with pytest.raises(MailboxProblem, match=str(tmp_path)):
            list(messages)


def test_the_default_is_to_check_certificates():
    assert ssl.create_default_context().verify_mode == ssl.CERT_REQUIRED
