"""A recording that is played: every frame as it was, of one stream or many in the order of time."""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from framebus.core.errors import BadFrame
from framebus.core.frame import Frame
from framebus.core.names import matches
from framebus.core.options import check
from framebus.sources.pace import Pace
from framebus.sources.stretch import Stretch, behind_the_end, paced, told_if_none


class Row(Protocol):
    """What is known of one frame; its pixels are read when asked for."""

    @property
    def captured_ns(self) -> int:
        """When it was captured."""
        ...

    def frame(self) -> Frame:
        """The frame; raises `BadFrame` where it is damaged."""
        ...


class Part(Protocol):
    """Frames of one stream that lie together."""

    @property
    def stream(self) -> str:
        """Its name."""
        ...

    def first_ns(self) -> int | None:
        """When its first frame was captured; None where there is none."""
        ...

    def rows(self) -> Iterator[Row]:
        """All its frames, also those that are added meanwhile."""
        ...


Streams = Mapping[str, Sequence[Part]]
"""Of each stream its parts."""


class Played:
    """A maker of the frames in `streams`, with the identity, times, meta and arrays they had.

    path        what it is called in errors
    close_file  called once, when it is closed
    speed    None: every frame, as fast as it is taken (finite). A number: at this multiple of the pace of capture, live
    start, stop   from one moment to another, which is not included; see `framebus.core.moments`

    A file that is being written is read to where it is now. Nothing in it is executed. Raises `BadFrame` while
    iterating where a frame is damaged, `OptionError` where `start` lies behind the end.
    """

    def __init__(
        self,
        streams: Streams,
        path: str,
        close_file: Callable[[], object],
        *,
        speed: float | str | None = None,
        start: Any = None,
        stop: Any = None,
    ) -> None:
        self.live = speed is not None
        self._streams = streams
        self._path = path
        self._close_file = close_file
        self._speed = check("speed", speed) or 1.0
        self._stretch = Stretch(check("start", start), check("stop", stop))
        self._pace = Pace(0)
        self._lock = threading.Lock()
        self.name = min(streams)
        begun = [first for parts in streams.values() for part in parts if (first := part.first_ns()) is not None]
        self.begins_ns: int | None = min(begun, default=0)
        """When the first frame was captured."""

    def __iter__(self) -> Iterator[Frame]:
        """Frames in the order of time, to the end or until the maker is closed."""
        frames = told_if_none(self.frames(), self._refuse_beyond)
        return paced(frames, self._pace, self._speed) if self.live else frames

    def close(self) -> None:
        """End the iteration, also from another thread, and close the file; idempotent."""
        self._pace.stop()
        with self._lock:
            self._close_file()

    def frames(self) -> Iterator[Frame]:
        """The same, at once."""
        origin_ns = self.begins_ns or 0
        rows = heapq.merge(*(self._stretch_of(parts, origin_ns) for parts in self._streams.values()), key=_when)
        while True:
            with self._lock:
                if self._pace.stopped or (row := next(rows, None)) is None:
                    return
                frame = row.frame()
            yield frame

    @property
    def last_ns(self) -> int | None:
        """When its last frame was captured, None where there is none; all of it is looked through."""
        return max((row.captured_ns for parts in self._streams.values() for row in _rows(parts)), default=None)

    def _refuse_beyond(self) -> None:
        """Raise `OptionError` where there is no frame because all come before the start."""
        first_ns = self.begins_ns or 0
        with self._lock:
            if self._stretch.start is None or self._pace.stopped:
                return
            rows = [list(_rows(parts)) for parts in self._streams.values()]
            last_ns = self.last_ns
        numbered = [each for stream in rows for each in enumerate(stream)]
        if last_ns is not None and all(self._stretch.before(at, row.captured_ns, first_ns) for at, row in numbered):
            raise behind_the_end(self._path, last_ns - first_ns, max(map(len, rows)))

    def _stretch_of(self, parts: Sequence[Part], origin_ns: int) -> Iterator[Row]:
        """What is wanted of one stream."""
        for number, row in enumerate(_rows(parts)):
            if self._stretch.ended(number, row.captured_ns, origin_ns):
                return
            if not self._stretch.before(number, row.captured_ns, origin_ns):
                yield row


def by_stream(parts: Iterable[Part], path: str, streams: str | None) -> Streams:
    """Those of `parts` whose stream is called so (all, unless told); raises `BadFrame` where there is none."""
    found: dict[str, list[Part]] = {}
    for part in parts:
        found.setdefault(part.stream, []).append(part)
    wanted = check("streams", streams) or "*"
    chosen = {name: parts for name, parts in sorted(found.items()) if matches(wanted, name)}
    if not chosen:
        raise BadFrame(f"{path} holds no stream {wanted}: there is {', '.join(sorted(found)) or 'none'}")
    return chosen


def _rows(parts: Sequence[Part]) -> Iterator[Row]:
    """All of one stream in the order of time."""
    return heapq.merge(*(part.rows() for part in parts), key=_when)


def _when(row: Row) -> int:
    return row.captured_ns
