"""An HDF5 recording of framebus: every frame as it was, of one stream or many in the order of time."""

from __future__ import annotations

import heapq
import os
import threading
from collections.abc import Iterator
from functools import partial
from typing import Any

import h5py

from framebus.core.addresses import Path
from framebus.core.errors import BadFrame
from framebus.core.frame import Frame
from framebus.core.names import matches
from framebus.core.options import check
from framebus.sources import sniff
from framebus.sources.hdf5_part import Part, Row
from framebus.sources.pace import Pace
from framebus.sources.recordings import Recordings
from framebus.sources.stretch import Stretch, paced
from framebus.wire.recording import MARK, VERSION


def open_source(
    address: Path,
    *,
    speed: float | str | None = None,
    start: Any = None,
    stop: Any = None,
    streams: str | None = None,
) -> Hdf5 | Recordings:
    """The recording at `address`, see `Hdf5`; or of a glob all of them, see `Recordings`."""
    if address.glob and not os.path.exists(address.text):
        return Recordings(address.text, partial(Hdf5, streams=streams), speed=speed, start=start, stop=stop)
    return Hdf5(address.text, speed=speed, start=start, stop=stop, streams=streams)


class Hdf5:
    """A maker of the frames of a recording, with the identity, times, meta and arrays they had.

    speed    None: every frame, as fast as it is taken (finite). A number: at this multiple of the pace of capture, live
    start, stop   from one moment to another, which is not included; see `framebus.core.moments`
    streams  a name, or the beginning of names with `*`; default: all

    A file that is being written is read to where it is now. Nothing in it is executed. Raises `Unavailable` where it
    cannot be read, `BadFrame` where it is no recording of framebus or, while iterating, holds a damaged frame.
    """

    def __init__(
        self,
        path: str,
        *,
        speed: float | str | None = None,
        start: Any = None,
        stop: Any = None,
        streams: str | None = None,
    ) -> None:
        self.live = speed is not None
        self._path = path
        self._speed = check("speed", speed) or 1.0
        self._stretch = Stretch(check("start", start), check("stop", stop))
        self._pace = Pace(0)
        self._lock = threading.Lock()
        self._file = opened(path)
        try:
            self._streams = _by_stream(self._file, path, check("streams", streams) or "*")
        except BaseException:
            self._file.close()
            raise
        self.name = min(self._streams)
        begun = [first for parts in self._streams.values() for part in parts if (first := part.first_ns()) is not None]
        self.begins_ns: int | None = min(begun, default=0)
        """When the first frame was captured."""

    def __iter__(self) -> Iterator[Frame]:
        """Frames in the order of time, to the end or until the maker is closed."""
        return paced(self.frames(), self._pace, self._speed) if self.live else self.frames()

    def close(self) -> None:
        """End the iteration, also from another thread, and close the file; idempotent."""
        self._pace.stop()
        with self._lock:
            self._file.close()

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

    def _stretch_of(self, parts: list[Part], origin_ns: int) -> Iterator[Row]:
        """What is wanted of one stream."""
        for number, row in enumerate(heapq.merge(*(part.rows() for part in parts), key=_when)):
            if self._stretch.ended(number, row.captured_ns, origin_ns):
                return
            if not self._stretch.before(number, row.captured_ns, origin_ns):
                yield row


def opened(path: str) -> Any:
    """The file, also while it is written, or when its recorder was killed; raises `Unavailable`, `BadFrame`."""
    sniff.check_readable(path)
    for swmr in (False, True):
        try:
            file = h5py.File(path, "r", libver="latest", swmr=swmr, locking=False)
        except OSError as error:
            reason = error
            continue
        if file.attrs.get(MARK) == VERSION:
            return file
        names: list[str] = []
        file.visit(names.append)
        file.close()
        raise BadFrame(f"{path} is an HDF5 file with {', '.join(names[:5]) or 'nothing'} in it, no framebus recording")
    raise BadFrame(f"{path} cannot be read as HDF5: it contains {sniff.contents(path)} ({reason})")


def _by_stream(file: Any, path: str, wanted: str) -> dict[str, list[Part]]:
    found: dict[str, list[Part]] = {}
    for group in file.values():
        part = Part(group, path)
        found.setdefault(part.stream, []).append(part)
    chosen = {name: parts for name, parts in sorted(found.items()) if matches(wanted, name)}
    if not chosen:
        raise BadFrame(f"{path} holds no stream {wanted}: there is {', '.join(sorted(found)) or 'none'}")
    return chosen


def _when(row: Row) -> int:
    return row.captured_ns
