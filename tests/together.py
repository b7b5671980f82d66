"""The same thing from several sides at the same moment."""

import threading
from collections.abc import Callable, Iterable
from typing import Any

from django.db import connection


def together(work: Callable[[Any], object], each: Iterable[Any] = range(4)) -> None:
    """`work` for each item in a thread of its own, all begun at once, until the last has ended."""
    items = list(each)
    barrier = threading.Barrier(len(items))

    def run(item: Any) -> None:
        try:
            barrier.wait(timeout=10)
            work(item)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(item,)) for item in items]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
