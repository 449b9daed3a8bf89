"""The files that hold a spool's frames: written at the end of the newest, removed once nobody is owed any of it."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Iterable, Iterator
from io import FileIO
from typing import NamedTuple
from zlib import crc32

import numpy as np

from framebus.core.errors import BadFrame
from framebus.links.spool import damaged_files, records
from framebus.links.spool.records import Damage, Record
from framebus.memory import room
from framebus.wire.layout import Buffer

MOST_BYTES = 64_000_000
SHARE = 16
"""A segment has at most this part of the whole: so much is given up at a time when the spool is full."""
_NAME = re.compile(r"(\d{10})\.frames")


def has_frames(names: Iterable[str]) -> bool:
    """True where files of frames are among these."""
    return any(map(_NAME.fullmatch, names))


class Segment:
    """One file, and the order numbers of the frames in it; `live` counts those that somebody is owed."""

    __slots__ = ("broken", "live", "orders", "path", "size")

    def __init__(self, path: str) -> None:
        self.path = path
        self.size = 0
        self.live = 0
        self.orders: list[int] = []
        self.broken = ""
        """What is wrong with it, once something is."""


class Place(NamedTuple):
    """Where a frame is."""

    segment: Segment
    offset: int


class Segments:
    """All of one folder. Used under one lock."""

    def __init__(self, folder: str, max_bytes: int) -> None:
        self.used = 0
        """Bytes that all files take."""
        self._folder = folder
        self._limit = min(max_bytes // SHARE, MOST_BYTES)
        self._number = 0
        self._current: Segment | None = None
        self._file: FileIO | None = None
        self._reading: tuple[Segment, FileIO] | None = None

    def load(self, use: Callable[[Record, Place], bool]) -> None:
        """Give every record to `use`, which says whether somebody is owed it; files that nobody is owed are removed."""
        for number, path in sorted(self._found()):
            self._number = number
            segment = Segment(path)

            def note(record: Record, segment: Segment = segment) -> None:
                segment.live += use(record, Place(segment, record.offset))
                segment.size = record.end

            damaged_files.sound(path, note)
            self.used += segment.size
            if not segment.live:
                self.remove(segment)

    def _found(self) -> Iterator[tuple[int, str]]:
        for name in os.listdir(self._folder):
            if match := _NAME.fullmatch(name):
                yield int(match[1]), os.path.join(self._folder, name)

    def append(self, order: int, parts: list[Buffer]) -> Place:
        """Write one record. Raises `OSError`; then nothing was written."""
        nbytes = sum(memoryview(part).nbytes for part in parts)
        if self._current is not None and self._current.size and self._current.size + nbytes > self._limit:
            self._finish()
        segment, file = self._open()
        try:
            end = records.append(file, segment.size, parts)
        except OSError:
            if not segment.size:
                self._finish()
            raise
        place = Place(segment, segment.size)
        self.used += end - segment.size
        segment.size = end
        segment.orders.append(order)
        segment.live += 1
        return place

    def _open(self) -> tuple[Segment, FileIO]:
        if self._current is None or self._file is None:
            self._number += 1
            path = os.path.join(self._folder, f"{self._number:010}.frames")
            descriptor = os.open(path, records.NEW | os.O_EXCL, 0o600)
            self._file, self._current = FileIO(descriptor, "w"), Segment(path)
        return self._current, self._file

    def _finish(self) -> None:
        """Nothing more is written to the current file."""
        segment = self._current
        self._close_writing()
        if segment is not None and not segment.size:
            with contextlib.suppress(OSError):
                os.unlink(segment.path)

    def _close_writing(self) -> None:
        self._current = None
        if self._file is not None:
            self._file.close()
            self._file = None

    def new_file(self) -> bool:
        """Go on in another file; False where the current one is new."""
        fresh = self._current is None or not self._current.size
        self._finish()
        return not fresh

    def read(self, place: Place) -> tuple[bytes, memoryview]:
        """Head and payload of a frame, the payload in shared memory where that spares a copy.

        Raises `BadFrame` for what is not what was written, `OSError` where it cannot be read.
        """
        file = self._opened(place.segment)
        try:
            record = records.read(file, place.offset, place.segment.size)
        except Damage as found:
            raise BadFrame(str(found)) from None
        payload = room.empty((record.payload_bytes,), np.uint8).data
        view = payload
        while view.nbytes:
            if not (count := file.readinto(view)):
                raise BadFrame("it ends within a record")
            view = view[count:]
        if crc32(payload) != record.payload_crc:
            raise BadFrame("a checksum is wrong")
        return record.head, payload.toreadonly()

    def _opened(self, segment: Segment) -> FileIO:
        if self._reading is None or self._reading[0] is not segment:
            self._close_reading()
            self._reading = segment, FileIO(segment.path, "r")
        return self._reading[1]

    def _close_reading(self) -> None:
        if self._reading is not None:
            self._reading[1].close()
            self._reading = None

    def remove(self, segment: Segment) -> None:
        """Nobody is owed any of it. Its bytes do not count any more, even where the system cannot remove it."""
        if self._reading is not None and self._reading[0] is segment:
            self._close_reading()
        if segment is self._current:
            self._finish()
        self.used -= segment.size
        with contextlib.suppress(OSError):
            if segment.broken:
                damaged_files.keep_apart(segment.path, segment.broken)
            else:
                os.unlink(segment.path)
        segment.size = 0

    def sync(self) -> None:
        """Force what was written to the disk."""
        if self._file is not None:
            os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the files and leave them as they are; more than once is fine."""
        self._close_reading()
        self._close_writing()
