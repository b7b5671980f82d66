"""Notifications as servers write them, as they ought not to, and as nobody ever meant them."""

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reminders.dsn import Report, Unreadable, read
from reminders.replies import is_about_the_address
from tests.reminders.notifications import OURS, notification, recipient


def only(report):
    (found,) = report.recipients
    return found


@pytest.mark.parametrize("kind", ["text/rfc822-headers", "message/rfc822", "Message/RFC822"])
def test_a_notification_tells_which_mail_came_back_from_whom_and_why(kind):
    report = read(notification(kind=kind))
    assert report.message_ids == (OURS,)
    found = only(report)
    assert found.addresses == ("ewa@example.com",)
    assert (found.action, found.status) == ("failed", "5.1.1")
    assert found.diagnostic == "550 5.1.1 <ewa@example.com>: Recipient address rejected: User unknown"


def test_names_of_headers_and_actions_in_any_case_count():
    content = notification().replace(b"Final-Recipient: rfc822", b"FINAL-recipient: RFC822")
    content = content.replace(b"Action: failed", b"action: FAILED").replace(b"Message-ID: <rem", b"MESSAGE-Id: <rem")
    report = read(content.replace(b"message/delivery-status", b"MESSAGE/Delivery-Status"))
    assert report.message_ids == (OURS,)
    assert (only(report).addresses, only(report).action) == (("ewa@example.com",), "failed")


def test_folded_headers_are_one_line():
    content = notification(recipient(said="550 5.1.1 User\n    unknown\n\there"))
    content = content.replace(b"Final-Recipient: rfc822;", b"Final-Recipient:\n rfc822;\n  ")
    content = content.replace(b"Message-ID: <rem", b"Message-ID:\n\t<rem")
    report = read(content)
    assert report.message_ids == (OURS,)
    assert only(report).addresses == ("ewa@example.com",)
    assert only(report).diagnostic == "550 5.1.1 User unknown here"


def test_line_ends_of_the_wire_change_nothing():
    assert read(notification().replace(b"\n", b"\r\n")) == read(notification())


def test_each_recipient_has_its_own_outcome():
    report = read(
        notification(
            recipient("a@example.com", action="failed", status="5.2.2"),
            recipient("b@example.com", action="delayed", status="4.4.1"),
            recipient("c@example.com", action="delivered", status="2.1.5"),
            recipient("d@example.com", action="relayed", status="2.0.0"),
        )
    )
    assert [(found.addresses[0][0], found.action, found.status) for found in report.recipients] == [
        ("a", "failed", "5.2.2"), ("b", "delayed", "4.4.1"), ("c", "delivered", "2.1.5"), ("d", "relayed", "2.0.0"),
    ]  # fmt: skip


def test_an_address_that_was_forwarded_is_known_by_both_names():
    content = notification().replace(
        b"Final-Recipient: rfc822; ewa@example.com", b"Final-Recipient: rfc822; e@home.net"
    )
    assert only(read(content)).addresses == ("e@home.net", "ewa@example.com")


def test_bytes_of_an_unknown_charset_do_no_harm():
    content = notification(recipient(said="550 5.1.1 nie ma")).replace(b"nie ma", b"nie\xb3 ma \xff\x00")
    report = read(content.replace(b"could not be delivered", b"\x80\x81\xfe"))
    assert report.message_ids == (OURS,)
    assert only(report).diagnostic.startswith("550 5.1.1 nie")
    assert "\x00" not in only(report).diagnostic


def test_headers_in_base64_are_read():
    headers = base64.encodebytes(f"Message-ID: {OURS}\n".encode()).decode()
    content = notification(original=False).replace(
        b"--b1--",
        f"--b1\nContent-Type: text/rfc822-headers\nContent-Transfer-Encoding: base64\n\n{headers}--b1--".encode(),
    )
    assert read(content).message_ids == (OURS,)


@pytest.mark.parametrize("name", ["In-Reply-To", "References"])
def test_without_the_original_headers_the_mail_it_answers_to_is_meant(name):
    content = notification(original=False)
    assert read(content).message_ids == ()
    assert read(f"{name}: <other@x> {OURS}\n".encode() + content).message_ids == ("<other@x>", OURS)


def test_without_the_original_headers_a_field_of_the_server_names_the_mail():
    report = read(notification(original=False, about_mail=f"X-Original-Message-ID: {OURS}\n"))
    assert report.message_ids == (OURS,)
    assert only(report).action == "failed"


def test_a_server_that_leaves_out_the_blank_lines_is_understood():
    content = notification(recipient("a@example.com")).replace(b"+0200\n\n\nFinal", b"+0200\nFinal")
    assert only(read(content)).addresses == ("a@example.com",)


def test_a_notification_inside_a_mailing_list_s_footer_is_read():
    inner = notification()
    wrapped = b'Message-ID: <x@y>\nContent-Type: multipart/mixed; boundary="b0"\n\n--b0\n' + inner + b"\n--b0--\n"
    assert read(wrapped).message_ids == (OURS,)


def test_a_notification_that_somebody_forwards_is_not_one():
    forwarded = b'Content-Type: multipart/mixed; boundary="b0"\n\n--b0\nContent-Type: message/rfc822\n\n'
    assert read(forwarded + notification() + b"\n--b0--\n") is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n\n",
        b"Subject: Lunch?\n\nAt one?\n",
        b"Content-Type: multipart/report; report-type=disposition-notification; boundary=x\n\n--x\n"
        b"Content-Type: message/disposition-notification\n\nFinal-Recipient: rfc822; ewa@example.com\n--x--\n",
        b"Content-Type: message/delivery-status\n\nFinal-Recipient: rfc822; ewa@example.com\nAction: failed\n",
        b'Content-Type: multipart/report; report-type=delivery-status; boundary="nowhere"\n\nno parts\n',
    ],
)
def test_other_mail_is_no_notification(content):
    assert read(content) is None


