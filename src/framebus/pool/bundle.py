"""Several frames as one, to travel together between processes of ours: what is to say of them, then their pixels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Any

import msgspec
import numpy as np

from framebus.core.errors import BadFrame
from framebus.core.frame import NO_META, Array, Frame
from framebus.memory import room
from framebus.wire import header, layout
from framebus.wire.limits import ALIGNMENT
from framebus.wire.meta import jsonable

BUNDLE = "fb.bundle"
"""The key in `meta` under which it says how many bytes there are before the pixels."""
EACH = "fb.each"
"""The key in `meta` that says that the frames only travel together, and are worked on one by one."""

_NO_PIXELS: Array = np.zeros(0, np.uint8)
_Kinds = dict[tuple[Any, ...], int]
"""What frames of one source have in common, said once, and its number."""


def bundle(frames: Sequence[Frame], *, each: bool = False) -> Frame:
    """One frame that holds `frames`, to be worked on at once, or `each` by itself; their pixels are copied.

    Raises `BadFrame` where one of them cannot travel, `Unavailable` where there is no memory for all of them.
    """
    kinds: _Kinds = {}
    rows, payloads = zip(*(_row(frame, kinds) for frame in frames), strict=True)
    lengths = [len(payload) for payload in payloads]
    told = _json([[_kind(*kind) for kind in kinds], lengths, rows])
    offsets = list(_offsets(len(told), lengths))
    whole = room.shared((offsets[-1],), np.dtype(np.uint8))
    view = whole.data
    view[: len(told)] = told
    for payload, offset, length in zip(payloads, offsets, lengths, strict=False):
        view[offset : offset + length] = payload
    meta: dict[str, Any] = {BUNDLE: len(told)}
    return Frame.of(whole, format="array", meta={**meta, EACH: True} if each else meta)


def unbundle(frame: Frame) -> list[Frame]:
    """The frames again, as views of it; raises `BadFrame` where it holds none."""
    told = frame.meta.get(BUNDLE)
    if not isinstance(told, int):
        raise BadFrame("this frame holds no others")
    kinds, lengths, rows = msgspec.json.decode(frame.data[:told].data)
    patterns = [_Pattern(*kind) for kind in kinds]
    offsets = _offsets(told, lengths)
    parts = (frame.data[offset : offset + length] for offset, length in zip(offsets, lengths, strict=False))
    return [_frame(row, part, patterns) for row, part in zip(rows, parts, strict=True)]


def _offsets(before: int, lengths: Sequence[int]) -> Iterator[int]:
    """Where the pixels of each begin, and where the last ones end."""
    return accumulate((_aligned(length) for length in lengths), initial=_aligned(before))


def _aligned(length: int) -> int:
    return -(-length // ALIGNMENT) * ALIGNMENT


# a frame is told by the number of its kind and what is its own; or by its whole header ----------------------------


def _row(frame: Frame, kinds: _Kinds) -> tuple[list[Any], memoryview]:
    content = frame.content
    if not isinstance(content, np.ndarray) or frame.extra:
        head, payload = header.encode(frame)
        return [bytes(head).decode(), frame.missed, frame.wanted], memoryview(payload)
    stream, run, clock, format, wanted = frame.stream, frame.run, frame.clock, frame.format, frame.wanted
    kind = kinds.setdefault((stream, run, clock, format, wanted, content.dtype, content.shape), len(kinds))
    own = [kind, frame.seq, frame.captured_ns, frame.captured_mono_ns, frame.missed]
    return [*own, jsonable(frame.meta)] if frame.meta else own, layout.bytes_of(content)


def _kind(stream: str, run: int, clock: str, format: str, wanted: str, dtype: Any, shape: layout.Shape) -> list[Any]:
    return [stream, run, clock, format, wanted, layout.name_of(dtype), shape]


def _json(told: Any) -> bytes:
    try:
        return msgspec.json.encode(told)
    except (TypeError, ValueError, RecursionError) as error:
        raise BadFrame(f"frames cannot be written as JSON: {error}") from error


class _Pattern:
    """Makes frames of one kind."""

    def __init__(
        self, stream: str, run: int, clock: str, format: str, wanted: str, dtype: str, shape: Sequence[int]
    ) -> None:
        self._frame = Frame(content=_NO_PIXELS, stream=stream, run=run, clock=clock, format=format, wanted=wanted)
        self._dtype = layout.dtype_of(dtype)
        self._shape = tuple(shape)

    def make(
        self, part: Array, seq: int, captured_ns: int, captured_mono_ns: int, missed: int, meta: Any = NO_META
    ) -> Frame:
        return self._frame.replace(
            content=part.view(self._dtype).reshape(self._shape),
            seq=seq,
            captured_ns=captured_ns,
            captured_mono_ns=captured_mono_ns,
            missed=missed,
            meta=meta,
        )


def _frame(row: Sequence[Any], part: Array, patterns: Sequence[_Pattern]) -> Frame:
    if isinstance(row[0], int):
        return patterns[row[0]].make(part, *row[1:])
    head, missed, wanted = row
    item, _ = header.decode(head.encode(), part.data)
    if not isinstance(item, Frame):
        raise BadFrame("a bundle holds a packet where a frame should be")
    return item.replace(missed=missed, wanted=wanted)
