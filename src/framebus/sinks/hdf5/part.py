"""One part of an HDF5 recording: the frames of a stream that are alike."""

from __future__ import annotations

import math
import struct
from typing import Any

import h5py
import numpy as np

from framebus.sinks.content import Content, Look, Metas
from framebus.sinks.hdf5.placed import ALIGNED_FROM, LEAST_NBYTES, PAGE, Ground, Placed
from framebus.wire.recordings import hdf5_chunks as chunks
from framebus.wire.recordings import missed as losses
from framebus.wire.recordings.hdf5 import AGAIN, INDEX, LZ4_FILTER, missed_of, there

AHEAD = 16 * 1024 * 1024
"""Bytes of frames for which places are made at a time."""
_INDEX_ROWS = 256
_META_CHUNK = 16_384
_ROW = struct.Struct("<qQQqQI40sB")
"""As `INDEX`."""


class Part:
    """The group `name` of a file; grows frame by frame. Used by one thread at a time."""

    def __init__(self, group: Any, look: Look, ground: Ground) -> None:
        self.look = look
        self.count = len(there(group["index"][:]))
        self._frames = _rows(group["frames"], ground)
        self._extra = {name: _rows(group["arrays"][name], ground) for name, _, _ in look.extra}
        self._index, self._meta = _rows(group["index"], ground, 0), _rows(group["meta"], ground, 0)
        self._missed = group[losses.NAME]
        self.packs = packed(group)
        """Whether pixels pass through a filter before they come here."""
        self._metas = Metas(len(group["meta"]))

    def append(self, content: Content, packed: Any) -> int:
        """Add a frame whose pixels are `packed`; when this returns it is in the file, whole. How many bytes it took."""
        frame, pixels, before = content.frame, _bytes(packed), self._metas.end
        nbytes = len(pixels) + INDEX.itemsize
        meta_at, meta_nbytes = self._metas.place(frame, self._put_meta)
        for name, array in content.extra:
            self._extra[name].put(self.count, _bytes(array))
            nbytes += array.nbytes
        self._frames.put(self.count, pixels)
        if frame.missed:
            self._put_missed(frame.missed)
        times, clock = (frame.captured_ns, frame.captured_mono_ns), frame.clock.encode("ascii", "replace")
        row = _ROW.pack(times[0], frame.seq, frame.run, times[1], meta_at, meta_nbytes, clock, True)
        self._index.put(self.count, memoryview(row))  # last, so that what the index knows is there
        self.count += 1
        return nbytes + self._metas.end - before

    def finish(self) -> list[tuple[int, int]]:
        """Nothing more is added; places, and how many bytes each has, that nothing came to."""
        rows = [(one, self.count) for one in (self._frames, self._index, *self._extra.values())]
        return [place for one, end in (*rows, (self._meta, self._metas.end)) for place in one.finish(end)]

    def _put_missed(self, frames: int) -> None:
        pairs = len(self._missed)
        self._missed.resize(pairs + 1, axis=0)
        self._missed[pairs] = losses.row(self.count, frames)[0]
        self._missed.flush()

    def _put_meta(self, at: int, text: bytes) -> None:
        self._meta.put(at, memoryview(text))


def make(group: Any, look: Look, compress: str | None) -> None:
    """The datasets of a new part."""
    group.attrs["stream"], group.attrs["format"] = look.stream, look.format
    through = chunks.filters(compress, np.dtype(look.dtype).itemsize)
    rows = 1 if through else _in_a_chunk(look.shape, look.dtype)
    _make_rows(group, "frames", look.shape, look.dtype, rows=rows, through=through)
    _make_rows(group, "index", (), INDEX, rows=_INDEX_ROWS)
    _make_rows(group, "meta", (), np.uint8, rows=_META_CHUNK)
    _make_missed(group)
    arrays = group.create_group("arrays") if look.extra else None
    for name, shape, dtype in look.extra:
        _make_rows(arrays, name, shape, dtype, rows=1 if through else _in_a_chunk(shape, dtype))


def look_of(group: Any) -> Look:
    """Of a part that is there."""
    extra = group["arrays"].items() if "arrays" in group else ()
    return Look(
        stream=group.attrs["stream"],
        format=group.attrs["format"],
        shape=group["frames"].shape[1:],
        dtype=group["frames"].dtype.str,
        extra=tuple((name, rows.shape[1:], rows.dtype.str) for name, rows in extra),
    )