def test_the_same_notification_has_the_same_key_however_it_was_stored():
    again = b"Status: RO\n" + notification().replace(b"\n", b"\r\n")
    assert read(again).key == read(notification()).key
    assert read(notification(own_id="<2@mail.example.com>")).key != read(notification()).key
    nameless = notification(own_id="")
    assert read(nameless).key == read(nameless.replace(b"\n", b"\r\n")).key != read(notification()).key


def test_the_size_of_a_report_is_bounded():
    many = notification(*[recipient(f"p{n}@example.com", said="x" * 2000) for n in range(1000)])
    report = read(b"References: " + b" ".join(b"<%d@x>" % n for n in range(1000)) + b"\n" + many)
    assert len(report.recipients) <= 200
    assert len(report.message_ids) <= 20
    assert max(len(found.diagnostic) for found in report.recipients) == 500


PIECES = notification(recipient(), recipient("b@example.com")).splitlines(keepends=True)
LINES = st.sampled_from(PIECES) | st.binary(max_size=30) | st.sampled_from([
    b"Content-Type: message/delivery-status\n", b"Content-Type: multipart/report; boundary=b1\n", b"--b1\n",
    b"--b1--\n", b"Content-Transfer-Encoding: base64\n", b"Content-Type: message/rfc822\n", b"\n", b"\xff\xfe: \x00\n",
    b"Content-Type: text/rfc822-headers; charset=\"utf-7\"; boundary*0*=x''%FF\n", b"Content-Type: multipart/digest\n",
    "Final-Recipient: utf-8; żółw@example.com\n".encode(),
])  # fmt: skip


def assert_readable(content):
    """A report that a database can take, nothing, or the one error."""
    try:
        report = read(content)
    except Unreadable:
        return
    assert report is None or isinstance(report, Report)
    for found in report.recipients if report else ():
        words = "".join([*found.addresses, found.action, found.status, found.diagnostic])
        assert b"\x00" not in words.encode()


def test_what_the_library_cannot_parse_has_one_error():
    content = notification().replace(b"text/rfc822-headers", b'text/rfc822-headers; charset="x\x00y"\nX: \xff')
    with pytest.raises(Unreadable):
        read(content.replace(b"Subject: =?utf-8?q?Kurs?=", b"\xff\n\n\xff"))


@settings(max_examples=500, deadline=None)
@given(st.lists(LINES, max_size=60), st.booleans())
def test_nothing_in_a_mailbox_stops_the_reader(lines, whole):
    assert_readable(notification()[:400] + b"".join(lines) if whole else b"".join(lines))


@settings(max_examples=500, deadline=None)
@given(st.data())
def test_no_single_damage_stops_the_reader(data):
    content = bytearray(notification(recipient(), recipient("b@example.com"), kind="message/rfc822"))
    for _time in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    assert_readable(bytes(content))


@pytest.mark.parametrize(
    ("reply", "in_doubt", "expected"),
    [
        ("550 5.1.1 no such user", True, True),
        ("550 5.1.1 no such user", False, True),
        ("554 5.1.10 recipient null MX", True, True),
        ("550 5.2.1 mailbox disabled", True, True),
        ("552 5.2.2 mailbox full", True, True),
        ("550 5.4.1 Recipient address rejected: Access denied", True, True),
        ("550 5.1.8 sender's domain not found", True, False),
        ("553 5.1.7 sender's syntax", True, False),
        ("552 5.2.3 message too long", True, False),
        ("554 5.7.1 Service unavailable; client host blocked", True, False),
        ("550 5.7.26 unauthenticated mail from this domain", True, False),
        ("552 5.3.4 message too big", True, False),
        ("550 5.6.0 content", True, False),
        ("550 no such mailbox here", True, True),
        ("550 5.0.0 no such mailbox here", True, True),
        ("550 no such mailbox here", False, False),
        ("554 transaction failed", True, False),
        ("550 relay not permitted", True, False),
        ("550 5.7.1 relaying denied", True, False),
        ("550 blocked by policy", True, False),
        ("503 valid RCPT command must precede DATA", True, False),
        ("451 4.1.1 come back later", True, False),
        ("550 corporate mailbox unknown", True, True),
    ],
)
def test_a_refusal_marks_an_address_only_when_it_is_about_the_address(reply, in_doubt, expected):
    assert is_about_the_address(reply, in_doubt=in_doubt) is expected


@pytest.mark.parametrize(
    ("status", "words", "expected"),
    [
        ("5.1.1", "", True),
        ("5.0.0", "", True),
        ("5.0.0", "550 5.7.1 content rejected", False),
        ("5.0.0", "550 5.1.1 unknown", True),
        ("5.7.1", "550 5.1.1 unknown", False),
        ("5.0.0", "550 listed as spam", False),
        ("4.4.7", "delivery time expired", False),
        ("", "550 user unknown", True),
        ("", "", False),
    ],
)
def test_a_notification_s_status_counts_before_its_words(status, words, expected):
    assert is_about_the_address(words, status=status, in_doubt=True) is expected
