"""The reading end everybody sees: iterate, `async for`, `.read(timeout=)`, select on `fileno()`."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Generic

from framebus.core.closing import Closing
from framebus.core.contracts import Item, SourceState
from framebus.core.errors import Closed, Timeout
from framebus.core.options import duration
from framebus.core.showing import line
from framebus.core.statistics import Stats, told

if TYPE_CHECKING:  # checkers know defaults for type variables, Python 3.11 does not
    from typing_extensions import TypeVar

    from framebus.core.frame import Frame

    T = TypeVar("T", bound=Item, default=Frame)
else:
    from typing import TypeVar

    T = TypeVar("T")


class Source(Closing, Generic[T]):
    """Frames from somewhere. One thread at a time reads it; `close()` may come from any thread.

    A loop asks for the next frame and thereby acknowledges the last one; it ends when the source ended and
    waits, interruptibly, for everything else. With `timeout` (seconds) waiting raises `Timeout`. To type checkers
    a `Source` is one of `Frame`s; one opened with `packets=True` may give packets, too.
    """

    def __init__(self, timeout: float | None = None) -> None:
        self.timeout = timeout
        self._held: T | None = None
        self._finished = False
        self._closed = False

    @property
    def live(self) -> bool:
        """True where the newest frame matters, False where every frame does. A link knows once frames come."""
        return True

    @property
    def lossless(self) -> bool:
        """True where every frame is wanted, though they may be live: somebody asked for all. Known once frames come."""
        return not self.live

    def owes(self, item: T) -> bool:
        """True for a frame taken that would be given again, to this reader or another, were it never acknowledged."""
        return self.lossless

    def shared(self, stream: str) -> bool:
        """True for a stream of which several publishers, a group, bring a part each: its frames come in any order."""
        return False

    # what a kind of source provides --------------------------------------------------------------------

    @abstractmethod
    def take(self, timeout: float | None) -> T | None:
        """The next frame, not yet acknowledged; None at the end. Raises `Timeout` after `timeout` seconds.

        `timeout=0` never blocks. Raises `Closed` once closed.
        """

    def done(self, item: T) -> None:
        """Acknowledge `item`: it is where it belongs and need not be given again."""

    @abstractmethod
    def fileno(self) -> int:
        """A descriptor that is readable while `take(0)` would return; stays the same until `close()`."""

    @abstractmethod
    def stats(self) -> Stats:
        """Counters so far: frames, missed, bytes, rate, age of the newest frame, per stream."""

    def states(self) -> dict[str, SourceState]:
        """How each stream is, where that is known: as its camera says, or whether its publisher is there and sends."""
        streams = list(self.stats().streams.values())
        return {stream.name: stream.state for stream in streams if stream.state is not None}

    def hurry(self, wanted: bool) -> None:
        """Say whether anybody waits for frames: else they may come several at once, a quarter of a second later.

        They are not fewer, but their capture times may be as much too late. A source begins in a hurry. Thread-safe.
        """

    @abstractmethod
    def close(self) -> None:
        """Stop and free everything; idempotent. What was not acknowledged stays unacknowledged."""

    # what everybody uses -------------------------------------------------------------------------------

    def read(self, timeout: float | str | None = None) -> T:
        """The next frame; acknowledges the one before.

        `timeout` takes seconds or text such as `"200ms"`; the default is the source's own, else to wait for ever.
        Raises `Timeout` when it passed and `Closed` when the source has ended.
        """
        item = self._advance(self.timeout if timeout is None else duration(timeout))
        if item is None:
            raise Closed("the source has ended: there are no more frames to read")
        return item

    def __iter__(self) -> Iterator[T]:
        return self

    def __next__(self) -> T:
        item = self._advance(self.timeout)
        if item is None:
            raise StopIteration
        return item

    def __aiter__(self) -> AsyncIterator[T]:
        return self

    async def __anext__(self) -> T:
        item = await self._advance_async()
        if item is None:
            raise StopAsyncIteration
        return item

    def __repr__(self) -> str:
        return line("Source", self._place, self._told)

    # how -----------------------------------------------------------------------------------------------

    def _advance(self, timeout: float | None) -> T | None:
        self._settle()
        if self._finished:
            return None
        return self._keep(self.take(timeout))

    def _settle(self) -> None:
        if self._held is not None:
            held, self._held = self._held, None
            self.done(held)

    def _keep(self, item: T | None) -> T | None:
        self._held = item
        self._finished = item is None
        return item

    def _place(self) -> str:
        """Where the frames come from, for people."""
        return ""

    def _told(self) -> Iterator[str]:
        """How it is, in a few words."""
        yield "closed" if self._closed else "ended" if self._finished else "open"
        stats = self.stats()
        yield from told(stats)
        yield f"{stats.missed:,} missed" if stats.missed else ""

    async def _advance_async(self) -> T | None:
        from framebus.core.awaiting import others_first, readable

        self._settle()
        deadline = None if self.timeout is None else time.monotonic() + self.timeout
        await others_first()
        while not self._finished:
            try:
                return self._keep(self.take(0))
            except Timeout:
                await readable(self.fileno(), deadline)
        return None
