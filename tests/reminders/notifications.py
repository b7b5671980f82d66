"""Delivery status notifications as mail servers write them, for tests."""

OURS = "<rem.0123456789abcdef0123456789abcdef@learn.example.com>"

ORIGINAL = """\
--b1
Content-Type: {kind}

From: Five Rules <five-rules@example.com>
To: Ewa <ewa@example.com>
Message-ID: {message_id}
Subject: =?utf-8?q?Kurs?=
"""

NOTIFICATION = """\
Return-Path: <>
From: MAILER-DAEMON@mail.example.com (Mail Delivery System)
To: five-rules@example.com
Subject: Undelivered Mail Returned to Sender
Date: Mon, 1 Jun 2026 09:00:05 +0200
{own_id}MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b1"

--b1
Content-Type: text/plain; charset=us-ascii

I am sorry to have to inform you that your message could not be delivered.

--b1
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example.com
Arrival-Date: Mon, 1 Jun 2026 09:00:00 +0200
{about_mail}
{recipients}
{original}--b1--
"""


def recipient(
    address: str = "ewa@example.com",
    *,
    action: str = "failed",
    status: str = "5.1.1",
    said: str = "550 5.1.1 <ewa@example.com>: Recipient address rejected: User unknown",
) -> str:
    return (
        f"Final-Recipient: rfc822; {address}\nOriginal-Recipient: rfc822;{address}\nAction: {action}\n"
        f"Status: {status}\nDiagnostic-Code: smtp; {said}\n"
    )


def notification(
    *recipients: str,
    message_id: str = OURS,
    kind: str = "text/rfc822-headers",
    own_id: str = "<20260601070005.1@mail.example.com>",
    about_mail: str = "",
    original: bool = True,
) -> bytes:
    return NOTIFICATION.format(
        own_id=f"Message-ID: {own_id}\n" if own_id else "",
        about_mail=about_mail,
        recipients="\n".join(recipients or (recipient(),)),
        original=ORIGINAL.format(kind=kind, message_id=message_id) if original else "",
    ).encode()
