"""A mail server with faults, chosen per connection or per mail, that logs every mail it took responsibility for."""

import asyncio
import email
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.policy import default

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

Behaviour = str
"""ok, 4yz, 5yz, 4yz-after-dot, 5yz-after-dot, drop-before-data, accept-then-drop, slow-accept, drop-at-greeting"""


class FaultyServer(SMTP):
    handler: "MailLog"

    async def smtp_RCPT(self, arg: str) -> None:  # noqa: N802 - aiosmtpd's name
        behaviour = self.event_handler.next_behaviour()
        self.event_handler.current = behaviour
        if behaviour == "4yz":
            await self.push("451 4.3.0 come back later")
        elif behaviour == "5yz":
            await self.push("550 5.1.1 no such mailbox")
        else:
            await super().smtp_RCPT(arg)

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 - aiosmtpd's name
        if self.event_handler.current == "drop-before-data":
            self.transport.abort()
            return
        await super().smtp_DATA(arg)


class MailLog:
    def __init__(self, behaviours: list[Behaviour], *, slow_seconds: float) -> None:
        self.behaviours = list(behaviours)
        self.slow_seconds = slow_seconds
        self.current: Behaviour = "ok"
        self.mails: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.sessions = 0
        self.on_data: Callable[[], None] = lambda: None

    def next_behaviour(self) -> Behaviour:
        return self.behaviours.pop(0) if self.behaviours else "ok"

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        self.sessions += 1
        return "221 2.0.0 bye"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        if self.current == "4yz-after-dot":
            return "452 4.2.2 mailbox full"
        if self.current == "5yz-after-dot":
            return "554 5.7.1 not wanted"
        assert isinstance(envelope.content, bytes)
        self.mails.append(email.message_from_bytes(envelope.content, policy=default))  # type: ignore[arg-type]
        self.recipients += envelope.rcpt_tos
        if self.current == "slow-accept":
            await asyncio.sleep(self.slow_seconds)
        if self.current == "accept-then-drop":
            server.transport.abort()
        return "250 2.0.0 queued as TEST1"

    @property
    def copies(self) -> Counter[str]:
        return Counter(mail["Message-ID"] for mail in self.mails)


class FaultyController(Controller):
    def factory(self) -> SMTP:
        return FaultyServer(self.handler, hostname="mail.example.com", enable_SMTPUTF8=False)

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def faulty_server(*behaviours: Behaviour, slow_seconds: float = 1.0) -> Iterator[tuple[MailLog, int]]:
    log = MailLog(list(behaviours), slow_seconds=slow_seconds)
    controller = FaultyController(log, hostname="127.0.0.1", port=0)
    controller.start()
    try:
        yield log, controller.port
    finally:
        controller.stop()
