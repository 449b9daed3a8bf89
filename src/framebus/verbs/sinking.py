"""A sink (folder, window, nothing) as a publisher that everybody sends to alike."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from framebus.core.contracts import Done, Item, Sink
from framebus.core.errors import Closed
from framebus.core.names import fill_template
from framebus.core.publisher import Publisher
from framebus.core.snapshot import checked, snapshot
from framebus.core.statistics import Stats
from framebus.verbs.numbering import Numbering, host_name
from framebus.wire.meta import plain


class SinkPublisher(Publisher):
    """Writes frames to a sink on this machine, in the caller's thread; thread-safe.

    `stream` names what is written, and may hold `{stream}` for the name a frame already has.
    """

    def __init__(self, sink: Sink, *, stream: str = "", format: str | None = None, place: str = "") -> None:
        self.sink = sink
        self._at = place
        self._stream = stream
        self._numbering = Numbering(format=format)
        self._stats = Stats()
        self._lock = threading.Lock()
        self._closed = False

    @property
    def keep(self) -> str | None:
        """Which frames the sink wants; see `Sink.keep`."""
        return self.sink.keep

    @property
    def group(self) -> str | None:
        """The sink's durable name; see `Sink.group`."""
        return self.sink.group

    @property
    def packets(self) -> bool:
        """Whether coded packets are kept as they are."""
        return bool(getattr(self.sink, "packets", False))

    def send(
        self, image: npt.NDArray[Any] | Item, stream: str | None = None, meta: Mapping[str, Any] | None = None
    ) -> None:
        if isinstance(image, np.ndarray):
            image = checked(image)
            image = image if getattr(self.sink, "at_once", False) else snapshot(image)
        meta = None if meta is None else plain(meta)
        with self._lock:
            self._write(self._numbering.item(image, stream or self._name(image), meta), _nothing)

    def write(self, item: Item, done: Done) -> None:
        with self._lock:
            self._write(self._numbering.item(item, self._name(item)), done)

    def tell_shared(self, shared: Callable[[str], bool]) -> None:
        """`shared` says of a stream whether several publishers bring its frames, which then come in any order."""
        if hasattr(self.sink, "shared"):
            self.sink.shared = shared

    @property
    def where(self) -> str:
        """The address of a sink that programs of other systems read, with the port the system chose; else empty."""
        return str(getattr(self.sink, "where", ""))

    @property
    def listens(self) -> bool:
        """True when such programs connect to it."""
        return bool(getattr(self.sink, "listens", False))

    def stats(self) -> Stats:
        self._stats.unseen = getattr(self.sink, "unseen", 0)
        self._stats.repeated = getattr(self.sink, "repeated", 0)
        return self._stats

    def close(self) -> None:
        with self._lock:
            if not self._closed:
                self._closed = True
                self.sink.close()

    def abandon(self) -> None:
        abandon = getattr(self.sink, "abandon", None)
        if abandon is None:
            self.close()  # what was written stays, and nobody reads it from here
            return
        self._closed = True
        abandon()  # without the lock: somebody may be waiting in `write`

    def _place(self) -> str:
        return self.where or self._at

    def _name(self, image: object) -> str | None:
        if not self._stream:
            return None
        return fill_template(self._stream, getattr(image, "stream", "") or host_name())

    def _write(self, item: Item, done: Done) -> None:
        if self._closed:
            raise Closed("this publisher was closed: publish again to write on")
        self.sink.write(item, done)
        self._stats.count(item)


def _nothing() -> None:
    """Nobody waits to hear that it is written."""
