"""Writing a log as Postfix does, for the tests of its reader."""

import datetime as dt
import gzip
import os
from collections.abc import Iterable
from pathlib import Path
from zoneinfo import ZoneInfo

WARSAW = ZoneInfo("Europe/Warsaw")
RFC, TRADITIONAL = "rfc", "traditional"


def stamp(at: dt.datetime, style: str, zone: dt.tzinfo = WARSAW) -> str:
    local = at.astimezone(zone)
    return local.isoformat() if style == RFC else f"{local:%b} {local.day:2} {local:%H:%M:%S}"


def line(at: dt.datetime, said: str, *, style: str = RFC, zone: dt.tzinfo = WARSAW, host: str = "mail") -> bytes:
    """`said` is `daemon: text`, such as `cleanup: 4F1A2B3C4D: message-id=<x@y>`."""
    daemon, _colon, text = said.partition(": ")
    return f"{stamp(at, style, zone)} {host} postfix/{daemon}[4711]: {text}\n".encode()


def body_comes_in(queue_id: str, message_id: str) -> list[str]:
    return [
        f"smtpd: {queue_id}: client=localhost[127.0.0.1]",
        f"cleanup: {queue_id}: message-id={message_id}",
    ]


def queued(queue_id: str) -> str:
    return f"qmgr: {queue_id}: from=<five-rules@example.com>, size=7341, nrcpt=1 (queue active)"


def delivered(queue_id: str, status: str = "sent", words: str = "250 2.0.0 Ok: queued as 9Z") -> str:
    return (
        f"smtp: {queue_id}: to=<ewa@example.com>, relay=mx.example.com[192.0.2.7]:25, delay=0.4, "
        f"delays=0.1/0/0.1/0.2, dsn=2.0.0, status={status} ({words})"
    )


def write(path: Path, lines: Iterable[bytes], *, written: dt.datetime | None = None) -> Path:
    """The file as the logger leaves it: written last at `written`, compressed if it is called .gz."""
    content = b"".join(lines)
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    if written:
        os.utime(path, (written.timestamp(), written.timestamp()))
    return path
