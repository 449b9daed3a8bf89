"""Makers and sinks for tests: every step is taken when the test says so."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator

import numpy as np

from framebus.core.contracts import Done, Item
from framebus.core.frame import Frame


def picture(seq: int, stream: str = "test", run: int = 7, captured_ns: int | None = None) -> Frame:
    """A tiny gray frame that shows its number."""
    return Frame.of(np.full((2, 3), seq % 256, np.uint8), stream=stream, run=run, seq=seq, captured_ns=captured_ns)


class Listed:
    """A finite maker of given frames; counts how many it was asked for."""

    live = False
    name = "listed"

    def __init__(self, frames: list[Item]) -> None:
        self.frames = frames
        self.made = 0
        self.closed = False

    def __iter__(self) -> Iterator[Item]:
        for frame in self.frames:
            self.made += 1
            yield frame

    def close(self) -> None:
        self.closed = True


class Fed:
    """A maker that gives what the test puts in; None ends it and an exception is raised."""

    name = "fed"

    def __init__(self, *, live: bool = True) -> None:
        self.live = live
        self._items: queue.Queue[Item | Exception | None] = queue.Queue()
        self._given = threading.Semaphore(0)

    def put(self, *items: Item | Exception | None) -> None:
        """Let these come."""
        for item in items:
            self._items.put(item)

    def wait_taken(self, count: int) -> None:
        """Until so many more were taken over by whoever iterates."""
        for _ in range(count):
            assert self._given.acquire(timeout=10)

    def __iter__(self) -> Iterator[Item]:
        while (item := self._items.get()) is not None:
            if isinstance(item, Exception):
                raise item
            yield item
            self._given.release()

    def close(self) -> None:
        self._items.put(None)


class Kept:
    """A sink that keeps everything; says that it is there at once, or when the test calls `arrive`."""

    def __init__(self, *, keep: str | None = "all", group: str | None = "kept.12345678", late: bool = False) -> None:
        self.keep = keep
        self.group = group
        self.items: list[Item] = []
        self.closed = 0
        self._late = late
        self._pending: list[Done] = []

    def write(self, item: Item, done: Done) -> None:
        self.items.append(item)
        if self._late:
            self._pending.append(done)
        else:
            done()

    def arrive(self) -> None:
        """Everything written is there now."""
        pending, self._pending = self._pending, []
        for done in pending:
            done()

    def close(self) -> None:
        self.closed += 1
