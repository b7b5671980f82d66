"""The mail server of `make chaos` inside a test, with the faults that the test chooses."""

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from chaos.counting import copies_by_address
from chaos.mail_server import Journal, Session, Weather


class Chosen(Weather):
    """These faults one after the other, then none; no pauses but those of a fault."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__(seed=1)
        self.faults = faults

    def fault(self) -> str:
        return self.faults.pop(0) if self.faults else ""

    def pause(self, least: float, most: float) -> float:
        return least if least > 1 else 0

    def slow_banner(self) -> bool:
        return bool(self.faults) and self.faults[0] == "slow banner" and bool(self.faults.pop(0))


class FaultyServer:
    def __init__(self, folder: Path, port: int) -> None:
        self.log, self.accepted, self.port = folder / "mail.log", folder / "accepted.log", port

    @property
    def copies(self) -> dict[str, int]:
        return dict(copies_by_address(self.accepted))


@contextlib.contextmanager
def running(folder: Path, *faults: str) -> Iterator[FaultyServer]:
    journal, weather = Journal(folder), Chosen(list(faults))
    loop = asyncio.new_event_loop()

    async def listen() -> asyncio.Server:
        return await asyncio.start_server(lambda r, w: Session(r, w, journal, weather).run(), "127.0.0.1", 0)

    async def end(server: asyncio.Server) -> None:
        server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    server = loop.run_until_complete(listen())
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield FaultyServer(folder, server.sockets[0].getsockname()[1])
    finally:
        asyncio.run_coroutine_threadsafe(end(server), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
        journal.truth.close()
        journal.log.close()


@pytest.fixture
def mail_server(tmp_path):
    """`with mail_server("slow accept") as server`."""
    return lambda *faults: running(tmp_path, *faults)
