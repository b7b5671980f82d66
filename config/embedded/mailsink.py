"""A local SMTP server that keeps every mail and delivers none: `python -m config.embedded.mailsink FD FOLDER`.

The socket is inherited, so that its port is known beforehand. Each mail is a file; names sort by time of arrival.
Only the newest `KEPT` mails stay.
"""

import asyncio
import itertools
import os
import signal
import socket
import sys
from datetime import UTC, datetime
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

KEPT = 2000
LARGEST = 20 * 1024 * 1024


class Store:
    """Writes each accepted message to a file of its own, complete or not at all."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.numbers = itertools.count()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for unfinished in folder.glob("*.part"):
            unfinished.unlink()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        try:
            self.keep(envelope)
        except OSError as error:
            return f"452 not stored: {error.strerror}"
        return "250 stored"

    def keep(self, envelope: Envelope) -> Path:
        """Adds the envelope as headers: a blind copy is seen there only."""
        moment = datetime.now(UTC)
        name = f"{moment:%Y%m%dT%H%M%S.%f}-{next(self.numbers):06d}"
        head = f"X-Envelope-From: {envelope.mail_from}\r\nX-Envelope-To: {', '.join(envelope.rcpt_tos)}\r\n"
        content = envelope.content or b""
        body = content if isinstance(content, bytes) else content.encode()
        draft = self.folder / f"{name}.part"
        draft.write_bytes(head.encode("utf-8") + body)
        final = draft.with_suffix(".eml")
        draft.rename(final)
        for old in sorted(self.folder.glob("*.eml"))[:-KEPT]:
            old.unlink(missing_ok=True)
        return final


async def serve(listener: socket.socket, folder: Path) -> None:
    store = Store(folder)
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    server = await loop.create_server(
        lambda: SMTP(store, data_size_limit=LARGEST, enable_SMTPUTF8=True, hostname="localhost"), sock=listener
    )
    async with server:
        await stopped.wait()


if __name__ == "__main__":
    asyncio.run(serve(socket.socket(fileno=int(sys.argv[1])), Path(os.fsdecode(sys.argv[2]))))