def in_pages(look: Look) -> bool:
    """Whether its large arrays are whole pages, so that there need not be gaps between them."""
    arrays = [(look.shape, look.dtype), *((shape, dtype) for _, shape, dtype in look.extra)]
    sizes = [math.prod(shape) * np.dtype(dtype).itemsize for shape, dtype in arrays]
    return all(nbytes < ALIGNED_FROM or nbytes % PAGE == 0 for nbytes in sizes)


def packed(group: Any) -> bool:
    """Whether its pixels pass through a filter."""
    return bool(_filters(group["frames"]))


def goes_on(group: Any) -> bool:
    """Whether frames may be added: not where an earlier framebus made it, whose index has not all that ours has."""
    return bool(group["index"].dtype == INDEX)


def trim(group: Any) -> None:
    """Forget places for frames to come, and what was written of one that the index does not know."""
    index = there(group["index"][:])
    if losses.NAME not in group:
        _make_missed(group).attrs[losses.SINCE] = len(index)
    ends = [(group["index"], len(index)), (group[losses.NAME], missed_of(group).fitting(len(index)))]
    ends.append((group["meta"], int((index["meta_at"] + index["meta_bytes"]).max(initial=0))))
    ends += [(rows, len(index)) for rows in (group["frames"], *group.get("arrays", {}).values())]
    for dataset, end in ends:
        if len(dataset) > end:
            dataset.resize(end, axis=0)


def name_of(look: Look, taken: Any) -> str:
    """The first name for a further part of a stream that is not taken."""
    name, number = look.stream, 1
    while name in taken:
        number += 1
        name = f"{look.stream}{AGAIN}{number}"
    return name


class _Through:
    """A dataset that is written by HDF5; where each row is a chunk, as it is packed, of any length."""

    def __init__(self, dataset: Any, ground: Ground) -> None:
        self._dataset, self._ground = dataset, ground

    def put(self, at: int, data: memoryview) -> None:
        self._ground.take(len(data))
        if self._dataset.chunks[0] == 1:
            self._dataset.resize(at + 1, axis=0)
            self._dataset.id.write_direct_chunk((at, *(0 for _ in self._dataset.shape[1:])), data)
        else:
            rows = np.frombuffer(data, self._dataset.dtype).reshape(-1, *self._dataset.shape[1:])
            self._dataset.resize(at + len(rows), axis=0)
            self._dataset[at:] = rows
        self._dataset.flush()

    def finish(self, rows: int) -> list[tuple[int, int]]:
        return []  # there are as many as were put


def _rows(dataset: Any, ground: Ground, ahead: int = AHEAD) -> _Through | Placed:
    predictable = ground.predictable and not _filters(dataset)
    return Placed(dataset, ground, ahead) if predictable else _Through(dataset, ground)


def _filters(dataset: Any) -> tuple[int, ...]:
    properties = dataset.id.get_create_plist()
    return tuple(properties.get_filter(index)[0] for index in range(properties.get_nfilters()))


def _bytes(data: Any) -> memoryview:
    """Of an array whose rows lie behind each other, or as they are."""
    return data.reshape(-1).view(np.uint8).data if isinstance(data, np.ndarray) else memoryview(data)


def _in_a_chunk(shape: tuple[int, ...], dtype: str) -> int:
    """How many rows are in a chunk: one, or of small ones so many that they fill it."""
    return -(-LEAST_NBYTES // (math.prod(shape) * np.dtype(dtype).itemsize))


def _make_missed(group: Any) -> Any:
    return group.create_dataset(losses.NAME, (0, 2), losses.DTYPE, maxshape=(None, 2), chunks=(_INDEX_ROWS, 2))


def _make_rows(
    group: Any, name: str, shape: tuple[int, ...], dtype: Any, *, rows: int = 1, through: tuple[int, ...] = ()
) -> None:
    """A dataset with so many rows in each chunk, each of which has its place as soon as it has a number."""
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_chunk((rows, *shape))
    properties.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
    if not through:
        properties.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    for one in through:
        # optional, because we compress ourselves and HDF5 need not have a plug-in for that
        values = (4 * 1024 * 1024,) if one == LZ4_FILTER else (np.dtype(dtype).itemsize,) if one == 2 else (1,)
        properties.set_filter(one, h5py.h5z.FLAG_OPTIONAL, values)
    space = h5py.h5s.create_simple((0, *shape), (h5py.h5s.UNLIMITED, *shape))
    kind = h5py.h5t.py_create(np.dtype(dtype), logical=True)
    h5py.h5d.create(group.id, name.encode(), kind, space, properties)
