"""The bytes of a page of a TIFF recording; see `framebus.wire.recordings.tiff`. Pure."""

from __future__ import annotations

import json
import struct

import msgspec
import numpy as np

from framebus.core.errors import BadFrame
from framebus.core.frame import Array, Frame
from framebus.wire import limits
from framebus.wire.meta import jsonable
from framebus.wire.recordings.tiff import (
    ASCII,
    BEGIN,
    DESCRIPTION,
    ENTRY,
    HEAD,
    LONG,
    LONG8,
    NBYTES,
    PIXELS,
    SHORT,
    VERSION,
    Description,
    shown,
)

_MAKER = b"framebus\0"
_KINDS = {"b": 1, "u": 1, "i": 2, "f": 3, "c": 6}
_MOST_SAMPLES = 256
_MAX_ITEM = {"f": 8, "c": 16}
_ALIGNED = 64
_GRAY, _RGB = 1, 2
_Tags = dict[int, tuple[int, int, bytes]]


def header() -> bytes:
    """The beginning of the file; the first page follows at once."""
    return HEAD.pack(b"II", 43, 8, 0, BEGIN)


def begins(end: int) -> int:
    """Where a page may lie in a file that is `end` bytes long."""
    return end + -end % 8


def described(frame: Frame, image: Array, format: str, name: str = "", *, first: bool = False) -> Description:
    """Of a frame whose pixels are `image`, or of its further array `name`; raises `BadFrame` for what TIFF has not.

    The `first` that a recorder writes says what was lost before it even where nothing was: so those after it tell, too.
    """
    kind, size = image.dtype.kind, image.dtype.itemsize
    if size > _MAX_ITEM.get(kind, 8) or image.ndim > limits.MAX_NDIM:
        raise BadFrame(
            f"stream {frame.stream!r}: {image.dtype} of shape {image.shape} fits into no TIFF: .h5 and .zarr take it"
        )
    return Description(
        framebus=VERSION,
        stream=frame.stream,
        run=f"{frame.run:016x}",
        seq=frame.seq,
        captured_ns=frame.captured_ns,
        captured_mono_ns=frame.captured_mono_ns,
        clock=frame.clock,
        missed=None if name else frame.missed or (0 if first else None),
        format=format,
        dtype=image.dtype.str,
        dimensions=image.shape,
        array=name,
        meta=dict(jsonable(frame.meta)) if frame.meta and not name else {},
    )


def page(description: Description, image: Array, at: int, *, last: bool) -> tuple[bytes, memoryview, int]:
    """A page that lies at `at`: its bytes, those of its pixels that follow them, and where in the file its link is.

    Unless it is the `last` one, another page follows at `begins` of its end.
    """
    raw = _text(description)
    pixels = np.ascontiguousarray(shown(description, image), image.dtype.newbyteorder("<"))
    rows, columns, samples = (*_laid_out(description.dimensions), 1)[:3]
    colour = samples in (3, 4) and image.dtype.kind == "u" and image.dtype.itemsize <= 2
    spare = samples - (3 if colour else 1)
    tags: _Tags = {
        256: _long(columns),
        257: _long(rows),
        258: _shorts(*(8 * image.dtype.itemsize,) * samples),
        259: _shorts(1),
        262: _shorts(_RGB if colour else _GRAY),
        DESCRIPTION: (ASCII, len(raw), raw),
        PIXELS: (LONG8, 1, b""),
        277: _shorts(samples),
        278: _long(rows),
        NBYTES: (LONG8, 1, struct.pack("<Q", pixels.nbytes)),
        284: _shorts(1),
        305: (ASCII, len(_MAKER), _MAKER),
        **({338: _shorts(*(0,) * spare)} if spare else {}),
        339: _shorts(*(_KINDS[image.dtype.kind],) * samples),
    }
    if len(tags) % 2:
        tags[254] = _long(0)  # an even number, so that the link lies on a multiple of 8 and is written in one go
    link = at + 8 + ENTRY.size * len(tags)
    data = _directory(tags, at, link, 0 if last else pixels.nbytes)
    return data, pixels.reshape(-1).view("u1").data, link


def _directory(tags: _Tags, at: int, link: int, before_next: int) -> bytes:
    outside, entries = b"", []
    for tag, (kind, count, value) in sorted(tags.items()):
        if len(value) > 8:
            where = link + 8 + len(outside)
            outside += value + bytes(-len(value) % 8)
            value = struct.pack("<Q", where)
        entries.append((tag, kind, count, value))
    pixels = link + 8 + len(outside)
    outside += bytes(-pixels % _ALIGNED)
    pixels += -pixels % _ALIGNED
    following = begins(pixels + before_next) if before_next else 0
    entries = [(*one[:3], struct.pack("<Q", pixels)) if one[0] == PIXELS else one for one in entries]
    packed = b"".join(ENTRY.pack(*one) for one in entries)  # pads what is shorter than 8 bytes with zeros
    return struct.pack("<Q", len(entries)) + packed + struct.pack("<Q", following) + outside


def _text(description: Description) -> bytes:
    text = json.dumps(msgspec.to_builtins(description), separators=(",", ":"))
    if len(text) > limits.MAX_HEADER_BYTES:
        raise BadFrame(f"stream {description.stream!r}: {len(text)} bytes of meta do not fit into a page of TIFF")
    # tifffile would take a key of that name anywhere in the text for the shape of the whole file
    return text.replace('"shape":', '"\\u0073hape":').encode("ascii") + b"\0"


def _laid_out(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Height, width, and samples of each pixel where there are several."""
    if len(shape) == 2 or (len(shape) == 3 and shape[2] <= _MOST_SAMPLES):
        return shape
    return int(np.prod(shape[:-1], dtype=np.int64)), shape[-1]


def _long(value: int) -> tuple[int, int, bytes]:
    return LONG, 1, struct.pack("<I", value)


def _shorts(*values: int) -> tuple[int, int, bytes]:
    return SHORT, len(values), struct.pack(f"<{len(values)}H", *values)
