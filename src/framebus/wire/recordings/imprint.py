"""A frame's header inside coded video: times and identity that survive every container, copy and cut.

In H.264 and H.265 it is an SEI message "user data, unregistered" (ITU-T H.264 D.2.7, H.265 F.14.3.2) before the first
slice, in JPEG a comment (ITU-T T.81 B.2.4.5); decoders and players pass over both. Its content is

    16 bytes    `MARK`
    4 bytes     length of the rest, hexadecimal
    the rest    JSON in ASCII: stream, run, seq, captured_ns, captured_mono_ns, clock, missed, meta

None of these bytes is zero, so no escaping ever changes them, and they are found without parsing the video.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

from framebus.core.contracts import Item
from framebus.core.errors import BadFrame
from framebus.core.frame import NO_META
from framebus.core.names import valid_name
from framebus.wire.annexb import SLICES, first_slice
from framebus.wire.meta import check_depth, jsonable

MARK = bytes.fromhex("9e5bd1a7c34f4e88b2f16672616d6501")
"""The UUID of our messages."""

_SIZE = 4
_MAX_BYTES = 16_000
_HEADS = {"h264": b"\0\0\0\1\x06\x05", "h265": b"\0\0\0\1\x4e\x01\x05"}
_STOP = b"\x80"


class Imprint(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is kept of a frame besides its pixels."""

    stream: str
    run: str
    """16 hexadecimal digits."""
    seq: int
    captured_ns: int
    captured_mono_ns: int = 0
    clock: str = ""
    missed: int | None = None
    """How many frames were lost before it; not said where none were, but by the first in a file."""
    meta: dict[str, Any] = {}

    @classmethod
    def of(cls, item: Item, *, first: bool = False) -> Imprint:
        """That of a frame or packet; raises `BadFrame` for `meta` that JSON cannot carry.

        The `first` in a file says what was lost before it even where nothing was: so those after it tell, too.
        """
        return cls(
            stream=item.stream,
            run=f"{item.run:016x}",
            seq=item.seq,
            captured_ns=item.captured_ns,
            captured_mono_ns=item.captured_mono_ns,
            clock=item.clock,
            missed=item.missed or (0 if first else None),
            meta=dict(jsonable(item.meta)) if item.meta else {},
        )

    def header(self) -> dict[str, Any]:
        """As the arguments of a `Frame`, without those that concern pixels."""
        return {
            "stream": self.stream,
            "run": int(self.run, 16),
            "seq": self.seq,
            "captured_ns": self.captured_ns,
            "captured_mono_ns": self.captured_mono_ns,
            "clock": self.clock,
            "missed": self.missed or 0,
            "meta": self.meta or NO_META,
        }


_decode = msgspec.json.Decoder(Imprint).decode


def put(data: bytes, codec: str, imprint: Imprint) -> bytes:
    """One coded picture, in Annex B or JPEG, with `imprint` in it.

    Raises `BadFrame` where it does not fit: data that is no picture of `codec`, `meta` of more than 16 KB.
    """
    message = _message(imprint)
    if codec == "mjpeg":
        if not data.startswith(b"\xff\xd8"):
            raise BadFrame(f"stream {imprint.stream!r}: a packet of MJPEG that is no JPEG")
        return b"".join((data[:2], b"\xff\xfe", (len(message) + 2).to_bytes(2, "big"), message, data[2:]))
    at = _picture_in(data, codec)
    if at is None:
        raise BadFrame(f"stream {imprint.stream!r}: a packet of {codec} without a picture")
    size = b"\xff" * (len(message) // 255) + bytes((len(message) % 255,))
    return b"".join((data[:at], _HEADS[codec], size, message, _STOP, data[at:]))


def find(data: bytes) -> Imprint | None:
    """The imprint in a coded picture, in whatever container's form; None where there is none that can be read.

    Of several, the last one put in.
    """
    found, at = None, data.find(MARK)
    while at >= 0:
        found = _read(data, at + len(MARK)) or found
        at = data.find(MARK, at + 1)
    return found


def _message(imprint: Imprint) -> bytes:
    text = json.dumps(msgspec.to_builtins(imprint), separators=(",", ":")).encode("ascii")
    if len(text) > _MAX_BYTES:
        raise BadFrame(f"stream {imprint.stream!r}: {len(text)} bytes of meta do not fit into video: {_MAX_BYTES} do")
    return MARK + b"%04x" % len(text) + text


def _picture_in(data: bytes, codec: str) -> int | None:
    """Where the picture itself begins."""
    if codec not in SLICES:
        raise BadFrame(f"coded video {codec!r} cannot be recorded: known are h264, h265 and mjpeg")
    return first_slice(data, codec)


def _read(data: bytes, at: int) -> Imprint | None:
    try:
        size = int(data[at : at + _SIZE], 16)
        imprint = _decode(data[at + _SIZE : at + _SIZE + size])
        int(imprint.run, 16)
        check_depth(imprint.meta)
    except (ValueError, msgspec.DecodeError, RecursionError, BadFrame):
        return None
    known = 0 <= imprint.captured_ns < 2**63 and 0 <= (imprint.missed or 0) < 2**64
    return imprint if known and valid_name(imprint.stream) else None
