"""The load generator, in a process of its own: `python -m bench.load` reads one phase as JSON and answers with times.

Eight people at once, each on a connection that is kept for some requests, as a browser does. Only the standard library
and no parsing beyond what is needed, so that it takes little from the server it measures.
"""

import json
import re
import socket
import sys
import threading
import time
import zlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

CONCURRENCY = 8
KEPT_FOR = 25
DECISIONS = 5
TIMEOUT = 60
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
CSRF_FIELD = re.compile(rb'name="csrfmiddlewaretoken" value="(\w+)"')
STEP_FIELD = re.compile(rb'name="step" value="([\d.]+)"')
Item = dict[str, Any]


class Unexpected(Exception):
    """An answer that makes the figures worthless."""


@dataclass
class Answer:
    status: int
    head: bytes
    raw: bytes

    @property
    def body(self) -> bytes:
        return zlib.decompress(self.raw, wbits=31) if b"\r\ncontent-encoding: gzip" in self.head.lower() else self.raw

    def find(self, pattern: re.Pattern[bytes], where: bytes) -> str:
        found = pattern.search(where)
        if found is None:
            raise Unexpected(f"no {pattern.pattern!r} in an answer with status {self.status}")
        return found.group(1).decode()


@dataclass
class Connection:
    port: int
    open: socket.socket | None = None
    used: int = 0

    def send(self, method: str, item: Item, form: dict[str, str] | None = None) -> Answer:
        """One request and its whole answer. Anything but 200 or a redirect after a POST is Unexpected."""
        body = urlencode(form or {})
        lines = [f"{method} {item['path']} HTTP/1.1", f"Host: 127.0.0.1:{self.port}", f"Cookie: {item['cookie']}"]
        lines += ["Accept-Encoding: gzip", "X-Requested-With: fetch"]
        if method == "POST":
            lines += ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}"]
        answer = self.exchange("\r\n".join([*lines, "", body]).encode())
        if answer.status not in ((200, 302) if method == "POST" else (200,)):
            raise Unexpected(f"{method} {item['path']} was answered with {answer.status}")
        return answer

    def exchange(self, request: bytes) -> Answer:
        if self.open is None or self.used >= KEPT_FOR:
            self.close()
            self.open = socket.create_connection(("127.0.0.1", self.port), TIMEOUT)
            self.open.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.used += 1
        self.open.sendall(request)
        data = self.receive(b"")
        while (end := data.find(b"\r\n\r\n")) < 0:
            data = self.receive(data)
        head, body = data[: end + 2], data[end + 4 :]
        length = LENGTH.search(head)
        assert length is not None, "only whole answers are measured here"
        while len(body) < int(length.group(1)):
            body = self.receive(body)
        return Answer(int(head[9:12]), head, body)

    def receive(self, before: bytes) -> bytes:
        assert self.open is not None
        more = self.open.recv(65536)
        if not more:
            raise Unexpected("the server closed the connection in the middle of an answer")
        return before + more

    def close(self) -> None:
        if self.open is not None:
            self.open.close()
        self.open, self.used = None, 0


@dataclass
class Phase:
    """Items done by eight people at once. `times` are of single requests, for whole attempts of the attempt."""

    port: int
    items: list[Item]
    times: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def timed(self, action: Callable[[], Answer]) -> Answer:
        begun = time.perf_counter()
        answer = action()
        self.times.append(time.perf_counter() - begun)
        return answer

    def each(self, do: Callable[["Phase", Connection, Item], None]) -> float:
        """Do all items; the seconds it took."""
        waiting = deque(self.items)
        threads = [threading.Thread(target=self._work, args=(do, waiting)) for _ in range(CONCURRENCY)]
        begun = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return time.perf_counter() - begun

    def _work(self, do: Callable[["Phase", Connection, Item], None], waiting: deque[Item]) -> None:
        connection = Connection(self.port)
        try:
            while True:
                do(self, connection, waiting.popleft())
        except IndexError:
            pass
        except (Unexpected, OSError, AssertionError) as error:
            self.errors.append(str(error))
            waiting.clear()
        finally:
            connection.close()


def look(phase: Phase, connection: Connection, item: Item) -> None:
    phase.timed(lambda: connection.send("GET", item))


def open_page(phase: Phase, connection: Connection, item: Item) -> None:
    """Before the clock starts: the page whose form is sent later, for its CSRF token."""
    answer = connection.send("GET", item)
    item["token"] = answer.find(CSRF_FIELD, answer.body)


def decide(phase: Phase, connection: Connection, item: Item) -> None:
    """The five decisions of an attempt already begun."""
    for step in range(DECISIONS):
        form = {"csrfmiddlewaretoken": item["token"], "step": f"{item['attempt']}.{step}", "choice": "0"}
        phase.timed(lambda form=form: connection.send("POST", item, form))  # type: ignore[misc]


def play(phase: Phase, connection: Connection, item: Item) -> None:
    """A whole attempt as the script plays it: begin, follow to the page, five decisions read off the pages."""

    def attempt() -> Answer:
        connection.send("POST", item, {"csrfmiddlewaretoken": item["token"]})
        answer = connection.send("GET", item)
        for _step in range(DECISIONS):
            step = answer.find(STEP_FIELD, answer.body)
            answer = connection.send("POST", item, {"csrfmiddlewaretoken": item["token"], "step": step, "choice": "0"})
        return answer

    phase.timed(attempt)


ACTIONS = {"look": look, "decide": decide, "play": play}


def run(port: int, action: str, items: list[Item]) -> dict[str, Any]:
    phase = Phase(port, items)
    if action != "look":
        phase.each(open_page)
    seconds = phase.each(ACTIONS[action])
    return {"seconds": seconds, "times": phase.times, "errors": phase.errors}


if __name__ == "__main__":
    json.dump(run(**json.load(sys.stdin)), sys.stdout)
