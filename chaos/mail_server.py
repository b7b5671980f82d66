"""A mail server with every fault, in a process of its own: `python -m chaos.mail_server PORT FOLDER SEED`.

`accepted.log` is the truth: one line, written at once, for each mail it took responsibility for. `mail.log` is what
Postfix would have written. SIGUSR1 ends the faults; mails are then taken at once.
"""

import asyncio
import contextlib
import datetime as dt
import random
import re
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from chaos.forms import COMMAND, IDLE, SLOWEST_ANSWER, VERDICT

# How many of a hundred mails; the rest is accepted without a fault.
FAULTS = {
    "slow accept": 4,
    "accept then drop": 5,
    "4yz": 4,
    "5yz": 2,
    "drop before data": 4,
    "drop before dot": 4,
    "4yz after dot": 2,
    "5yz after dot": 1,
}
SLOW_BANNERS = 0.04
ADDRESS = re.compile(rb"<([^>]*)>")
MESSAGE_ID = re.compile(rb"(?i)message-id:\s*(<[^>\s]+>)")
CLIENT = "localhost[127.0.0.1]"


class Dropped(Exception):
    """The connection was cut, by either side."""


class Journal:
    """Both logs, written line by line."""

    def __init__(self, folder: Path) -> None:
        self.truth = (folder / "accepted.log").open("a", buffering=1)
        self.log = (folder / "mail.log").open("a", buffering=1)
        self.number = 0

    def say(self, daemon: str, words: str) -> None:
        self.log.write(f"{dt.datetime.now().astimezone().isoformat()} mail postfix/{daemon}[1]: {words}\n")

    def queue_id(self) -> str:
        self.number += 1
        return f"4{self.number:09X}"

    def accept(self, queue_id: str, message_id: str, recipient: str) -> None:
        self.truth.write(f"{message_id} {recipient}\n")
        self.say("qmgr", f"{queue_id}: from=<five-rules@localhost>, size=9000, nrcpt=1 (queue active)")
        self.say("smtp", f"{queue_id}: to=<{recipient}>, relay=mx[192.0.2.1]:25, dsn=2.0.0, status=sent (250 Ok)")
        self.say("qmgr", f"{queue_id}: removed")


class Weather:
    """Which fault comes next; none after the calm."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.calm = False

    def fault(self) -> str:
        [drawn] = self.chance.choices(["", *FAULTS], [100 - sum(FAULTS.values()), *FAULTS.values()])
        return "" if self.calm else drawn

    def pause(self, least: float, most: float) -> float:
        return 0 if self.calm else self.chance.uniform(least, most)

    def slow_banner(self) -> bool:
        return not self.calm and self.chance.random() < SLOW_BANNERS


class Session:
    """One connection."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, journal: Journal, weather: Weather
    ) -> None:
        self.reader, self.writer, self.journal, self.weather = reader, writer, journal, weather
        self.fault = self.recipient = ""

    async def run(self) -> None:
        self.journal.say("smtpd", f"connect from {CLIENT}")
        try:
            if self.weather.slow_banner():
                await asyncio.sleep(COMMAND + 0.5)
            await self.answer("220 mail ESMTP")
            while True:
                await self.command(await self.line())
        except (Dropped, ConnectionError):
            self.writer.transport.abort()
        finally:
            self.journal.say("smtpd", f"disconnect from {CLIENT}")
            self.writer.close()

    async def line(self) -> bytes:
        """The next line. A silent client is told and left, as after Postfix's `smtpd_timeout`."""
        try:
            async with asyncio.timeout(IDLE):
                found = await self.reader.readline()
        except TimeoutError:
            await self.answer("421 4.4.2 mail Error: timeout exceeded")
            self.writer.close()
            raise Dropped from None
        if not found.endswith(b"\n"):
            raise Dropped
        return found

    async def answer(self, words: str) -> None:
        self.writer.write(words.encode() + b"\r\n")
        await self.writer.drain()

    async def command(self, line: bytes) -> None:
        verb = line[:4].upper()
        if verb == b"RCPT":
            await self.rcpt(line)
        elif verb == b"DATA":
            await self.data()
        elif verb == b"QUIT":
            await self.answer("221 2.0.0 Bye")
            raise Dropped
        else:
            self.fault = self.weather.fault() if verb == b"MAIL" else ""
            await self.answer("250 2.1.0 Ok")

    async def rcpt(self, line: bytes) -> None:
        await asyncio.sleep(self.weather.pause(0, 0.08))
        found = ADDRESS.search(line)
        self.recipient = found[1].decode() if found else ""
        refusals = {"4yz": "451 4.3.0 come back later", "5yz": "550 5.1.1 no such mailbox"}
        await self.answer(refusals.get(self.fault, "250 2.1.5 Ok"))

    async def data(self) -> None:
        if self.fault == "drop before data":
            raise Dropped
        await self.answer("354 End data with <CR><LF>.<CR><LF>")
        queue_id, message_id = self.journal.queue_id(), ""
        async for line in self.body():
            found = MESSAGE_ID.match(line) if not message_id else None
            if found:
                message_id = found[1].decode()
                self.journal.say("smtpd", f"{queue_id}: client={CLIENT}")
                self.journal.say("cleanup", f"{queue_id}: message-id={message_id}")
            if line == b"\r\n" and self.fault == "drop before dot":
                self.journal.say("smtpd", f"lost connection after DATA (99 bytes) from {CLIENT}")
                raise Dropped
        await self.verdict(queue_id, message_id)

    async def body(self) -> AsyncIterator[bytes]:
        while (line := await self.line()) != b".\r\n":
            yield line

    async def verdict(self, queue_id: str, message_id: str) -> None:
        """What becomes of a mail whose final dot is there: whether its sender still listens makes no difference."""
        await asyncio.sleep(self.weather.pause(0.04, 0.2))
        refusals = {"4yz after dot": "451 4.7.1 try again later", "5yz after dot": "554 5.7.1 not wanted"}
        if self.fault in refusals:
            words = refusals[self.fault]
            self.journal.say("cleanup", f"{queue_id}: milter-reject: END-OF-MESSAGE from {CLIENT}: {words[4:]}; to=<>")
            await self.answer(words)
            return
        if self.fault == "slow accept":
            await asyncio.sleep(self.weather.pause(VERDICT + 0.3, SLOWEST_ANSWER - 0.3))
        self.journal.accept(queue_id, message_id, self.recipient)
        if self.fault == "accept then drop":
            raise Dropped
        await self.answer(f"250 2.0.0 Ok: queued as {queue_id}")


async def serve(port: int, folder: Path, seed: int) -> None:
    journal, weather = Journal(folder), Weather(seed)
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGUSR1, lambda: setattr(weather, "calm", True))
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    while not stopped.is_set():
        server = await asyncio.start_server(
            lambda reader, writer: Session(reader, writer, journal, weather).run(), "127.0.0.1", port, backlog=128
        )
        print("listening", flush=True)
        await wait(stopped, weather.chance.uniform(8, 12))
        if not weather.calm and not stopped.is_set():
            server.close()  # from now on connections are refused; those that are open go on
            await wait(stopped, weather.chance.uniform(1, 1.5))
        else:
            await stopped.wait()


async def wait(event: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])))
