"""What a TIFF recording looks like inside, for those who write it and those who read it. Pure.

A BigTIFF, little-endian, one page for each frame, uncompressed, in one strip. Pages follow each other by the links that
TIFF has; the last link is 0 until the next page is there, whole, so the file is whole at any moment. Each page's
`ImageDescription` is JSON in ASCII: what `Description` says. Gray and colour lie as everybody knows them (`bgr24` as
RGB); arrays of other dimensions lie row below row, as wide as their last dimension. A further array of a frame is a
page of its own after the frame's.

Source: Adobe TIFF 6.0; the BigTIFF proposal of libtiff ("BigTIFF Design"), whose offsets and counts have 8 bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from framebus.core.errors import BadFrame
from framebus.core.formats import convert, guess_format
from framebus.core.frame import NO_META
from framebus.core.names import valid_name
from framebus.wire import limits
from framebus.wire.layout import dtype_of, length_of
from framebus.wire.meta import check_depth

Array = npt.NDArray[Any]
Read = Callable[[int, int], bytes]
"""`read(at, size)`: so many bytes from there, fewer at the end."""

VERSION = 1
FIRST_LINK = 8
"""Where in the file the first page is named."""
BEGIN = 16
"""Where the first page may lie."""

HEAD = struct.Struct("<2sHHHQ")
ENTRY = struct.Struct("<HHQ8s")
"""Of a directory: tag, type, how many, and the value or where it is."""
ASCII, SHORT, LONG, LONG8 = 2, 3, 4, 16
DESCRIPTION, PIXELS, NBYTES = 270, 273, 279
_MAX_ENTRIES = 64
_GUESS = 4096


class Description(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a page says of itself."""

    framebus: int
    """`VERSION`."""
    stream: str
    run: str
    """16 hexadecimal digits."""
    seq: int
    captured_ns: int
    captured_mono_ns: int = 0
    clock: str = ""
    missed: int | None = None
    """How many frames were lost before it; not said where none were, but by the first that a recorder writes."""
    format: str = "array"
    dtype: str
    dimensions: tuple[int, ...]
    array: str = ""
    """The name of a further array of the frame before; empty for a frame."""
    meta: dict[str, Any] = {}


class Page(msgspec.Struct, frozen=True):
    """Where in the file everything of a page is."""

    description: Description
    pixels: int
    nbytes: int
    link: int
    """Where the next page is named."""
    next: int
    """Where that is; 0 where there is none yet."""

    @property
    def end(self) -> int:
        """Behind everything of it."""
        return self.pixels + self.nbytes


def walk(read: Read, link: int = FIRST_LINK) -> Iterator[Page]:
    """The pages that are there, from the one that is named at `link` on; raises `BadFrame` where they are damaged."""
    at, before = _number(read(link, 8)), 0
    while at:
        if at <= before:
            raise BadFrame(f"the page at {at} lies before the one that it follows")
        found = _page(read, at)
        yield found
        at, before = found.next, at


def recorded(read: Read) -> bool:
    """Whether the file was recorded here: a BigTIFF of our layout whose first page describes itself as ours."""
    head = read(0, BEGIN)
    if len(head) < BEGIN or HEAD.unpack(head)[:4] != (b"II", 43, 8, 0):
        return False
    try:
        _page(read, _number(head[FIRST_LINK:]))
    except BadFrame:
        return False
    return True


def array_of(page: Page, data: bytes) -> Array:
    """The array of a page from its bytes, read-only; raises `BadFrame` where they are too few."""
    if len(data) != page.nbytes:
        raise BadFrame(f"{len(data)} bytes of {page.nbytes} are there")
    given = page.description
    dtype = dtype_of(given.dtype)
    array = np.frombuffer(data, dtype.newbyteorder("<")).reshape(given.dimensions).astype(dtype, copy=False)
    array = np.ascontiguousarray(shown(given, array))
    array.flags.writeable = False
    return array


def shown(given: Description, image: Array) -> Array:
    """The colours in the order of TIFF, of an array in its own; or the other way round."""
    return convert(image, "bgr24", "rgb24") if given.format == "bgr24" else image


def fields(given: Description) -> dict[str, Any]:
    """The arguments of a `Frame`, without its pixels."""
    return {
        "stream": given.stream,
        "run": int(given.run, 16),
        "seq": given.seq,
        "captured_ns": given.captured_ns,
        "captured_mono_ns": given.captured_mono_ns,
        "clock": given.clock,
        "missed": given.missed or 0,
        "format": given.format,
        "meta": given.meta or NO_META,
    }


_decode = msgspec.json.Decoder(Description).decode


def _page(read: Read, at: int) -> Page:
    data = read(at, _GUESS)
    count = _number(data[:8])
    link = 8 + count * ENTRY.size
    if count > _MAX_ENTRIES or len(data) < link + 8:
        raise BadFrame(f"there is no page at {at}")
    tags = {tag: (kind, size, value) for tag, kind, size, value in ENTRY.iter_unpack(data[8:link])}
    try:
        pixels, nbytes = (_number(tags[tag][2]) for tag in (PIXELS, NBYTES))
        kind, size, value = tags[DESCRIPTION]
        if kind != ASCII or size > limits.MAX_HEADER_BYTES + 64:
            raise BadFrame(f"the page at {at} does not say which frame it is")
        start = _number(value)
        text = data[start - at : start - at + size] if at <= start <= at + len(data) - size else read(start, size)
        description = _checked(_decode(text.rstrip(b"\0")), nbytes)
    except (KeyError, ValueError, TypeError, msgspec.DecodeError, RecursionError) as error:
        raise BadFrame(f"the page at {at} does not say which frame it is") from error
    return Page(description, pixels, nbytes, at + link, _number(data[link : link + 8]))


def _checked(given: Description, nbytes: int) -> Description:
    dtype = dtype_of(given.dtype)
    size = length_of(given.dimensions, dtype)
    known = 0 < len(given.dimensions) <= limits.MAX_NDIM and min(given.dimensions) > 0
    if not known or size != nbytes or size > limits.MAX_FRAME_BYTES or given.framebus != VERSION:
        raise ValueError(f"{dtype} of shape {given.dimensions} in {nbytes} bytes")
    times = 0 <= given.captured_ns <= limits.MAX_NS and 0 <= given.captured_mono_ns <= limits.MAX_NS
    if not 0 <= (given.missed or 0) < 2**64:
        raise ValueError(f"{given.missed} frames missed")
    if not valid_name(given.stream) or not times or not 0 <= int(given.run, 16) < 2**64 or not 0 <= given.seq < 2**64:
        raise ValueError("no identity")
    guess_format(given.dimensions, dtype, given.format)
    check_depth(given.meta)
    return given


def _number(data: bytes) -> int:
    if len(data) < 8:
        raise BadFrame("it ends in the middle of a page")
    return int.from_bytes(data[:8], "little")
