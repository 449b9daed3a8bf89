"""Rows that are written where HDF5 keeps their place, without asking it for each: as fast as into a plain file."""

from __future__ import annotations

import math
import os
from typing import Any, cast

import numpy as np

from framebus.sinks.disk_space import Room
from framebus.sinks.writeback import Writeback

LEAST_NBYTES = 4096
"""Chunks of half of that share blocks of HDF5's, and smaller ones than this fill gaps: only it knows their places."""
ALIGNED_FROM, PAGE = 65_536, 4096
"""Chunks of so many bytes begin where a page does where all are whole pages: what the system copies into is whole."""
SLACK = 1_000_000
"""More than HDF5 writes for itself, whatever is added."""
_CHUNKS_AHEAD = 256
_MARKED = 16
"""So many numbers say whether a place is where it is taken to be."""


class Ground:
    """The file beneath HDF5: `file` as h5py has it, its `descriptor` (borrowed), and the `room` that it has taken.

    writeback    told of what is written; None where that is forced to the disk anyway
    predictable  whether what is added comes at the end: where nothing was freed since the file was opened, and all
                 chunks in it have `LEAST_NBYTES` or more. Rows are only `Placed` there
    alignment    what the places of large chunks are multiples of
    """

    def __init__(
        self, file: Any, descriptor: int, room: Room, writeback: Writeback | None, *, predictable: bool, alignment: int
    ) -> None:
        self._id, self._descriptor, self._room, self._writeback = file.id, descriptor, room, writeback
        self.predictable, self.alignment = predictable, alignment

    @property
    def end(self) -> int:
        """Behind everything that HDF5 has a place for."""
        return cast(int, self._id.get_filesize())

    def place(self, nbytes: int) -> int:
        """Where so many bytes are put next."""
        return -(-self.end // self.alignment) * self.alignment if nbytes >= ALIGNED_FROM else self.end

    def take(self, nbytes: int) -> None:
        """Make sure that so many bytes may be added; raises `Unavailable` where the disk has no room for them.

        The file is longer at once: a place that HDF5 told of is inside of it whenever this process is killed.
        """
        end = self.end + nbytes + SLACK
        self._room.need(end)
        if os.fstat(self._descriptor).st_size < end:
            os.ftruncate(self._descriptor, end)

    def get(self, at: int, nbytes: int) -> bytes:
        """The bytes there."""
        return os.pread(self._descriptor, nbytes, at)

    def put(self, at: int, data: memoryview) -> None:
        """Write `data`, bytes, there. Raises `OSError`."""
        while data:
            written = os.pwrite(self._descriptor, data, at)
            if self._writeback is not None:
                self._writeback.wrote(at, written)
            at, data = at + written, data[written:]


class Placed:
    """A dataset without filters whose chunks hold whole rows, each written once, in their order.

    ahead  of how many bytes places are made at a time, at most, and never more than twice as many as the last time;
           0: one chunk at a time, and nothing is ever in it but what is put there

    Behind the rows that were written it is longer by places whose bytes are zeros. Used by one thread at a time.
    """

    def __init__(self, dataset: Any, ground: Ground, ahead: int = 0) -> None:
        self._dataset, self._id, self._ground, self._ahead = dataset, dataset.id, ground, ahead
        self._row, self._chunk_rows = dataset.shape[1:], dataset.chunks[0]
        self._row_nbytes: int = dataset.dtype.itemsize * math.prod(self._row)
        self._chunk_nbytes = self._row_nbytes * self._chunk_rows
        self._first, begun = divmod(len(dataset), self._chunk_rows)
        self._places = [self._go_on()] if begun else []

    def put(self, at: int, data: memoryview) -> None:
        """Write whole rows, bytes, from row `at` on. Raises `OSError`, and `Unavailable` where the disk is full."""
        while data:
            chunk, inside = divmod(at, self._chunk_rows)
            if chunk >= self._first + len(self._places):
                self._grow()
            room = (self._chunk_rows - inside) * self._row_nbytes
            self._ground.put(self._places[chunk - self._first] + inside * self._row_nbytes, data[:room])
            at, data = at - inside + self._chunk_rows, data[room:]

    def finish(self, rows: int) -> list[tuple[int, int]]:
        """There are so many rows and no more; places, and how many bytes each has, that nothing came to."""
        self._id.set_extent((rows, *self._row))
        self._id.flush()
        used = max(0, -(-rows // self._chunk_rows) - self._first)
        return [(place, self._chunk_nbytes) for place in self._places[used:]]

    def _go_on(self) -> int:
        """The place of the chunk that was begun, all of whose rows are there again."""
        self._extend(self._first + 1)
        return self._asked(self._first)

    def _grow(self) -> None:
        there = self._first + len(self._places)
        more = max(1, min(len(self._places) * 2, self._ahead // self._chunk_nbytes, _CHUNKS_AHEAD))
        self._ground.take(more * self._chunk_nbytes)
        self._first, self._places = there, [self._made(there + chunk) for chunk in range(more)]
        self._id.flush()

    def _made(self, chunk: int) -> int:
        """The place of one that is added: the end. Where HDF5 needed more for itself, it is looked whether it is."""
        place = self._ground.place(self._chunk_nbytes)
        self._extend(chunk + 1)
        sure = self._places and self._ground.end == place + self._chunk_nbytes
        return place if sure or (self._ahead and self._is_at(place, chunk)) else self._asked(chunk)

    def _extend(self, chunks: int) -> None:
        self._id.set_extent((chunks * self._chunk_rows, *self._row))

    def _is_at(self, place: int, chunk: int) -> bool:
        """Whether what HDF5 writes into that chunk comes there; zeros are in it afterwards."""
        begin, length = chunk * self._chunk_rows, min(_MARKED, self._row[-1] if self._row else self._chunk_rows)
        zeros = (0,) * (len(self._row) - 1)
        where = (begin, *zeros, slice(0, length)) if self._row else slice(begin, begin + length)
        mark = np.frombuffer(os.urandom(length * self._dataset.dtype.itemsize), self._dataset.dtype)
        self._dataset[where] = mark
        found = self._ground.get(place, mark.nbytes) == mark.tobytes()
        self._dataset[where] = np.zeros_like(mark)
        return found

    def _asked(self, chunk: int) -> int:
        """What HDF5 says, which looks at one after the other."""
        return int(self._id.get_chunk_info_by_coord((chunk * self._chunk_rows, *(0 for _ in self._row))).byte_offset)
