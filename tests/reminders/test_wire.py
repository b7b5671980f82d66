"""The bytes of a mail, read back by a parser that is not ours."""

import email
from email.policy import default

from hypothesis import given
from hypothesis import strategies as st

from reminders import wire
from reminders.letters import Letter
from reminders.wording import one_line
from tests.factories import NOW
from tests.reminders.writing import name_in

VISIBLE = st.text(max_size=200).map(one_line)
LINES = st.text(st.characters(exclude_characters="\r", exclude_categories=["Cs"]), max_size=400)


def parsed(name="Ewa", subject="x", text="x\n", html="<p>x</p>\n", calendar=""):
    headers = [("To", wire.mailbox(name, "a@example.com")), ("Subject", wire.header(subject))]
    content = wire.message(headers, Letter(subject, text, html, calendar), now=NOW)
    assert content.isascii()
    assert max(map(len, content.split(b"\r\n"))) <= 78
    assert b"\n" not in content.replace(b"\r\n", b"")
    return content


@given(name=VISIBLE, subject=VISIBLE)
def test_any_name_and_any_subject_come_back_as_one_header_each(name, subject):
    content = parsed(name=name, subject=subject)
    mail = email.message_from_bytes(content, policy=default)
    assert mail.keys() == ["To", "Subject", "Date", "MIME-Version", "Content-Type"]
    assert mail["Subject"] == subject
    assert [address.addr_spec for address in mail["To"].addresses] == ["a@example.com"]
    assert name_in(email.message_from_bytes(content)["To"]) == name


@given(text=LINES, html=LINES, calendar=LINES)
def test_any_text_comes_back_as_it_was(text, html, calendar):
    mail = email.message_from_bytes(parsed(text=text, html=html, calendar=calendar), policy=default)
    got = [part.get_payload(decode=True).decode() for part in mail.walk() if not part.is_multipart()]
    given_ = [text, html, calendar] if calendar else [text, html]
    assert got == [words.replace("\n", "\r\n") for words in given_]


def test_the_alternatives_stand_inside_and_the_calendar_beside_them():
    mail = email.message_from_bytes(parsed(calendar="BEGIN:VCALENDAR\n"), policy=default)
    assert [part.get_content_type() for part in mail.walk()] == [
        *("multipart/mixed", "multipart/alternative", "text/plain", "text/html", "text/calendar")
    ]
    [attached] = mail.iter_attachments()
    assert (attached.get_filename(), attached.get_param("method")) == ("five-rules.ics", "PUBLISH")
    assert mail["Date"].datetime == NOW


def test_what_stands_in_a_text_cannot_end_its_part():
    text = f"--{wire.BOUNDARY}--\n\n--{wire.OUTER_BOUNDARY}\nContent-Type: text/html\n\n<b>x</b>\n.\nFrom me\n"
    mail = email.message_from_bytes(parsed(text=text), policy=default)
    assert len(list(mail.walk())) == 3
    assert mail.get_body(("plain",)).get_content().replace("\r\n", "\n") == text
