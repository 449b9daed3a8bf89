"""A frame as recordings of arrays keep it: its pixels as they are, and what is alike in those beside it."""

from __future__ import annotations

import json
from collections.abc import Callable

import msgspec
import numpy as np

from framebus.core.contracts import Item
from framebus.core.errors import BadFrame
from framebus.core.frame import Array, Frame, Packet
from framebus.wire.meta import jsonable


class Look(msgspec.Struct, frozen=True):
    """What frames that are alike have in common."""

    stream: str
    format: str
    shape: tuple[int, ...]
    dtype: str
    extra: tuple[tuple[str, tuple[int, ...], str], ...] = ()


class Content(msgspec.Struct, frozen=True):
    """A frame as it is written."""

    frame: Frame
    look: Look
    image: Array
    extra: tuple[tuple[str, Array], ...] = ()
    """The further arrays, by their names."""

    @classmethod
    def of(cls, frame: Item) -> Content:
        """The pixels as they are, unless the reader asked for others; raises `BadFrame` for what no file holds."""
        if isinstance(frame, Packet):
            raise BadFrame(f"stream {frame.stream!r}: coded video goes into .mp4 or .mkv; put the op decode before it")
        native = frame.wanted in ("", "native", frame.format)
        image = np.ascontiguousarray(frame.data if native else frame.image)
        _check(frame, "pixels", image)
        extra = _further(frame) if frame.extra else ()
        looks = tuple([(name, array.shape, array.dtype.str) for name, array in extra])
        format = frame.format if native else frame.wanted
        return cls(frame, Look(frame.stream, format, image.shape, image.dtype.str, looks), image, extra)


def _further(frame: Frame) -> tuple[tuple[str, Array], ...]:
    extra = [(name, np.ascontiguousarray(array)) for name, array in sorted(dict(frame.extra).items())]
    for name, array in extra:
        _check(frame, name, array)
    return tuple(extra)


def _check(frame: Frame, name: str, array: Array) -> None:
    if 0 in array.shape or array.dtype.kind not in "buifc":
        what = f"{array.dtype} of shape {array.shape}"
        raise BadFrame(f"stream {frame.stream!r}: {name}, {what}, cannot be recorded")


class Metas:
    """The meta of frames as JSON texts behind each other; one that is the last one's again is not written again."""

    def __init__(self, end: int) -> None:
        self.end = end
        """Where the next one goes."""
        self._last: tuple[bytes, int] = (b"", 0)

    def place(self, frame: Frame, put: Callable[[int, bytes], None]) -> tuple[int, int]:
        """Where that of `frame` begins and how long it is, written with `put(begin, text)` where it is new."""
        if not frame.meta:
            return 0, 0
        text = json.dumps(jsonable(frame.meta), separators=(",", ":"), ensure_ascii=False).encode()
        if text != self._last[0]:
            put(self.end, text)
            self._last = (text, self.end)
            self.end += len(text)
        return self._last[1], len(text)
