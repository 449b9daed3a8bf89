"""What goes over a page's websocket: wishes of the page as JSON, pictures to it as binary messages.

A binary message is a head of 32 bytes (big endian), `meta` as JSON, and the data:

| bytes | what                                                                                                  |
|-------|-------------------------------------------------------------------------------------------------------|
| 1     | kind: 0 begin (no data), 1 JPEG, 2 coded access unit (Annex B), 3 fragmented MP4                      |
| 1     | 1 for a key frame                                                                                     |
| 2     | the tile it is for, as the page numbered it                                                           |
| 4     | its number for this tile, from 1; the page acknowledges it                                            |
| 8     | when it was captured, in milliseconds of the server's monotonic clock (float; NaN: unknown)           |
| 8     | its time in the coded stream, in seconds (float)                                                      |
| 4     | length of `meta`                                                                                      |
| 4     | how many pictures of this tile were left out before it, because the page was not ready                |
"""

from __future__ import annotations

import struct
from typing import Annotated, Any, Literal, TypeAlias

import msgspec

from framebus.core.errors import BadFrame
from framebus.core.not_json import NOT_JSON

BEGIN, JPEG, CODED, MP4 = 0, 1, 2, 3
HEAD = struct.Struct(">BBHIddII")
MAX_WISH_BYTES = 64 * 1024

Tile: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=0xFFFF)]
How: TypeAlias = Literal["jpeg", "webcodecs", "mse"]
Side: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=65_535)]
Value: TypeAlias = Annotated[float, msgspec.Meta(ge=-1e300, le=1e300)]


class Look(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How values become a picture. Hashable: viewers with equal looks share one encoding."""

    low: Value | None = None
    """The value shown black; by the picture itself where none is given."""
    high: Value | None = None
    """The value shown white."""
    colours: str = ""
    """A colour map for pictures of one channel; none: gray."""
    area: tuple[Side, Side, Side, Side] | None = None
    """`left, top, width, height` in pixels: only that part."""


class Watch(msgspec.Struct, frozen=True, tag_field="op", tag="watch", forbid_unknown_fields=True):
    """Show `stream` in `tile`, replacing what was shown there."""

    tile: Tile
    stream: str
    how: How = "jpeg"
    width: Side = 640
    """Pixels of the screen that the tile is wide; pictures are not made much larger."""
    look: Look = Look()


class Leave(msgspec.Struct, frozen=True, tag_field="op", tag="leave", forbid_unknown_fields=True):
    """Show nothing more in `tile`."""

    tile: Tile


class Seen(msgspec.Struct, frozen=True, tag_field="op", tag="seen", forbid_unknown_fields=True):
    """The newest numbers that arrived and were worked off, by tile."""

    tiles: dict[Tile, Annotated[int, msgspec.Meta(ge=0, le=0xFFFFFFFF)]]


class Ping(msgspec.Struct, frozen=True, tag_field="op", tag="ping", forbid_unknown_fields=True):
    """What time is it with you? `at` comes back."""

    at: float


Wish = Watch | Leave | Seen | Ping
_decoder: msgspec.json.Decoder[Wish] = msgspec.json.Decoder(Wish, strict=False)


def parse(text: str | bytes) -> Wish:
    """What the page wants; raises `BadFrame` for anything else."""
    if len(text) > MAX_WISH_BYTES:
        raise BadFrame(f"a wish of {len(text)} bytes: {MAX_WISH_BYTES} at most")
    try:
        return _decoder.decode(text)
    except NOT_JSON as error:
        raise BadFrame(f"a wish that is none: {error}") from None


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """What is sent to a tile, alike to all who see the same."""

    kind: int
    data: bytes = b""
    key: bool = True
    captured_ms: float = float("nan")
    at_s: float = 0.0
    meta: bytes = b""

    @property
    def nbytes(self) -> int:
        """Bytes on the wire, about."""
        return len(self.data) + len(self.meta) + HEAD.size

    def packed(self, tile: int, number: int, left_out: int) -> bytes:
        """The binary message."""
        when = (self.captured_ms, self.at_s)
        head = HEAD.pack(self.kind, self.key, tile, number, *when, len(self.meta), min(left_out, 0xFFFFFFFF))
        return b"".join((head, self.meta, self.data))


def unpack(message: bytes) -> tuple[Picture, int, int, int]:
    """A binary message as picture, tile, number, and how many were left out before it; raises `BadFrame`."""
    if len(message) < HEAD.size:
        raise BadFrame(f"a message of {len(message)} bytes")
    kind, key, tile, number, captured_ms, at_s, size, left_out = HEAD.unpack_from(message)
    meta, data = message[HEAD.size : HEAD.size + size], message[HEAD.size + size :]
    picture = Picture(kind=kind, data=data, key=bool(key), captured_ms=captured_ms, at_s=at_s, meta=meta)
    return picture, tile, number, left_out


def say(op: str, **facts: Any) -> str:
    """A text message to the page."""
    return msgspec.json.encode({"op": op, **facts}).decode()
