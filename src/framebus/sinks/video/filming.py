"""Frames as H.264, one in, one out, so that nothing waits in the encoder."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import av
import av.error
import av.video.frame
import numpy as np

from framebus.core.errors import BadFrame
from framebus.core.frame import Array, Frame
from framebus.sinks.video.timeline import TICK_NS

_FORMATS = {"bgr24": "bgr24", "rgb24": "rgb24", "gray8": "gray", "i420": "yuv420p"}
_TICK = Fraction(TICK_NS, 1_000_000_000)
_USUAL_RATE = 30
_KEY_EVERY_TICKS = 2_000_000
_BT601, _LIMITED = 6, 1
_BEST, _WORST = 10, 51
"""Constant rate factors of quality 100 and 1."""


class Film:
    """The encoder of pictures the size of `first`. Raises `BadFrame` for pictures that H.264 cannot keep.

    Colours are kept as BT.601, limited range, at half their resolution (full where a side is odd), which every player
    understands. A key frame comes every two seconds.
    """

    def __init__(self, first: Frame, *, quality: int, preset: str) -> None:
        _picture_of(first)
        self.width, self.height = self.size_of(first)
        self._options = {
            "preset": preset,
            "tune": "zerolatency",
            "crf": str(round(_WORST - (_WORST - _BEST) * (quality - 1) / 99)),
            "g": "100000",
        }
        self._encoder: Any = None
        self._key_due = 0

    @staticmethod
    def size_of(frame: Frame) -> tuple[int, int]:
        """Width and height in pixels."""
        rows, columns = (*frame.shape, 1)[:2]
        return columns, rows * 2 // 3 if _format_of(frame) == "i420" else rows

    def encode(self, frame: Frame, pts: int) -> tuple[bytes, bool]:
        """The coded picture in Annex B, and whether it is a key frame; those have the parameter sets in them."""
        array, format = _picture_of(frame)
        picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(array), format=_FORMATS[format])
        picture.pts, picture.time_base = pts, _TICK
        if pts >= self._key_due:
            picture.pict_type = av.video.frame.PictureType.I
            self._key_due = pts + _KEY_EVERY_TICKS
        try:
            (packet,) = self._context().encode(picture)
        except (av.error.FFmpegError, ValueError) as error:
            raise BadFrame(f"stream {frame.stream!r}: this picture cannot be encoded: {error}") from error
        return bytes(packet), bool(packet.is_keyframe)

    def _context(self) -> Any:
        if self._encoder is None:
            context = self._encoder = av.CodecContext.create("libx264", "w")
            context.width, context.height = self.width, self.height
            context.pix_fmt = "yuv444p" if self.width % 2 or self.height % 2 else "yuv420p"
            context.time_base, context.framerate = _TICK, _USUAL_RATE
            context.colorspace, context.color_range = _BT601, _LIMITED
            context.options = self._options
        return self._encoder


def _picture_of(frame: Frame) -> tuple[Array, str]:
    """The pixels to encode and what they are called."""
    format = _format_of(frame)
    if format not in _FORMATS:
        what = f"{frame.dtype} of shape {frame.shape}"
        raise BadFrame(
            f"stream {frame.stream!r}: {what} does not fit into video without loss: record to .h5 or .tif, or make it "
            "8-bit with an op"
        )
    return (frame.data if format == frame.format else frame.image), format


def _format_of(frame: Frame) -> str:
    return frame.format if frame.wanted in ("", "native") else frame.wanted
