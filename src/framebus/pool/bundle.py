"""Several frames as one, for an op that works on many at once: headers, then pixels, in one piece of memory."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from framebus.core.errors import BadFrame
from framebus.core.frame import Frame
from framebus.memory import room
from framebus.wire import header
from framebus.wire.limits import ALIGNMENT

BUNDLE = "fb.bundle"
"""The key in `meta` under which the bytes of all headers and the lengths of all pixels are."""


def bundle(frames: Sequence[Frame]) -> Frame:
    """One frame that holds `frames`; their pixels are copied."""
    encoded = [header.encode(frame) for frame in frames]
    heads = msgspec.json.encode([bytes(head).decode() for head, _ in encoded])
    offsets = [_aligned(len(heads))]
    for _, payload in encoded:
        offsets.append(_aligned(offsets[-1] + len(payload)))
    whole = room.shared((offsets[-1],), np.dtype(np.uint8))
    whole[: len(heads)] = np.frombuffer(heads, np.uint8)
    for (_, payload), offset in zip(encoded, offsets, strict=False):
        whole[offset : offset + len(payload)] = np.frombuffer(payload, np.uint8)
    return Frame.of(whole, format="array", meta={BUNDLE: [len(heads), *(len(payload) for _, payload in encoded)]})


def unbundle(frame: Frame) -> list[Frame]:
    """The frames again, as views of it; raises `BadFrame` where it holds none."""
    lengths = frame.meta.get(BUNDLE)
    if not isinstance(lengths, list):
        raise BadFrame("this frame holds no others")
    heads = msgspec.json.decode(frame.data[: lengths[0]].tobytes(), type=list[str])
    offset = _aligned(lengths[0])
    frames: list[Frame] = []
    for head, length in zip(heads, lengths[1:], strict=True):
        item, _ = header.decode(head.encode(), frame.data[offset : offset + length].data)
        if not isinstance(item, Frame):
            raise BadFrame("a bundle holds a packet where a frame should be")
        frames.append(item)
        offset = _aligned(offset + length)
    return frames


def _aligned(offset: int) -> int:
    return -(-offset // ALIGNMENT) * ALIGNMENT
