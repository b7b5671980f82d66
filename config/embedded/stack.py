"""The two servers that the application needs, started where no address was given for them."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from config.embedded import postgres, processes, valkey


@dataclass
class Stack:
    """What was started here, in the order of starting, and the addresses to use."""

    environment: dict[str, str] = field(default_factory=dict)
    children: list[processes.Child] = field(default_factory=list)

    def stop(self) -> None:
        while self.children:
            self.children.pop().stop()


def start(var: Path, *, given: Mapping[str, str] = os.environ, durable: bool = True) -> Stack:
    """Starts PostgreSQL unless DATABASE_URL is given, and Valkey unless REDIS_URL is; all data lies under `var`."""
    stack = Stack()
    logs = var / "log"
    try:
        if not given.get("DATABASE_URL"):
            server = postgres.start(var / "postgres", var / "sockets", logs / "postgres.log", durable=durable)
            stack.children.append(server.child)
            stack.environment["DATABASE_URL"] = server.url
        if not given.get("REDIS_URL"):
            broker = valkey.start(var / "valkey", var / "sockets", logs / "valkey.log", durable=durable)
            stack.children.append(broker.child)
            stack.environment["REDIS_URL"] = broker.url
    except BaseException:
        stack.stop()
        raise
    return stack
