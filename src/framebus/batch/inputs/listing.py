"""Inputs listed ahead of the work, by a thread, so that it is soon known how many there are; packed, to be small."""

from __future__ import annotations

import os
import threading
import zlib
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import chain, islice

from framebus.batch.inputs.inputs import Input
from framebus.core.closing import Closing

_FIRST, _BLOCK = 64, 1024


class Listing(Closing):
    """The inputs in order, once: iterate it in one thread. `found` grows until `complete`."""

    def __init__(self, inputs: Iterable[Input]) -> None:
        self.found = 0
        """Inputs so far."""
        self.complete = False
        """There are no more."""
        self._inputs = inputs
        self._blocks: deque[bytes] = deque()
        self._news = threading.Condition()
        self._closed = False
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._list, name="framebus listing", daemon=True)
        self._thread.start()

    def __iter__(self) -> Iterator[Input]:
        """Waits for what is not listed yet; raises what went wrong while it was."""
        while (block := self._next()) is not None:
            texts = iter(os.fsdecode(zlib.decompress(block)).split("\0"))
            yield from map(Input._make, zip(texts, texts, texts, strict=True))
        if self._error is not None:
            raise self._error

    def close(self) -> None:
        """Stop listing; idempotent."""
        self._closed = True
        self._thread.join()

    def _next(self) -> bytes | None:
        with self._news:
            self._news.wait_for(lambda: self._blocks or self.complete)
            return self._blocks.popleft() if self._blocks else None

    def _list(self) -> None:
        try:
            inputs = iter(self._inputs)
            size = _FIRST
            while not self._closed and (some := list(islice(inputs, size))):
                size = _BLOCK
                self._add(some)
        except BaseException as error:
            self._error = error
        finally:
            with self._news:
                self.complete = True
                self._news.notify()

    def _add(self, inputs: list[Input]) -> None:
        """No path holds a zero byte; neither does a trouble."""
        block = zlib.compress(os.fsencode("\0".join(chain.from_iterable(inputs))), 1)
        with self._news:
            self._blocks.append(block)
            self.found += len(inputs)
            self._news.notify()
