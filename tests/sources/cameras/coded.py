"""Coded video for tests: pictures that show their number, as packets."""

from __future__ import annotations

import secrets
from fractions import Fraction
from typing import Any

import av
import numpy as np
from av.codec.context import CodecContext

from framebus.core import clock
from framebus.core.frame import Frame, Packet
from framebus.wire.encodings import encode

ENCODERS = {"h264": "libx264", "h265": "libx265"}
RUN = secrets.randbits(64) or 1
BARS = 8
"""A picture is this many bars wide, black or white: the bits of its number."""


def picture(number: int, size: tuple[int, int] = (128, 96)) -> Frame:
    """A gray frame whose bars spell `number`, above texture that moves."""
    width, height = size
    bits = [(number >> bit) & 1 for bit in range(BARS)]
    image = np.random.default_rng(7).integers(60, 190, (height, width * 2), np.uint8)
    image = image[:, number % width : number % width + width].copy()
    image[: height // 2] = np.repeat(np.array(bits, np.uint8) * 200 + 30, width // BARS)
    return Frame.of(image)


def number_in(frame: Frame) -> int:
    """What the bars of a decoded picture spell."""
    gray = frame.gray
    step = gray.shape[1] // BARS
    values = [gray[: gray.shape[0] // 3, bit * step + 4 : (bit + 1) * step - 4].mean() for bit in range(BARS)]
    return sum((value > 128) << bit for bit, value in enumerate(values))


def packets(
    count: int, *, codec: str = "h264", gop: int = 10, b_frames: int = 0, size: tuple[int, int] = (128, 96)
) -> list[Packet]:
    """`count` pictures as packets, in the order in which cameras send them; 1 ms apart in their capture times."""
    encoder: Any = CodecContext.create(ENCODERS[codec], "w")
    encoder.width, encoder.height, encoder.pix_fmt = *size, "yuv420p"
    encoder.framerate, encoder.time_base = 25, Fraction(1, 25)
    tune = {} if b_frames else {"tune": "zerolatency"}
    more = {"x265-params": f"log-level=none:bframes={b_frames}:keyint={gop}:scenecut=0"} if codec == "h265" else {}
    encoder.options = {"preset": "ultrafast", "g": str(gop), "bf": str(b_frames), "sc_threshold": "0", **tune, **more}
    coded: list[Any] = []
    for number in range(count):
        frame = av.VideoFrame.from_ndarray(picture(number, size).data, "gray").reformat(format="yuv420p")
        frame.pts = number
        coded += encoder.encode(frame)
    coded += encoder.encode(None)
    return [_packet(one, codec, seq) for seq, one in enumerate(coded)]


def jpeg(number: int, size: tuple[int, int] = (128, 96)) -> bytes:
    """A picture as JPEG."""
    content: Any = encode(picture(number, size), "jpeg=90").content
    return bytes(content.data)


def jpeg_packet(data: bytes, seq: int = 0) -> Packet:
    """A JPEG as a packet."""
    return Packet(
        data=memoryview(data), codec="mjpeg", key=True, pts=seq, dts=seq, stream="cam", run=RUN, seq=seq, captured_ns=1
    )


def _packet(coded: Any, codec: str, seq: int) -> Packet:
    return Packet(
        data=memoryview(bytes(coded)),
        codec=codec,
        key=coded.is_keyframe,
        pts=coded.pts * 40_000_000,
        dts=coded.pts * 40_000_000,
        stream="cam",
        run=RUN,
        seq=seq,
        captured_ns=10**18 + coded.pts * 10**6,
        captured_mono_ns=10**9 + coded.pts * 10**6,
        clock=clock.boot_id(),
    )
