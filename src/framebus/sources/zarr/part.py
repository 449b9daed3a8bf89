"""One part of a Zarr recording: frames of a stream that are alike, read one by one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
import numpy as np

from framebus.core.errors import BadFrame
from framebus.core.formats import guess_format
from framebus.core.frame import NO_META, Frame
from framebus.wire import limits
from framebus.wire.meta import check_depth
from framebus.wire.recordings.zarr_stored import Block, Stored

_META = msgspec.json.Decoder(dict[str, Any]).decode


class Part:
    """The frames of `stored`, in the folder `path`; raises `BadFrame` where it holds none of a recording."""

    def __init__(self, stored: Stored, path: str) -> None:
        self.stream = stored.stream
        self._stored = stored
        self._where = f"{path}/{stored.name}"
        frames, *more = stored.arrays.values()
        guess_format(frames.row, np.dtype(frames.dtype), stored.format)
        self._names = [str(array.attributes.get("name", "")) for array in more]

    def first_ns(self) -> int | None:
        """When its first frame was captured; None where there is none."""
        block = self._stored.block(0)
        return int(block["captured_ns"][0]) if block else None

    def rows(self) -> Iterator[Row]:
        """Of all frames, also of those that are added meanwhile."""
        at = 0
        for block in self._stored.blocks():
            missed = self._stored.missed().before(at, at + len(block["seq"])).tolist()
            for row, captured_ns in enumerate(block["captured_ns"].tolist()):
                yield Row(captured_ns, self, at + row, block, row, missed[row])
            at += len(block["seq"])

    def frame(self, at: int, block: Block, row: int, missed: int) -> Frame:
        """Frame `at`, which the index has in `row` of `block`, and before which `missed` were lost."""
        try:
            image, *more = (self._stored.pixels(place, at) for place in self._stored.arrays)
            return Frame(
                content=image,
                stream=self.stream,
                run=int(block["run"][row]),
                seq=int(block["seq"][row]),
                captured_ns=int(block["captured_ns"][row]),
                captured_mono_ns=int(block["captured_mono_ns"][row]),
                clock=block["clock"][row].tobytes().rstrip(b"\0").decode("ascii", "replace"),
                format=self._stored.format,
                meta=self._meta_of(*block["meta_span"][row].tolist()),
                extra=tuple(zip(self._names, more, strict=True)),
                missed=missed,
            )
        except (BadFrame, OSError, ValueError, RecursionError) as error:
            raise BadFrame(f"{self._where}: frame {at} is damaged: {error}") from error

    def _meta_of(self, begin: int, size: int) -> Mapping[str, Any]:
        if not size:
            return NO_META
        if size > limits.MAX_HEADER_BYTES:
            raise BadFrame(f"it says it has {size} bytes of meta")
        return check_depth(_META(self._stored.meta(begin, size)))


class Row(msgspec.Struct):
    """What the index says of one frame; its pixels are read when asked for."""

    captured_ns: int
    part: Part
    at: int
    block: Block
    row: int
    missed: int

    def frame(self) -> Frame:
        """The frame; raises `BadFrame` where it is damaged."""
        return self.part.frame(self.at, self.block, self.row, self.missed)
