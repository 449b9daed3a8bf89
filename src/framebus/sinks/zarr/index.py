"""The arrays beside the frames of a Zarr recording: small rows, written in place as they come."""

from __future__ import annotations

import os
from typing import Any

import msgspec
import numpy as np

from framebus.sinks.zarr.tree import Tree
from framebus.wire.recordings import zarr as hierarchy
from framebus.wire.recordings.zarr import Array


class Column:
    """One array `name` of `tree` whose chunks have `many` rows each. Used by one thread at a time.

    Rows are written where they belong in a chunk that is there whole, zeros behind them, so that every reader can read
    the array at any moment. Raises `OSError`.
    """

    def __init__(self, tree: Tree, name: str, array: Array) -> None:
        self._tree, self._name, self._array = tree, name, array
        self._many = array.chunk[0]
        self._row = array.chunk_bytes // self._many
        self._chunk = -1
        self._descriptor = -1

    @property
    def capacity(self) -> int:
        """How many rows it has, those taken ahead included."""
        return self._array.shape[0]

    def resize(self, rows: int) -> None:
        """Say that it has so many rows."""
        array = msgspec.structs.replace(self._array, shape=(rows, *self._array.row))
        self._tree.put(f"{self._name}/{hierarchy.DESCRIPTION}", hierarchy.described(array))
        self._array = array

    def put(self, at: int, data: Any) -> None:
        """Write rows from `at` on."""
        view = memoryview(data).cast("B")
        while view:
            chunk, row = divmod(at, self._many)
            size = min(len(view), (self._many - row) * self._row)
            self._open(chunk)
            _write(self._descriptor, view[:size], row * self._row)
            at, view = at + size // self._row, view[size:]
        if self._tree.fsync:
            os.fsync(self._descriptor)

    def close(self) -> None:
        """Close what is open; idempotent."""
        descriptor, self._descriptor, self._chunk = self._descriptor, -1, -1
        if descriptor >= 0:
            os.close(descriptor)

    def _open(self, chunk: int) -> None:
        if chunk == self._chunk:
            return
        self.close()
        name = f"{self._name}/{self._array.chunk_name(chunk)}"
        path = os.path.join(self._tree.root, name)
        if not os.path.exists(path):
            self._tree.put(name, bytes(self._array.chunk_bytes))
        self._descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
        self._chunk = chunk


def new(name: str, attributes: dict[str, Any] | None = None) -> Array:
    """What the array `name` beside the frames is while it is empty."""
    dtype, row = hierarchy.COLUMNS[name]
    return Array((0, *row), dtype, (hierarchy.ROWS, *row), attributes=attributes or {})


def new_meta() -> Array:
    """What the array of meta is while it is empty."""
    return Array((0,), "|u1", (hierarchy.META_BYTES,))


def row_of(name: str, value: Any) -> np.ndarray[Any, Any]:
    """One row of the array `name` of the index."""
    dtype, row = hierarchy.INDEX[name]
    return np.asarray(value, dtype).reshape(row)


def _write(descriptor: int, view: memoryview, at: int) -> None:
    while view:
        written = os.pwrite(descriptor, view, at)
        at, view = at + written, view[written:]
