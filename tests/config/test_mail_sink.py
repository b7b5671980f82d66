"""The local SMTP sink and the page that shows its mails."""

import smtplib
import socket
import sys
import time
from email.message import EmailMessage

from django.urls import reverse

import pytest
from aiosmtpd.smtp import Envelope

from config.embedded import mailsink, processes


def mail(to: str, subject: str = "Zostały 3 dni") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "Five Rules <five-rules@localhost>", to, subject
    message.set_content("Otwórz: http://127.0.0.1:8000/next\n")
    message.add_alternative(
        '<html><head></head><body><a href="http://127.0.0.1:8000/next">Otwórz</a></body></html>', "html"
    )
    return message


@pytest.fixture
def folder(settings, tmp_path):
    settings.MAIL_SINK_DIR = str(tmp_path)
    return tmp_path


@pytest.fixture
def keep(folder):
    store = mailsink.Store(folder)

    def keeper(message: EmailMessage, *recipients: str) -> str:
        envelope = Envelope()
        envelope.mail_from = "five-rules@localhost"
        envelope.rcpt_tos = list(recipients) or [message["To"]]
        envelope.content = message.as_bytes()
        return store.keep(envelope).stem

    return keeper


def test_a_mail_sent_by_smtp_is_on_the_page(client, folder):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port, descriptor = listener.getsockname()[1], listener.fileno()
        command = [sys.executable, "-m", "config.embedded.mailsink", str(descriptor), folder]
        sink = processes.start("sink", command, folder / "sink.log", descriptors=[descriptor])
    try:
        with smtplib.SMTP("127.0.0.1", port, timeout=20) as connection:
            connection.send_message(mail("zofia@example.com"), to_addrs=["zofia@example.com", "hidden@example.com"])
    finally:
        sink.stop()
    page = client.get(reverse("dev_mail_list"))
    assert "Zostały 3 dni" in page.content.decode()
    detail = client.get(reverse("dev_mail_detail", args=[page.context["mails"][0]["id"]])).content.decode()
    assert "hidden@example.com" in detail
    assert '<a href="http://127.0.0.1:8000/next"' in detail
    assert "<iframe" in detail


def test_the_newest_is_first_and_a_recipient_can_be_looked_for(client, keep):
    keep(mail("zofia@example.com", "first"))
    keep(mail("adam@example.com", "second"))
    keep(mail("list@example.com", "third"), "Zofia@example.com")
    url = reverse("dev_mail_list")
    assert [m["subject"] for m in client.get(url).context["mails"]] == ["third", "second", "first"]
    assert [m["subject"] for m in client.get(url, {"to": "zofia@"}).context["mails"]] == ["third", "first"]


def test_the_html_part_can_run_nothing_and_load_nothing_from_elsewhere(client, keep):
    response = client.get(reverse("dev_mail_html", args=[keep(mail("a@example.com"))]))
    policy = response["Content-Security-Policy"]
    assert policy.startswith("sandbox allow-popups ")
    assert "default-src 'none'" in policy
    assert "script" not in policy
    assert response["X-Frame-Options"] == "SAMEORIGIN"
    assert b'<base target="_blank">' in response.content


@pytest.mark.parametrize("mail_id", ["..%2Fsecret", "20260101T000000.000000-000000", "x"])
def test_nothing_else_can_be_read(client, folder, mail_id):
    (folder.parent / "secret.eml").write_text("Subject: secret\n\n")
    assert client.get(f"/dev/mail/{mail_id}/").status_code == 404


def test_there_is_no_such_page_without_a_sink(client, settings):
    settings.MAIL_SINK_DIR = ""
    for name, arguments in (("dev_mail_list", []), ("dev_mail_detail", ["x"]), ("dev_mail_html", ["x"])):
        assert client.get(reverse(name, args=arguments)).status_code == 404


def test_old_mails_make_room_for_new_ones(keep, folder, monkeypatch):
    monkeypatch.setattr(mailsink, "KEPT", 2)
    names = []
    for number in range(3):
        names.append(keep(mail("a@example.com", f"number {number}")))
        time.sleep(0.001)
    assert sorted(path.stem for path in folder.iterdir()) == names[1:]
