"""One part of an HDF5 recording: the frames of a stream that are alike."""

from __future__ import annotations

from typing import Any

import h5py
import numpy as np

from framebus.sinks.content import Content, Look, Metas
from framebus.wire.recordings import hdf5_chunks as chunks
from framebus.wire.recordings import missed as losses
from framebus.wire.recordings.hdf5 import AGAIN, INDEX, LZ4_FILTER, missed_of

_INDEX_ROWS = 256
_META_CHUNK = 16_384
_ONE, _PAIR = h5py.h5s.create_simple((1,)), h5py.h5s.create_simple((1, 2))


class Part:
    """The group `name` of a file; grows frame by frame. Used by one thread at a time."""

    def __init__(self, group: Any, look: Look) -> None:
        self.look = look
        self.count = len(group["index"])
        self._frames = _Rows(group["frames"])
        self._extra = {name: _Rows(group["arrays"][name]) for name, _, _ in look.extra}
        self._index, self._meta, self._missed = group["index"], group["meta"], group[losses.NAME]
        self._pairs = len(self._missed)
        self._metas = Metas(len(self._meta))

    @property
    def filters(self) -> tuple[int, ...]:
        """What the pixels pass through."""
        return self._frames.filters

    def append(self, content: Content, packed: Any) -> None:
        """Add a frame whose pixels are `packed`; when this returns it is in the file, whole."""
        frame = content.frame
        row = np.zeros(1, INDEX)
        row["captured_ns"], row["captured_mono_ns"] = frame.captured_ns, frame.captured_mono_ns
        row["seq"], row["run"], row["clock"] = frame.seq, frame.run, frame.clock.encode("ascii", "replace")
        row["meta_at"], row["meta_bytes"] = self._metas.place(frame, self._put_meta)
        for name, array in content.extra:
            self._extra[name].put(self.count, array)
        self._frames.put(self.count, packed)
        if frame.missed:
            self._put_row(self._missed.id, self._pairs, losses.row(self.count, frame.missed), _PAIR)
            self._pairs += 1
        self._put_row(self._index.id, self.count, row, _ONE)  # last, so that what the index knows is there
        self.count += 1

    def _put_row(self, dataset: Any, at: int, row: Any, shape: Any) -> None:
        dataset.set_extent((at + 1, *row.shape[1:]))
        space = dataset.get_space()
        space.select_hyperslab((at, 0)[: row.ndim], row.shape)
        dataset.write(shape, space, row)
        dataset.flush()

    def _put_meta(self, at: int, text: bytes) -> None:
        self._meta.resize(at + len(text), axis=0)
        self._meta[at:] = np.frombuffer(text, np.uint8)
        self._meta.flush()


def make(group: Any, look: Look, compress: str | None) -> None:
    """The datasets of a new part."""
    group.attrs["stream"], group.attrs["format"] = look.stream, look.format
    through = chunks.filters(compress, np.dtype(look.dtype).itemsize)
    _make_rows(group, "frames", look.shape, look.dtype, through)
    group.create_dataset("index", (0,), INDEX, maxshape=(None,), chunks=(_INDEX_ROWS,))
    group.create_dataset("meta", (0,), np.uint8, maxshape=(None,), chunks=(_META_CHUNK,))
    _make_missed(group)
    arrays = group.create_group("arrays") if look.extra else None
    for name, shape, dtype in look.extra:
        _make_rows(arrays, name, shape, dtype, ())


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


def trim(group: Any) -> None:
    """Forget what was written of a frame when the recorder died before it said which one that is."""
    count = len(group["index"])
    if losses.NAME not in group:
        _make_missed(group).attrs[losses.SINCE] = count
    group[losses.NAME].resize(missed_of(group).fitting(count), axis=0)
    rows = [group["frames"], *(group["arrays"].values() if "arrays" in group else ())]
    for dataset in rows:
        if len(dataset) > count:
            dataset.resize(count, axis=0)


def name_of(look: Look, taken: Any) -> str:
    """The first name for a further part of a stream that is not taken."""
    name, number = look.stream, 1
    while name in taken:
        number += 1
        name = f"{look.stream}{AGAIN}{number}"
    return name


class _Rows:
    """A dataset of which each row is a chunk."""

    def __init__(self, dataset: Any) -> None:
        self._id = dataset.id
        self._shape = dataset.shape[1:]
        properties = self._id.get_create_plist()
        self.filters = tuple(properties.get_filter(index)[0] for index in range(properties.get_nfilters()))

    def put(self, at: int, data: Any) -> None:
        self._id.set_extent((at + 1, *self._shape))
        self._id.write_direct_chunk((at, *(0 for _ in self._shape)), data)
        self._id.flush()


def _make_missed(group: Any) -> Any:
    return group.create_dataset(losses.NAME, (0, 2), losses.DTYPE, maxshape=(None, 2), chunks=(_INDEX_ROWS, 2))


def _make_rows(group: Any, name: str, shape: tuple[int, ...], dtype: str, through: tuple[int, ...]) -> None:
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_chunk((1, *shape))
    properties.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
    for one in through:
        # optional, because we compress ourselves and HDF5 need not have a plug-in for that
        values = (4 * 1024 * 1024,) if one == LZ4_FILTER else (np.dtype(dtype).itemsize,) if one == 2 else (1,)
        properties.set_filter(one, h5py.h5z.FLAG_OPTIONAL, values)
    space = h5py.h5s.create_simple((0, *shape), (h5py.h5s.UNLIMITED, *shape))
    kind = h5py.h5t.py_create(np.dtype(dtype), logical=True)
    h5py.h5d.create(group.id, name.encode(), kind, space, properties)
