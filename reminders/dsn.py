"""Reading a delivery status notification (RFC 3464): what became of which mail, for which address. Pure, and made for
whatever lies in a mailbox."""

import email
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from itertools import islice
from typing import Any

from reminders.replies import status_in

STATUS_TYPES = frozenset({"message/delivery-status", "message/global-delivery-status"})
ORIGINAL_TYPES = frozenset({"message/rfc822", "message/global", "text/rfc822-headers", "message/global-headers"})
MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,250}>")
MOST_PARTS, MOST_BLOCKS, MOST_IDS = 50, 200, 20
LONGEST_DIAGNOSTIC = 500


@dataclass(frozen=True)
class Recipient:
    """`addresses`: the final one and, if told, the one the mail was first sent to. `action`: failed, delayed,
    delivered, relayed or expanded. `status`: such as 5.1.1, or empty."""

    addresses: tuple[str, ...]
    action: str
    status: str
    diagnostic: str


@dataclass(frozen=True)
class Report:
    """`key` is the same whenever the same notification is read again. `message_ids`: what it may be about, the surest
    first."""

    key: str
    message_ids: tuple[str, ...]
    recipients: tuple[Recipient, ...]


class Unreadable(Exception):
    """Too damaged for the standard library's parser."""


def read(content: bytes) -> Report | None:
    """None for anything that is not a delivery status notification. Raises Unreadable, and nothing else."""
    try:
        return _read(content)
    except Exception as error:  # such as ValueError, over a null character in the name of a charset
        raise Unreadable from error


def _read(content: bytes) -> Report | None:
    message = email.message_from_bytes(content)
    if message.get_content_maintype() != "multipart":
        return None
    parts = list(parts_of(message))
    status = next((part for part in parts if part.get_content_type() in STATUS_TYPES), None)
    if status is None:
        return None
    blocks = list(islice(blocks_of(status), MOST_BLOCKS))
    original = next((part for part in parts if part.get_content_type() in ORIGINAL_TYPES), None)
    return Report(
        key=key_of(message, content),
        message_ids=ids_in(headers_of(original) if original is not None else None, blocks, message),
        recipients=tuple(recipient_of(block) for block in blocks if "Final-Recipient" in block),
    )


def parts_of(message: Message) -> Iterator[Message]:
    """The parts of this message, but not of messages inside it: a notification that somebody forwards is not one."""
    waiting = [message]
    for _number in range(MOST_PARTS):
        if not waiting:
            return
        part = waiting.pop(0)
        yield part
        payload: Any = part.get_payload()
        if part.get_content_maintype() == "multipart" and isinstance(payload, list):
            waiting += payload


def blocks_of(part: Message) -> Iterator[Message]:
    """The groups of fields: first of the mail, then of each recipient. Parsers differ in how much they take apart."""
    payload: Any = part.get_payload()
    for block in payload if isinstance(payload, list) else [email.message_from_string(body_of(part))]:
        if block.keys():
            yield block
        rest = body_of(block)
        for group in re.split(r"\n(?:[ \t]*\n)+", rest) if rest.strip() else ():
            fields = email.message_from_string(group.lstrip("\n"))
            if fields.keys():
                yield fields


def headers_of(part: Message) -> Message | None:
    """Of the original mail, from itself or from its headers alone."""
    payload: Any = part.get_payload()
    if isinstance(payload, list):
        return payload[0] if payload else None
    return email.message_from_string(body_of(part).lstrip("\n"))


def body_of(part: Message) -> str:
    """The text of a part with the transfer encoding undone and plain line ends."""
    raw: Any = part.get_payload(decode=True)
    text = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else ""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def recipient_of(block: Message) -> Recipient:
    addresses = (value_in(block, name).strip("<>") for name in ("Final-Recipient", "Original-Recipient"))
    return Recipient(
        addresses=tuple(dict.fromkeys(address for address in addresses if address)),
        action=field(block, "Action").lower(),
        status=status_in(field(block, "Status")),
        diagnostic=value_in(block, "Diagnostic-Code")[:LONGEST_DIAGNOSTIC],
    )


def value_in(block: Message, name: str) -> str:
    """What follows the type, as in `rfc822; somebody@example.com` or `smtp; 550 no such user`; all, without a type."""
    words = field(block, name)
    return (words.partition(";")[2] or words).strip()


def ids_in(original: Message | None, blocks: list[Message], notification: Message) -> tuple[str, ...]:
    """Of the original mail. Where a notification comes without it, some servers name it in a field of their own, others
    answer to it."""
    places = [field(original, "Message-ID")] if original is not None else []
    places += [field(block, "X-Original-Message-ID") for block in blocks[:1]]
    places += [field(notification, name) for name in ("In-Reply-To", "References")]
    found = (name for place in places for name in MESSAGE_ID.findall(place))
    return tuple(dict.fromkeys(found))[:MOST_IDS]


def field(message: Message, name: str) -> str:
    """A header on one line, whatever is in it."""
    words = str(message.get(name, ""))
    return " ".join("".join(c if c.isprintable() else " " for c in words).split())


def key_of(message: Message, content: bytes) -> str:
    own = field(message, "Message-ID").encode("utf-8", "replace")
    return hashlib.sha256(own or content.replace(b"\r\n", b"\n")).hexdigest()
