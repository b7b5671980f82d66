"""Reading Postfix's log: was a mail with this Message-ID taken into the queue?

The line of `cleanup` that names a Message-ID proves nothing: it is written while the body comes in, and the sender may
have gone before the final dot. Accepted is what the queue manager took (`queue active`) or what was delivered, deferred
or bounced (`status=`). Not accepted is what a log without gaps does not have from before the final dot until after the
quarantine; a damaged line that names the mail, lines that were dropped, or a start of Postfix meanwhile (a crash may
have cost the last lines) are such gaps.
"""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from reminders.log_files import BAD_FILE, STAMP, Part, machine_zone, opened
from reminders.mail_log import Fate, Finding, Span

LINE = re.compile(rb"(?:<\d+>)?(" + STAMP + rb") +\S+ +(?:\S+/([\w-]+)\[\d+\]: (.*)|(.*))", re.DOTALL)
MESSAGE_ID = re.compile(rb"message-id=(<[^>]*>)")
QUEUED = re.compile(rb"from=<.*>, size=\d+, nrcpt=\d+ \(queue active\)")
STATUS = re.compile(rb"(?:to|from)=<.*?>,.*? status=(\w+)(.*)", re.DOTALL)
REJECTED = re.compile(rb"(?:milter-)?reject: .*: (?:5\d\d )?(5\.\d+\.\d+ .*)", re.DOTALL)
SET_ASIDE = re.compile(rb"(?:milter-)?(?:hold|discard): ")
DROPPED = re.compile(rb"rate-limiting|(?:lost|[Ss]uppressed|[Mm]issed) \d+ (?:\w+ )?messages")
WORDS = re.compile(rb"<[^<>\s]+>|[0-9A-Za-z]{6,}")
MOST_GAPS = 1000
CLOCK_ERROR, CLOCK_STEP = dt.timedelta(minutes=2), dt.timedelta(minutes=10)


@dataclass
class Trace:
    """What was seen of one mail, over all its tries."""

    queue_id: str = ""
    status: str = ""
    refusals: list[tuple[Part, bytes, str]] = field(default_factory=list)
    obscure: str = ""


@dataclass
class Reading:
    """The log as far as it was read: the traces of the mails asked for, where it begins and ends, and its gaps."""

    traces: dict[bytes, Trace]
    problem: str
    parts: list[Part] = field(default_factory=list)
    mail_of: dict[bytes, bytes] = field(default_factory=dict)
    gaps: list[tuple[Part, bytes, str]] = field(default_factory=list)

    def read(self, part: Part) -> None:
        try:
            for line in part.lines(part.start):
                self.take(part, line)
        except BAD_FILE as error:
            self.problem = f"{part.path} cannot be read to its end ({type(error).__name__})"
        if part.first:
            self.parts.append(part)

    def take(self, part: Part, line: bytes) -> None:
        found = LINE.match(line)
        if found is None:
            self.take_damaged(line)
            return
        stamp, daemon, text, other = found.groups()
        part.first = part.first or stamp
        part.last = stamp
        if other is not None:
            if DROPPED.search(other):
                self.gap(part, stamp, "lines were dropped")
        elif daemon == b"master":
            if text.startswith(b"daemon started"):
                self.gap(part, stamp, "Postfix was started")
        else:
            queue_id, _colon, rest = text.partition(b": ")
            self.take_queue_id(part, stamp, daemon, queue_id, rest)

    def take_queue_id(self, part: Part, stamp: bytes, daemon: bytes, queue_id: bytes, rest: bytes) -> None:
        if daemon == b"cleanup" and (named := MESSAGE_ID.match(rest)):
            self.mail_of.pop(queue_id, None)  # the number may have been another mail's before
            if named[1] in self.traces:
                self.mail_of[queue_id] = named[1]
        elif mail := self.mail_of.get(queue_id):
            self.follow(self.traces[mail], part, stamp, daemon, queue_id.decode("ascii", "replace"), rest)

    def follow(self, trace: Trace, part: Part, stamp: bytes, daemon: bytes, queue_id: str, rest: bytes) -> None:
        if daemon in (b"cleanup", b"smtpd"):
            if refused := REJECTED.match(rest):
                trace.refusals.append((part, stamp, readable(refused[1])))
            elif SET_ASIDE.match(rest):
                trace.obscure = f"{queue_id} was set aside: {readable(rest)}"
        elif status := STATUS.match(rest):
            trace.queue_id, trace.status = queue_id, readable(status[1] + status[2])
        elif daemon == b"qmgr" and QUEUED.match(rest):
            trace.queue_id = queue_id

    def take_damaged(self, line: bytes) -> None:
        for word in WORDS.findall(line):
            trace = self.traces.get(self.mail_of.get(word, word))
            if trace:
                trace.obscure = "a damaged line names it"

    def gap(self, part: Part, stamp: bytes, what: str) -> None:
        self.gaps.append((part, stamp, what))
        if len(self.gaps) > MOST_GAPS:
            self.problem = "it has too many gaps"
            self.gaps.clear()


