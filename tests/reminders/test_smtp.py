"""The bytes on the wire."""

import re
import socket

from hypothesis import given
from hypothesis import strategies as st

from reminders.smtp import MailServer, dotted
from tests.reminders.smtp_server import faulty_server


def test_the_final_dot_does_not_wait_for_the_body_to_be_confirmed():
    with faulty_server() as (_log, port):
        server = MailServer("127.0.0.1", port)
        assert server.connect().sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        server.close()


def test_bytes_that_are_no_ascii_arrive_too():
    """Past the point of no return only the connection may fail."""
    with faulty_server() as (log, port):
        server = MailServer("127.0.0.1", port)
        server.offer(sender="a@example.com", recipient="b@example.com")
        server.hand_over(
            b"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n\xc5\xbc\xc3\xb3\xc5\x82w\n"
        )
        server.close()
    assert log.mails[0].get_content() == "żółw\r\n"


@given(st.lists(st.sampled_from([b".", b"\r", b"\n", b"\r\n", b"x", b"\xff", b"\r\n.\r\n"])).map(b"".join))
def test_no_body_ends_early_and_each_arrives_as_it_was(content):
    wire = dotted(content)
    assert wire.endswith(b"\r\n")
    assert b"\r\n.\r\n" not in b"\r\n" + wire
    lines = [line.removeprefix(b".") for line in wire.split(b"\r\n")[:-1]]
    sent = re.split(rb"\r\n|\r|\n", content)
    assert lines == (sent[:-1] if sent[-1] == b"" and len(sent) > 1 else sent)
