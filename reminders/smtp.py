"""One mail at a time to the mail server, in two halves with a point of no return between them.

`offer` goes up to the server's 354; whatever fails there, nothing was sent and it may be tried again. `hand_over` sends
the body and the final dot: only the answer to the dot says what became of the mail, and it may take minutes
(RFC 5321, 4.5.3.2.6), so that one answer is waited for much longer than anything else.
"""

import re
import smtplib
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.core.mail.utils import DNS_NAME

COMMAND_SECONDS = settings.REMINDER_TIMING.command.total_seconds()
VERDICT_SECONDS = settings.REMINDER_TIMING.verdict.total_seconds()


class NotSent(Exception):
    """Provably not accepted. `refused`: for good; `to_recipient`: as the answer to the recipient's address. `broken`:
    the connection or the server failed, not this mail."""

    def __init__(self, reply: str, *, refused: bool = False, to_recipient: bool = False, broken: bool = False) -> None:
        super().__init__(reply)
        self.reply = reply
        self.refused = refused
        self.to_recipient = to_recipient
        self.broken = broken


class Doubt(Exception):
    """The final dot went out and no answer came back: accepted or not, nobody knows."""


@dataclass
class MailServer:
    """A connection that is opened when needed and kept for the mails of one run."""

    host: str
    port: int
    user: str = ""
    password: str = ""
    starttls: bool = False
    tls: bool = False
    command_seconds: float = COMMAND_SECONDS
    verdict_seconds: float = VERDICT_SECONDS
    smtp: smtplib.SMTP | None = None
    before_connecting: Callable[[], None] = lambda: None

    @classmethod
    def from_settings(cls) -> "MailServer":
        return cls(
            host=settings.EMAIL_HOST,
            port=settings.EMAIL_PORT,
            user=settings.EMAIL_HOST_USER,
            password=settings.EMAIL_HOST_PASSWORD,
            starttls=settings.EMAIL_USE_TLS,
            tls=settings.EMAIL_USE_SSL,
        )

    def connect(self) -> smtplib.SMTP:
        """The open connection, ready for a mail. Raises NotSent(broken=True), as `before_connecting` may."""
        if self.smtp is None:
            self.before_connecting()
            try:
                self.smtp = self._open()
            except (OSError, smtplib.SMTPException) as error:
                raise NotSent(described(error), broken=True) from error
        return self.smtp

    def _open(self) -> smtplib.SMTP:
        name = DNS_NAME.get_fqdn()
        if self.tls:
            context = ssl.create_default_context()
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(
                self.host, self.port, name, timeout=self.command_seconds, context=context
            )
        else:
            smtp = smtplib.SMTP(self.host, self.port, name, timeout=self.command_seconds)
        try:
            assert smtp.sock is not None
            # Else the kernel holds the dot back, about 40 ms a mail, until the server has confirmed the body.
            smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            smtp.ehlo_or_helo_if_needed()
            if self.starttls:
                smtp.starttls(context=ssl.create_default_context())
                smtp.ehlo_or_helo_if_needed()
            if self.user:
                smtp.login(self.user, self.password)
        except BaseException:
            smtp.close()
            raise
        return smtp

    def offer(self, *, sender: str, recipient: str) -> None:
        """MAIL, RCPT and DATA up to the server's 354. Raises NotSent."""
        kept = self.smtp is not None
        try:
            self._offer(sender, recipient)
        except NotSent as error:
            if not (kept and error.broken):
                raise
            self._offer(sender, recipient)  # a kept connection may have been closed by the server meanwhile

    def _offer(self, sender: str, recipient: str) -> None:
        smtp = self.connect()
        try:
            code, reply = smtp.mail(sender)
            if code != 250:
                raise NotSent(text_of(code, reply), broken=True)
            code, reply = smtp.rcpt(recipient)
            to_recipient = code not in (250, 251)
            if not to_recipient:
                smtp.putcmd("data")
                code, reply = smtp.getreply()
                if code == 354:
                    return
            if code == 421:
                raise NotSent(text_of(code, reply), broken=True)
            smtp.rset()
        except NotSent:
            self.abandon()
            raise
        except (OSError, smtplib.SMTPException) as error:
            self.abandon()
            raise NotSent(described(error), broken=True) from error
        except ValueError as error:  # an address that SMTP has no way to write
            self.abandon()
            raise NotSent("the address cannot be written in SMTP", refused=True) from error
        raise NotSent(text_of(code, reply), refused=code >= 500, to_recipient=to_recipient)

    def hand_over(self, content: bytes) -> str:
        """Body, final dot, and the answer to it. Raises NotSent or Doubt; the caller has recorded the attempt."""
        smtp = self.connect()
        try:
            smtp.send(dotted(content))
        except (OSError, smtplib.SMTPException) as error:
            self.abandon()
            raise NotSent(described(error), broken=True) from error
        try:
            assert smtp.sock is not None
            smtp.sock.settimeout(self.verdict_seconds)
            smtp.send(b".\r\n")
            code, reply = smtp.getreply()
            smtp.sock.settimeout(self.command_seconds)
        except (OSError, smtplib.SMTPException) as error:
            self.abandon()
            raise Doubt(described(error)) from error
        answer = text_of(code, reply)
        if 200 <= code < 300:
            return answer
        self.abandon()
        if 400 <= code < 600:
            raise NotSent(answer, refused=code >= 500)
        raise Doubt(answer)

    def abandon(self) -> None:
        """Drop the connection as it is: without the dot the server must forget the mail."""
        if self.smtp is not None:
            self.smtp.close()
            self.smtp = None

    def close(self) -> None:
        if self.smtp is not None:
            try:
                self.smtp.quit()
            except (OSError, smtplib.SMTPException):
                self.smtp.close()
            self.smtp = None


def dotted(content: bytes) -> bytes:
    """As it goes over the wire: lines end in CR LF, and one that begins with a dot gets another. It takes any bytes:
    past the point of no return nothing may fail but the connection."""
    lines = re.sub(rb"\r\n|\r|\n", b"\r\n", content)
    return re.sub(rb"(?m)^\.", b"..", lines if lines.endswith(b"\r\n") else lines + b"\r\n")


def text_of(code: int, reply: bytes | str) -> str:
    words = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
    return "".join(c if c.isprintable() else " " for c in f"{code} {words}")[:500]


def described(error: Exception) -> str:
    """The server's words when it said something, else the kind of failure. Never shown in logs."""
    if isinstance(error, smtplib.SMTPResponseException):
        return text_of(error.smtp_code, error.smtp_error)
    return f"{type(error).__name__}: {error}"[:500]