class PostfixLog:
    """Paths or patterns (`/var/log/mail.log*`) of all files of one log; `zone` is the company's."""

    def __init__(self, patterns: Sequence[str], *, zone: dt.tzinfo) -> None:
        self.patterns = patterns
        self.zones = (machine_zone(), zone, dt.UTC)

    def fates(self, doubts: Mapping[str, Span], *, since: dt.datetime, now: dt.datetime) -> dict[str, Finding]:
        since -= CLOCK_STEP
        with opened(self.patterns, since) as (parts, problem):
            reading = Reading({name.encode(): Trace() for name in doubts}, problem)
            for part in parts:
                part.skip_to(since, self.zones)
                reading.read(part)
        for part in reading.parts:
            part.find_zone(self.zones)
        return {name: finding(reading, reading.traces[name.encode()], span, now) for name, span in doubts.items()}


def finding(reading: Reading, trace: Trace, span: Span, now: dt.datetime) -> Finding:
    if trace.queue_id:
        return Finding(Fate.ACCEPTED, f"taken into the queue as {trace.queue_id}; {trace.status}".removesuffix("; "))
    for part, stamp, words in trace.refusals:
        refused_at = part.moment(stamp)
        if refused_at and span.begin <= refused_at:
            return Finding(Fate.REFUSED, words)
    doubt = trace.obscure or reading.problem or uncovered(reading, span, now)
    return Finding(Fate.UNSURE, doubt) if doubt else Finding(Fate.ABSENT, f"not in the log {from_until(reading)}")


def uncovered(reading: Reading, span: Span, now: dt.datetime) -> str:
    """Why the log does not show that nothing happened in that time; empty if it does."""
    begins, ends = bounds(reading)
    if begins is None or ends is None:
        return "its clock is unknown" if reading.parts else "it is empty"
    if ends > now + CLOCK_ERROR:
        return f"its clock is ahead: {ends:%Y-%m-%d %H:%M:%S%z}"
    if begins >= span.begin:
        return f"it begins only at {begins:%Y-%m-%d %H:%M:%S%z}"
    if ends <= span.end:
        return f"it ends already at {ends:%Y-%m-%d %H:%M:%S%z}"
    return gap_within(reading, span)


def gap_within(reading: Reading, span: Span) -> str:
    for part, stamp, what in reading.gaps:
        at = part.moment(stamp)
        if at is None or span.begin <= at <= span.end:
            return f"{what} meanwhile"
    return ""


def bounds(reading: Reading) -> tuple[dt.datetime | None, dt.datetime | None]:
    """Of an hour that a clock change repeats, the one that claims less."""
    if not reading.parts:
        return None, None
    first, last = reading.parts[0], reading.parts[-1]
    return first.moment(first.first, fold=1), last.moment(last.last)


def from_until(reading: Reading) -> str:
    begins, ends = bounds(reading)
    return f"from {begins:%Y-%m-%d %H:%M:%S%z} to {ends:%Y-%m-%d %H:%M:%S%z}"


def readable(words: bytes) -> str:
    text = words.decode("utf-8", "replace").strip()
    return "".join(character if character.isprintable() else " " for character in text)[:500]
