"""A link that is read by others' hands, and opened once these are there."""

from __future__ import annotations

import threading
from collections.abc import Callable

from framebus.core.contracts import Item, SourceState
from framebus.core.errors import Closed
from framebus.core.source import Source
from framebus.core.statistics import Stats


class LateSource(Source[Item]):
    """Opens a link when the first frame is asked for: whoever publishes there is not to wait for a model that loads.

    A publisher deals frames to whoever has connected, and gives up when none of them is taken for its patience.
    """

    def __init__(self, join: Callable[[], Source[Item]], where: str, timeout: float | None = None) -> None:
        super().__init__(timeout)
        self.where = where
        """The address as it was asked for."""
        self._join = join
        self._lock = threading.Lock()
        self._link: Source[Item] | None = None

    @property
    def live(self) -> bool:
        return self._link is None or self._link.live

    @property
    def lossless(self) -> bool:
        return self._link is not None and self._link.lossless

    def owes(self, item: Item) -> bool:
        return self._link is not None and self._link.owes(item)

    def shared(self, stream: str) -> bool:
        return self._link is not None and self._link.shared(stream)

    def take(self, timeout: float | None) -> Item | None:
        return self._joined().take(timeout)

    def done(self, item: Item) -> None:
        if self._link is not None:
            self._link.done(item)

    def fileno(self) -> int:
        return self._joined().fileno()

    def stats(self) -> Stats:
        return Stats() if self._link is None else self._link.stats()

    def states(self) -> dict[str, SourceState]:
        return {} if self._link is None else self._link.states()

    def hurry(self, wanted: bool) -> None:
        if self._link is not None:
            self._link.hurry(wanted)

    def close(self) -> None:
        with self._lock:
            self._closed = True
        if self._link is not None:
            self._link.close()

    def _joined(self) -> Source[Item]:
        with self._lock:
            if self._link is None:
                if self._closed:
                    raise Closed(f"{self.where}: this source is closed")
                self._link = self._join()
            return self._link

    def _place(self) -> str:
        return self.where
