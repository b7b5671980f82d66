"""The launcher of the embedded Redis-compatible server."""

import pytest
import redis

from config.embedded import valkey
from config.embedded.problem import Problem


@pytest.fixture
def start(short_folder):
    running = []

    def starter() -> valkey.Valkey:
        log = short_folder / "log" / "valkey.log"
        server = valkey.start(short_folder / "data", short_folder / "sockets", log)
        running.append(server)
        return server

    yield starter
    for server in running:
        server.child.stop()


def test_what_was_written_survives_a_kill(start):
    first = start()
    with redis.Redis.from_url(first.url) as client:
        client.rpush("queue", "a", "b")
    first.child.kill()
    first.child.process.wait()
    with redis.Redis.from_url(start().url) as client:
        assert client.lrange("queue", 0, -1) == [b"a", b"b"]


def test_a_full_memory_refuses_writes_rather_than_lose_messages(start):
    with redis.Redis.from_url(start().url) as client:
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


def test_a_server_left_by_a_killed_run_is_stopped_first(start):
    left, new = start(), start()
    assert left.child.process.wait(10) == 0
    assert new.child.alive


def test_a_damaged_store_is_explained(start, short_folder):
    start().child.stop()
    for part in (short_folder / "data" / "appendonlydir").glob("*.incr.aof"):
        part.write_bytes(b"this is no append-only file\r\n" * 9)
    with pytest.raises(Problem, match=r"is damaged: delete that folder"):
        start()
