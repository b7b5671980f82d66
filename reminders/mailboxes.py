"""Where notifications are read from: a file, a folder of files, or a mailbox on a server. Nothing is ever deleted."""

import imaplib
import mailbox
import ssl
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

LARGEST = 1_000_000
"""Bytes read of one message: a notification says what it has to say at its beginning."""
PATIENCE_SECONDS = 30
PORTS = {"imaps": 993, "imap+tls": 143}


class MailboxProblem(Exception):
    """It cannot be read; says why, without credentials."""


def in_file(path: Path) -> Iterator[bytes]:
    """The messages of an mbox file. It is only read: the next time it gives the same ones again."""
    return _in_box(lambda: mailbox.mbox(path, create=False), path)


def in_folder(path: Path) -> Iterator[bytes]:
    """The messages of a maildir. It is only read, too."""
    return _in_box(lambda: mailbox.Maildir(path, create=False), path)


def _in_box(opened: Callable[[], mailbox.Mailbox[Any]], path: Path) -> Iterator[bytes]:
    try:
        with closing(opened()) as box:
            for key in box.iterkeys():
                with closing(box.get_file(key)) as file:
                    content = file.read(LARGEST)
                yield content
    except (OSError, mailbox.Error) as error:
        raise MailboxProblem(f"{path} cannot be read as a mailbox: {type(error).__name__}.") from error


def on_server(url: str, *, context: ssl.SSLContext | None = None) -> Iterator[bytes]:
    """The unread messages of an IMAP folder, over TLS. Whoever asks for the next one has dealt with the one before:
    only then is that marked as read, so after a crash in the middle the next run begins where this one stopped."""
    try:
        address = urlsplit(url)
        imap = _signed_in(address, context or ssl.create_default_context())
        try:
            _answer(imap.select(_quoted(unquote(address.path.strip("/")) or "INBOX")))
            for uid in (_answer(imap.uid("SEARCH", "UNSEEN"))[0] or b"").decode().split():
                parts = _answer(imap.uid("FETCH", uid, f"(BODY.PEEK[]<0.{LARGEST}>)"))
                yield from [part[1] for part in parts if isinstance(part, tuple)][:1]
                _answer(imap.uid("STORE", uid, "+FLAGS.SILENT", r"(\Seen)"))
        finally:
            with suppress(OSError, imaplib.IMAP4.error):
                imap.logout()
            with suppress(OSError):
                imap.shutdown()
    except (OSError, ValueError, imaplib.IMAP4.error) as error:
        kind = type(error).__name__
        raise MailboxProblem(f"The mailbox of BOUNCE_IMAP_URL cannot be read: {kind}: {error}") from error


def _signed_in(address: SplitResult, context: ssl.SSLContext) -> imaplib.IMAP4:
    host, port = address.hostname or "localhost", address.port or PORTS[address.scheme]
    if address.scheme == "imaps":
        imap: imaplib.IMAP4 = imaplib.IMAP4_SSL(host, port, ssl_context=context, timeout=PATIENCE_SECONDS)
    else:
        imap = imaplib.IMAP4(host, port, timeout=PATIENCE_SECONDS)
    try:
        if address.scheme == "imap+tls":
            imap.starttls(context)
        imap.login(unquote(address.username or ""), unquote(address.password or ""))
    except BaseException:
        imap.shutdown()
        raise
    return imap


def _quoted(folder: str) -> str:
    return '"' + folder.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _answer(reply: tuple[str, list[Any]]) -> list[Any]:
    """What the server answered. Raises for a refusal."""
    status, data = reply
    if status != "OK":
        raise imaplib.IMAP4.error(f"{status} {data!r}"[:200])
    return data
