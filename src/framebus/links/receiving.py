"""The reading end of a link as a source."""

from __future__ import annotations

from typing import Any

from framebus.core.contracts import Item, SourceState
from framebus.core.source import Source
from framebus.core.statistics import Stats
from framebus.links.reading import ReadingEnd
from framebus.session.outgoing import Verb
from framebus.wire import replies


class LinkSource(Source[Item]):
    """Frames from a link; see `Source`. Waits for publishers that are not there, and for those that come back."""

    def __init__(self, end: ReadingEnd, timeout: float | None = None) -> None:
        super().__init__(timeout)
        self._end = end
        end.start()

    @property
    def where(self) -> str:
        """The address: where it listens, with the port the system chose, or what it connects to."""
        return self._end.address

    @property
    def live(self) -> bool:
        """False once every publisher that came has said that each of its frames is wanted."""
        return self._end.session.live is not False

    @property
    def lossless(self) -> bool:
        return self._end.lossless

    def owes(self, item: Item) -> bool:
        return self._end.owes(item)

    def shared(self, stream: str) -> bool:
        return self._end.shared(stream)

    @property
    def listens(self) -> bool:
        """True for a hub: publishers connect to it, and it never ends by itself."""
        return self._end.listens

    def take(self, timeout: float | None) -> Item | None:
        return self._end.take(timeout)

    def done(self, item: Item) -> None:
        self._end.done(item)

    def reply(self, item: Item, data: Any = None, arrays: replies.Named = (), error: str = "") -> None:
        """Acknowledge `item` with an answer instead of by asking for the next: JSON-able `data`, named `arrays`.

        Whoever published it gets the answer once, however often the work was done. `error` says why there is none.
        Raises `BadFrame` for what cannot travel and `Closed` once closed.
        """
        self._held = None if self._held is item else self._held
        self._end.reply(item, data, arrays, error)

    def asker(self, item: Item) -> str:
        """Who published `item`, while it is in hand; empty where that is not known any more. Thread-safe."""
        return self._end.asker(item)

    def away_s(self, asker: str) -> float:
        """How long the link to an asker has been broken; infinite for one that took leave. Thread-safe."""
        return self._end.away_s(asker)

    def may(self, asker: str, right: Verb, name: str) -> bool:
        """Whether the asker's key, where keys are used, allows to `right` (`control`, …) `name`. Thread-safe."""
        return self._end.may(asker, right, name)

    def answer(self, item: Item, data: bytes) -> None:
        """Answer the sender of `item` with `data`, where the link was opened with `answers=True`; once.

        A sender of another system gets that one part, framebus a reply of the same bytes as text (Latin-1). Whoever
        is not answered before the next frame is asked for gets the usual answer then. Raises `Closed` once closed.
        """
        self._end.answer(item, data)

    def fileno(self) -> int:
        return self._end.fileno()

    def stats(self) -> Stats:
        stats = self._end.stats
        stats.rejected = self._end.complaints.rejected
        return stats

    def states(self) -> dict[str, SourceState]:
        return self._end.states()

    def close(self) -> None:
        self._closed = True
        self._end.close()

    def _place(self) -> str:
        return self.where
