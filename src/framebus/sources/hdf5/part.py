"""One part of an HDF5 recording: frames of a stream that are alike, read one by one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
import numpy as np

from framebus.core.errors import BadFrame
from framebus.core.formats import guess_format
from framebus.core.frame import NO_META, Array, Frame
from framebus.core.names import valid_name
from framebus.wire import limits
from framebus.wire.meta import check_depth
from framebus.wire.recordings import hdf5_chunks as chunks
from framebus.wire.recordings import missed as losses
from framebus.wire.recordings.hdf5 import INDICES, missed_of, there
from framebus.wire.recordings.missed import Missed

_BLOCK = 1024
_META = msgspec.json.Decoder(dict[str, Any]).decode


class Row:
    """What the index says of one frame; its pixels are read when asked for."""

    __slots__ = ("_at", "_entry", "_missed", "_part", "captured_ns")

    def __init__(self, part: Part, at: int, entry: Any, missed: int) -> None:
        self._part, self._at, self._entry, self._missed = part, at, entry, missed
        self.captured_ns = int(entry["captured_ns"])

    def frame(self) -> Frame:
        """The frame; raises `BadFrame` where it is damaged."""
        return self._part.frame(self._at, self._entry, self._missed)


class Part:
    """A group of the file `path`; raises `BadFrame` where it is none of a recording."""

    def __init__(self, group: Any, path: str) -> None:
        self._where = f"{path}{group.name}"
        try:
            self.stream, self.format = str(group.attrs["stream"]), str(group.attrs["format"])
            self._index, self._meta = group["index"], group["meta"]
            self._frames = _Rows(group["frames"], self._where)
            extra = group.get("arrays", {})
            self._extra = [(name, _Rows(rows, self._where)) for name, rows in extra.items()]
            self._group, self._missed = group, missed_of(group)
        except (KeyError, AttributeError, TypeError) as error:
            raise BadFrame(f"{self._where} is no part of a recording: {error}") from error
        if not valid_name(self.stream) or self._index.dtype not in INDICES:
            raise BadFrame(f"{self._where} is no part of a recording that this framebus can read")
        guess_format(self._frames.shape, self._frames.dtype, self.format)

    def first_ns(self) -> int | None:
        """When its first frame was captured; None where there is none."""
        first = there(self._index[:1])
        return int(first[0]["captured_ns"]) if len(first) else None

    def rows(self) -> Iterator[Row]:
        """Of all frames, also of those that are added meanwhile."""
        at = 0
        while len(entries := self._block(at)):
            missed = self._told().before(at, at + len(entries)).tolist()
            for entry, lost in zip(entries, missed, strict=True):
                yield Row(self, at, entry, lost)
                at += 1

    def frame(self, at: int, entry: Any, missed: int) -> Frame:
        """Frame `at`, of which the index says `entry`, and before which `missed` were lost."""
        extra = tuple((name, rows.read(at)) for name, rows in self._extra)
        return Frame(
            content=self._frames.read(at),
            stream=self.stream,
            run=int(entry["run"]),
            seq=int(entry["seq"]),
            captured_ns=int(entry["captured_ns"]),
            captured_mono_ns=int(entry["captured_mono_ns"]),
            clock=entry["clock"].decode("ascii", "replace"),
            format=self.format,
            meta=self._meta_of(at, entry),
            extra=extra,
            missed=missed,
        )

    def _block(self, at: int) -> Any:
        known = self._known(at)
        if not len(known):
            self._refresh()
            known = self._known(at)
        return known

    def _known(self, at: int) -> Any:
        return there(self._index[at : at + _BLOCK])

    def _refresh(self) -> None:
        if self._index.file.swmr_mode:
            self._index.id.refresh()  # first, so that the rest is no older than what it tells of
            self._meta.id.refresh()
            for rows in (self._frames, *(rows for _, rows in self._extra)):
                rows.refresh()
            if losses.NAME in self._group:
                self._group[losses.NAME].id.refresh()

    def _told(self) -> Missed:
        """What was lost, as far as the file says it now."""
        if losses.NAME in self._group and len(self._group[losses.NAME]) != len(self._missed):
            self._missed = missed_of(self._group)
        return self._missed

    def _meta_of(self, at: int, entry: Any) -> Mapping[str, Any]:
        size, begin = int(entry["meta_bytes"]), int(entry["meta_at"])
        if not size:
            return NO_META
        if size > limits.MAX_HEADER_BYTES:
            raise BadFrame(f"{self._where}: frame {at} says it has {size} bytes of meta")
        try:
            return check_depth(_META(self._meta[begin : begin + size].tobytes()))
        except (msgspec.DecodeError, RecursionError, ValueError) as error:
            raise BadFrame(f"{self._where}: the meta of frame {at} is damaged: {error}") from error


class _Rows:
    """A dataset of which each row is a chunk; decompressed here where its filters are ours."""

    def __init__(self, dataset: Any, where: str) -> None:
        self.shape, self.dtype = tuple(dataset.shape[1:]), dataset.dtype
        self._dataset, self._where = dataset, f"{where}/{dataset.name.rpartition('/')[2]}"
        properties = dataset.id.get_create_plist()
        self._filters = tuple(properties.get_filter(index)[0] for index in range(properties.get_nfilters()))
        self._nbytes = self.dtype.itemsize * int(np.prod(self.shape, dtype=np.int64))
        self._ours = dataset.chunks == (1, *self.shape) and chunks.KNOWN.issuperset(self._filters)
        if self.dtype.kind not in "buifc" or not 0 < self._nbytes <= limits.MAX_FRAME_BYTES:
            raise BadFrame(f"{self._where}: {self.dtype} of shape {self.shape} are no frames")

    def refresh(self) -> None:
        """See what was added."""
        self._dataset.id.refresh()

    def read(self, at: int) -> Array:
        """One row, read-only; raises `BadFrame` where it is damaged."""
        try:
            return self._decoded(at) if self._ours else self._through_hdf5(at)
        except (OSError, RuntimeError, ValueError, BadFrame) as error:
            raise BadFrame(f"{self._where}: frame {at} is damaged: {error}") from error

    def _decoded(self, at: int) -> Array:
        try:
            skipped, data = self._dataset.id.read_direct_chunk((at, *(0 for _ in self.shape)))
        except MemoryError:  # of what was never written, HDF5 gives any length
            raise BadFrame("it is not there, or there is no memory for it") from None
        through = tuple(one for index, one in enumerate(self._filters) if not skipped >> index & 1)
        plain = chunks.unpack(data, through, self.dtype.itemsize, self._nbytes)
        array = np.frombuffer(plain, self.dtype).reshape(self.shape)
        array.flags.writeable = False
        return array

    def _through_hdf5(self, at: int) -> Array:
        array = np.asarray(self._dataset[at])
        array.flags.writeable = False
        return array
