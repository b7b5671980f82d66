"""The files of a syslog in the order of time: rotated, compressed, with either kind of time stamp, read as streams.

A stamp such as `Nov 27 14:31:26` names neither year nor zone. They follow from the time at which the file was written
last, which is that of its last line. Where the two do not agree in any zone that comes into question (a copied file, a
foreign zone), the clock of the file is unknown.
"""

import contextlib
import datetime as dt
import glob
import gzip
import os
import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO
from zoneinfo import ZoneInfo

STAMP = rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d"
STAMPED = re.compile(rb"(?:<\d+>)?(" + STAMP + rb") ")
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
DAY, TOLERANCE = dt.timedelta(days=1), dt.timedelta(minutes=2)
LONGEST_LINE, MOST_UNSTAMPED = 64 * 1024, 1000
BAD_FILE = (OSError, EOFError, zlib.error)
LEAP_YEARS_APART = 8
OPENING_TRIES = 3


@dataclass
class Part:
    """One file, with the stamps of its first and of its last line as they stand there; read from `start` on."""

    path: Path
    raw: IO[bytes]
    file: IO[bytes]
    written: dt.datetime
    first: bytes = b""
    last: bytes = b""
    zone: dt.tzinfo | None = None
    start: int = 0

    @classmethod
    def open(cls, path: Path) -> "Part":
        raw = path.open("rb")
        compressed = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        file: IO[bytes] = gzip.GzipFile(fileobj=raw) if compressed else raw  # type: ignore[assignment]
        return cls(path, raw, file, dt.datetime.fromtimestamp(os.fstat(raw.fileno()).st_mtime, dt.UTC))

    def lines(self, start: int = 0) -> Iterator[bytes]:
        """Each line that begins after `start`; of one that is too long (a damaged file) only the beginning."""
        self.file.seek(start)
        whole = start == 0
        while chunk := self.file.readline(LONGEST_LINE):
            if whole:
                yield chunk
            whole = chunk.endswith(b"\n")

    def peek(self) -> dt.datetime:
        """About when it begins, for putting the files in order: its zone is not known yet."""
        self.first = next(stamps(islice(self.lines(), MOST_UNSTAMPED)), b"")
        return moment(self.first, written=self.written, zone=dt.UTC) or self.written

    def find_zone(self, zones: Sequence[dt.tzinfo]) -> None:
        for zone in zones:
            for fold in (0, 1):
                last = moment(self.last, written=self.written, zone=zone, fold=fold)
                if last and abs(last - self.written) <= TOLERANCE:
                    self.zone = zone
                    return

    def skip_to(self, since: dt.datetime, zones: Sequence[dt.tzinfo]) -> None:
        """Leave out what is older, by halves; an archive can only be read from its beginning."""
        if self.file is not self.raw:
            return
        size = os.fstat(self.raw.fileno()).st_size
        self.last = (list(stamps(self.lines(max(0, size - LONGEST_LINE)))) or [b""])[-1]
        self.find_zone(zones)
        end = size
        while end - self.start > LONGEST_LINE:
            middle = (self.start + end) // 2
            found = self.moment(next(stamps(islice(self.lines(middle), MOST_UNSTAMPED)), b""))
            if found and found < since:
                self.start = middle
            else:
                end = middle

    def moment(self, stamp: bytes, *, fold: int = 0) -> dt.datetime | None:
        return moment(stamp, written=self.written, zone=self.zone, fold=fold)

    def still_at_its_path(self) -> bool:
        with contextlib.suppress(OSError):
            return os.path.samestat(os.stat(self.path), os.fstat(self.raw.fileno()))
        return False


def stamps(lines: Iterable[bytes]) -> Iterator[bytes]:
    return (found[1] for line in lines if (found := STAMPED.match(line)))


def moment(stamp: bytes, *, written: dt.datetime, zone: dt.tzinfo | None, fold: int = 0) -> dt.datetime | None:
    """When that was. Without a year it is the latest that is not after the file was written. None: unknown."""
    text = stamp.decode("ascii", "replace")
    with contextlib.suppress(ValueError):
        if text[4:5] == "-":
            return dt.datetime.fromisoformat(text)
    if zone is None or text[:3] not in MONTHS:
        return None
    month, clock = MONTHS.index(text[:3]) + 1, text[7:]
    for year in range((written + DAY).year, written.year - LEAP_YEARS_APART, -1):
        with contextlib.suppress(ValueError):  # 29 February in most years
            time = dt.time.fromisoformat(clock).replace(fold=fold)
            found = dt.datetime.combine(dt.date(year, month, int(text[4:6])), time, zone)
            if found <= written + DAY:
                return found
    return None


def machine_zone() -> dt.tzinfo:
    """That of the operating system; the variable TZ is Django's."""
    with contextlib.suppress(OSError, ValueError), open("/etc/localtime", "rb") as file:
        return ZoneInfo.from_file(file)
    return dt.UTC


@contextlib.contextmanager
def opened(patterns: Sequence[str], since: dt.datetime) -> Iterator[tuple[list[Part], str]]:
    """The files in the order of time, without those that end before `since`, and what is wrong with them, if anything:
    then the log has gaps."""
    parts: list[Part] = []
    problem = ""
    for _try in range(OPENING_TRIES):
        parts, problem = open_once(patterns)
        if problem or (all(part.still_at_its_path() for part in parts) and not rotated(patterns, parts)):
            break
        close(parts)
        parts, problem = [], "its files were renamed again and again while they were opened"
    try:
        try:
            parts.sort(key=Part.peek)
            while len(parts) > 1 and parts[1].peek() + DAY < since:
                parts.pop(0).raw.close()
        except BAD_FILE as error:
            problem = f"it cannot be read ({type(error).__name__})"
        yield parts, problem
    finally:
        close(parts)


def open_once(patterns: Sequence[str]) -> tuple[list[Part], str]:
    parts: list[Part] = []
    problem = ""
    for pattern in patterns:
        paths = matching(pattern)
        problem = problem if paths else f"there is no {pattern}"
        for path in paths:
            try:
                parts.append(Part.open(path))
            except OSError as error:
                problem = f"{path}: {error.strerror}"
    return parts, problem


def matching(pattern: str) -> list[Path]:
    return [Path(name) for name in sorted(glob.glob(pattern))]


def rotated(patterns: Sequence[str], parts: Sequence[Part]) -> bool:
    """Whether other files bear the names by now."""
    return {path for pattern in patterns for path in matching(pattern)} != {part.path for part in parts}


def close(parts: Sequence[Part]) -> None:
    for part in parts:
        part.raw.close()
