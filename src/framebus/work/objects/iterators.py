"""What methods gave to iterate over: kept here, one item at a time goes to whoever asked, when it asks for it."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from queue import SimpleQueue
from typing import Any

from framebus.core.errors import Error
from framebus.core.source import Source

END = object()
"""What `Advance` gives when there is no next item."""
MAX_STREAMS = 64
"""Open at once for all askers together; they are dear: a generator may hold a camera."""


def is_stream(value: Any) -> bool:
    """True for what a proxy iterates over instead of receiving it."""
    return isinstance(value, Source | Iterator | AsyncIterator)


async def next_of_async(items: AsyncIterator[Any]) -> Any:
    """The next item, or `END`."""
    return await anext(items, END)


def next_of(items: Iterator[Any]) -> Any:
    """The next item, or `END`."""
    return next(items, END)


class Reading:
    """A source is read in a thread of its own, so that waiting for its frames keeps nobody from calling."""

    def __init__(self, source: Source[Any]) -> None:
        self._source = source
        self._wishes: SimpleQueue[Callable[[Any], None] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="framebus-stream", daemon=True)
        self._thread.start()

    def ask(self, tell: Callable[[Any], None]) -> None:
        """`tell` the next frame once it is here, `END`, or the exception instead of one; in the reading thread."""
        self._wishes.put(tell)

    def close(self) -> None:
        """Close the source and wait for the thread."""
        self._wishes.put(None)
        self._close_source()
        self._thread.join()

    def _run(self) -> None:
        over = False
        while not over and (tell := self._wishes.get()) is not None:
            try:
                item: Any = next(self._source, END)
            except Exception as error:
                item = error
            over = item is END or isinstance(item, Exception)
            if over:
                self._close_source()
            tell(item)

    def _close_source(self) -> None:
        with suppress(Error):
            self._source.close()
