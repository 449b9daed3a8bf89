"""One part of a Zarr recording: the frames of a stream that are alike."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import msgspec
import numpy as np

from framebus.core.names import valid_name
from framebus.sinks.content import Content, Look, Metas
from framebus.sinks.zarr import index as zarr_index
from framebus.sinks.zarr.index import Column
from framebus.sinks.zarr.tree import Tree
from framebus.wire.recordings import missed as losses
from framebus.wire.recordings import zarr as hierarchy
from framebus.wire.recordings.hdf5 import AGAIN
from framebus.wire.recordings.zarr import DESCRIPTION, Array
from framebus.wire.recordings.zarr_stored import Stored

BLOCK = 64
"""So many rows are taken ahead at a time."""


class Part:
    """The group `name` of `tree`, which has `count` frames; grows frame by frame. Used by one thread at a time.

    missed  as many rows as there are frames before which others were lost
    """

    def __init__(
        self, tree: Tree, name: str, frames: dict[str, Array], count: int, meta_end: int, missed: Array
    ) -> None:
        self.count = count
        self._tree, self._name, self._frames = tree, name, frames
        index = {column: zarr_index.new(column) for column in hierarchy.INDEX}
        self._index = {column: Column(tree, f"{name}/{column}", array) for column, array in index.items()}
        self._meta = Column(tree, f"{name}/meta", zarr_index.new_meta())
        self._missed = Column(tree, f"{name}/{losses.NAME}", missed)
        self._metas = Metas(meta_end)
        self._capacity = 0

    @property
    def packed(self) -> bool:
        """Whether its frames are in gzip."""
        return self._frames["frames"].packed

    def append(self, content: Content, packed: Sequence[bytes | memoryview]) -> None:
        """Add a frame whose arrays, the pixels first, are `packed`; when this returns it is there whole.

        Raises `OSError`; it is not there then.
        """
        if self.count >= self._capacity:
            self.resize(self.count + BLOCK)
        frame = content.frame
        row = {
            "captured_ns": frame.captured_ns,
            "captured_mono_ns": frame.captured_mono_ns,
            "seq": frame.seq,
            "run": frame.run,
            "clock": np.frombuffer(frame.clock.encode("ascii", "replace")[:40].ljust(40, b"\0"), np.uint8),
            "meta_span": self._metas.place(frame, self._put_meta),
        }
        for (place, array), data in zip(self._frames.items(), packed, strict=True):
            self._tree.put(f"{self._name}/{place}/{array.chunk_name(self.count)}", data)
        if frame.missed:
            self._put_missed(frame.missed)
        for name, value in [*row.items(), ("there", 1)]:  # the last says that all the others are whole
            self._index[name].put(self.count, zarr_index.row_of(name, value).tobytes())
        self.count += 1

    def resize(self, rows: int) -> None:
        """Say that there are so many frames. Raises `OSError`."""
        for place, array in self._frames.items():
            self._tree.put(f"{self._name}/{place}/{DESCRIPTION}", described(array, rows))
        for column in self._index.values():
            column.resize(rows)
        self._capacity = rows

    def finish(self) -> None:
        """Say how many frames there are, unless the folder was removed. Raises `OSError`."""
        if self._tree.gone:
            return
        if self._capacity != self.count:
            self.resize(self.count)
        if self._meta.capacity != self._metas.end:
            self._meta.resize(self._metas.end)

    def close(self) -> None:
        """Let go of the files; idempotent."""
        for column in (*self._index.values(), self._meta, self._missed):
            column.close()

    def _put_missed(self, frames: int) -> None:
        """The pair first and then that there is one more: no reader sees a row of zeros."""
        at = self._missed.capacity
        self._missed.put(at, losses.row(self.count, frames))
        self._missed.resize(at + 1)

    def _put_meta(self, at: int, text: bytes) -> None:
        if (end := at + len(text)) > self._meta.capacity:
            self._meta.resize(end + hierarchy.META_BYTES)
        self._meta.put(at, text)


def make(tree: Tree, name: str, look: Look, *, packed: bool) -> Part:
    """A new part, empty. Raises `OSError`, and `BadFrame` for types that Zarr has not."""
    frames = {"frames": _frames(look.shape, look.dtype, packed=packed)}
    for number, (array, shape, dtype) in enumerate(look.extra):
        place = array if valid_name(array) and array != DESCRIPTION else f"array-{number}@"
        frames[f"arrays/{place}"] = _frames(shape, dtype, packed=packed, attributes={"name": array})
    texts = {place: hierarchy.described(array) for place, array in frames.items()}
    for place, text in texts.items():
        tree.put(f"{name}/{place}/{DESCRIPTION}", text)
    if look.extra:
        tree.put(f"{name}/arrays/{DESCRIPTION}", hierarchy.group({}))
    for column in hierarchy.COLUMNS:
        tree.put(f"{name}/{column}/{DESCRIPTION}", hierarchy.described(zarr_index.new(column)))
    tree.put(f"{name}/meta/{DESCRIPTION}", hierarchy.described(zarr_index.new_meta()))
    attributes = {"stream": look.stream, "format": look.format, "arrays": list(frames)[1:]}
    tree.put(f"{name}/{DESCRIPTION}", hierarchy.group(attributes))
    return Part(tree, name, frames, 0, 0, zarr_index.new(losses.NAME))


def continued(tree: Tree, one: Stored) -> Part:
    """A part that goes on behind its last frame; what was being written of the next is forgotten. Raises `OSError`."""
    count = meta_end = 0
    for block in one.blocks():
        count += len(block["seq"])
        meta_end = max(meta_end, int(block["meta_span"].sum(axis=1).max()))
    return Part(tree, one.name, dict(one.arrays), count, meta_end, _missed(tree, one, count))


def _missed(tree: Tree, one: Stored, rows: int) -> Array:
    """The array of what was lost before the first `rows` frames; an older recording gets one, for those that come."""
    name = f"{one.name}/{losses.NAME}/{DESCRIPTION}"
    if not one.tells:
        array = zarr_index.new(losses.NAME, {losses.SINCE: rows})
        tree.put(name, hierarchy.described(array))
        return array
    before = one.array(losses.NAME)
    array = msgspec.structs.replace(before, shape=(one.missed().fitting(rows), *before.row))
    if array != before:
        tree.put(name, hierarchy.described(array))
    return array


def described(array: Array, rows: int) -> bytes:
    """The description of an array of frames that has so many rows."""
    return hierarchy.described(msgspec.structs.replace(array, shape=(rows, *array.row)))


def name_of(look: Look, taken: Collection[str]) -> str:
    """The first name for a further part of a stream that is not taken."""
    name, number = look.stream, 1
    while name in taken or name == DESCRIPTION:
        number += 1
        name = f"{look.stream}{AGAIN}{number}"
    return name


def _frames(shape: tuple[int, ...], dtype: str, *, packed: bool, attributes: dict[str, Any] | None = None) -> Array:
    return Array((0, *shape), dtype, (1, *shape), packed, attributes or {})
