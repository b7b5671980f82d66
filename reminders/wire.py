"""A mail as bytes: headers and parts of our own shape, encoded by C code where Python's mail package takes its time.

Nothing here decides what a mail says. Every value fits one header, whatever is in it.
"""

import binascii
import datetime as dt
from collections.abc import Iterable
from email.utils import format_datetime

from reminders.letters import Letter

SHORT = 60
WORD_BYTES = 39
BOUNDARY, OUTER_BOUNDARY = "=_words", "=_attached"
"""Neither can occur in quoted-printable text (RFC 2045, 6.7)."""


def header(words: str) -> str:
    """Unstructured text (a subject) as it stands in a header: short ASCII as it is, all else in encoded words."""
    return words if _is_plain(words) else _encoded(words)


def mailbox(name: str, address: str) -> str:
    """`name <address>`; the address is ASCII already."""
    if not name:
        return f"<{address}>"
    if _is_plain(name):
        escaped = name.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}" <{address}>'
    return f"{_encoded(name)}\r\n <{address}>"


def _is_plain(words: str) -> bool:
    return len(words) <= SHORT and words.isascii() and words.isprintable() and "=?" not in words


def _encoded(words: str) -> str:
    """RFC 2047: UTF-8 in base64, one word a line, no character cut in two."""
    rest, pieces = words.encode("utf-8", "replace"), []
    while rest:
        cut = min(WORD_BYTES, len(rest))
        while cut < len(rest) and rest[cut] & 0xC0 == 0x80:
            cut -= 1
        pieces.append(f"=?utf-8?b?{binascii.b2a_base64(rest[:cut], newline=False).decode()}?=")
        rest = rest[cut:]
    return "\r\n ".join(pieces)


def message(headers: Iterable[tuple[str, str]], written: Letter, *, now: dt.datetime) -> bytes:
    """`headers` are written already (see `header` and `mailbox`)."""
    top = [f"{name}: {value}" for name, value in headers]
    top += [f"Date: {format_datetime(now)}", "MIME-Version: 1.0"]
    both = (
        f'Content-Type: multipart/alternative; boundary="{BOUNDARY}"\r\n\r\n'.encode()
        + _part(BOUNDARY, 'text/plain; charset="utf-8"', written.text)
        + _part(BOUNDARY, 'text/html; charset="utf-8"', written.html)
        + f"--{BOUNDARY}--\r\n".encode()
    )
    if written.calendar:
        name = 'Content-Disposition: attachment; filename="five-rules.ics"'
        kind = f'text/calendar; charset="utf-8"; method=PUBLISH\r\n{name}'
        both = (
            f'Content-Type: multipart/mixed; boundary="{OUTER_BOUNDARY}"\r\n\r\n--{OUTER_BOUNDARY}\r\n'.encode()
            + both
            + _part(OUTER_BOUNDARY, kind, written.calendar)
            + f"--{OUTER_BOUNDARY}--\r\n".encode()
        )
    return "\r\n".join(top).encode("ascii") + b"\r\n" + both


def _part(boundary: str, kind: str, words: str) -> bytes:
    head = f"--{boundary}\r\nContent-Type: {kind}\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    body = binascii.b2a_qp(words.encode("utf-8", "replace"), istext=True)
    return head.encode() + body.replace(b"\n", b"\r\n") + b"\r\n"
