"""What a Zarr recording looks like inside (Zarr version 3), for those who write it and those who read it. Pure.

/                        a group; attribute `framebus`: 1, the version of this layout
/<stream>                a group; after a change of shape or type the stream goes on in `<stream>@2`, and so on.
                         Attributes: `stream`, `format` (of the pixels: `bgr24`, `gray16`, `array` …), `arrays` (the
                         further ones, in their order)
/<stream>/frames         (n, height, width[, channels]), one frame in each chunk
/<stream>/captured_ns …  (n), what `INDEX` says, of each frame
/<stream>/missed         (m, 2), of each frame before which others were lost its row and how many they were
/<stream>/meta           (bytes), JSON; that of a frame is `meta_span`: where it begins and how long it is
/<stream>/arrays/NAME    (n, …), further arrays of each frame, where there are any; attribute `name`

While it is written, and after its recorder was killed, arrays are a little longer than there are frames: `there` is 1
where one is. Chunks are raw, in the arrays' own byte order, those of frames and further arrays in gzip where that was
wanted; their names are `c.0.0.0`.

Source: Zarr core specification version 3; codecs `bytes` and `gzip`.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np

from framebus.core.errors import BadFrame
from framebus.core.not_json import NOT_JSON
from framebus.wire import limits
from framebus.wire.recordings import missed

VERSION = 1
MARK = "framebus"
DESCRIPTION = "zarr.json"
"""The file in a folder that says what the folder is."""
ROWS = 1024
"""Rows of the index in one chunk."""
META_BYTES = 65_536
"""Bytes of meta in one chunk."""
INDEX: Mapping[str, tuple[str, tuple[int, ...]]] = {
    "captured_ns": ("<i8", ()),
    "captured_mono_ns": ("<i8", ()),
    "seq": ("<u8", ()),
    "run": ("<u8", ()),
    "clock": ("|u1", (40,)),
    "meta_span": ("<u8", (2,)),
    "there": ("|u1", ()),
}
"""Of each array of the index its type and the shape of one row; `there` is written last."""
COLUMNS: Mapping[str, tuple[str, tuple[int, ...]]] = {**INDEX, missed.NAME: (missed.DTYPE, (2,))}
"""The same with `missed`, which has no row for each frame."""

_GZIP = {"name": "gzip", "configuration": {"level": 1}}
_WORDS = {"b": "bool", "u": "uint", "i": "int", "f": "float", "c": "complex"}
_WIDTHS = {"u": (1, 2, 4, 8), "i": (1, 2, 4, 8), "f": (2, 4, 8), "c": (8, 16), "b": (1,)}
_FILL: Mapping[str, object] = {"b": False, "c": [0.0, 0.0]}
_GZIP_WINDOW = 31


class Array(msgspec.Struct, frozen=True):
    """What an array is."""

    shape: tuple[int, ...]
    dtype: str
    chunk: tuple[int, ...]
    packed: bool = False
    """In gzip."""
    attributes: dict[str, Any] = {}

    @property
    def row(self) -> tuple[int, ...]:
        """The shape of one row."""
        return self.shape[1:]

    @property
    def chunk_bytes(self) -> int:
        """How long a chunk is before it is packed."""
        return int(np.dtype(self.dtype).itemsize * np.prod(self.chunk, dtype=object))

    def chunk_name(self, number: int) -> str:
        """Of the file with the chunk that is `number` in its first dimension."""
        return ".".join(("c", str(number), *("0" for _ in self.row)))


def group(attributes: Mapping[str, Any]) -> bytes:
    """The description of a group."""
    return _json({"zarr_format": 3, "node_type": "group", "attributes": dict(attributes)})


def described(array: Array) -> bytes:
    """The description of an array; raises `BadFrame` for types that Zarr has not."""
    dtype = np.dtype(array.dtype)
    order = {"configuration": {"endian": "big" if array.dtype[0] == ">" else "little"}} if dtype.itemsize > 1 else {}
    return _json(
        {
            "zarr_format": 3,
            "node_type": "array",
            "shape": array.shape,
            "data_type": _word(dtype),
            "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": array.chunk}},
            "chunk_key_encoding": {"name": "default", "configuration": {"separator": "."}},
            "fill_value": _FILL.get(dtype.kind, 0),
            "codecs": [{"name": "bytes", **order}, *([_GZIP] if array.packed else [])],
            "attributes": array.attributes,
        }
    )


def group_of(data: bytes) -> dict[str, Any]:
    """The attributes of a group, by its description; raises `BadFrame` where it is none."""
    try:
        return _decode_group(data).attributes
    except NOT_JSON as error:
        raise BadFrame(f"it is no group of Zarr version 3: {error}") from error


def array_of(data: bytes) -> Array:
    """What an array is, by its description; raises `BadFrame` where it is none that was recorded here."""
    try:
        given = _decode_array(data)
        endian, packed = _codecs(given.codecs)
        array = Array(given.shape, _dtype(given.data_type, endian), given.grid, packed, given.attributes)
    except (msgspec.DecodeError, RecursionError, KeyError, ValueError) as error:
        raise BadFrame(f"it is no array as framebus records them: {error}") from error
    fits = len(array.shape) == len(array.chunk) and min(array.chunk) > 0 and array.row == array.chunk[1:]
    if not fits or array.chunk_bytes > limits.MAX_FRAME_BYTES or len(array.row) > limits.MAX_NDIM:
        raise BadFrame(f"it holds arrays of {array.shape} in chunks of {array.chunk}, which are no frames")
    return array


def packed(data: memoryview) -> bytes:
    """A chunk in gzip. Other threads run meanwhile."""
    return gzip.compress(data, 1, mtime=0)


def unpacked(data: bytes, array: Array) -> bytes:
    """The bytes of a chunk; raises `BadFrame` unless they are exactly as many as there should be."""
    size = array.chunk_bytes
    if array.packed:
        try:
            stream = zlib.decompressobj(_GZIP_WINDOW)
            data = stream.decompress(data, size + 1)
        except zlib.error as error:
            raise BadFrame(str(error)) from error
    if len(data) != size:
        raise BadFrame(f"{len(data)} bytes of {size}")
    return data


class _Named(msgspec.Struct):
    name: str
    configuration: dict[str, Any] = {}


class _Group(msgspec.Struct):
    attributes: dict[str, Any] = {}
    zarr_format: int = 3


class _Described(msgspec.Struct):
    shape: tuple[int, ...]
    data_type: str
    chunk_grid: _Named
    codecs: list[_Named]
    attributes: dict[str, Any] = {}

    @property
    def grid(self) -> tuple[int, ...]:
        return msgspec.convert(self.chunk_grid.configuration["chunk_shape"], tuple[int, ...])


_decode_group = msgspec.json.Decoder(_Group).decode
_decode_array = msgspec.json.Decoder(_Described).decode


def _codecs(codecs: list[_Named]) -> tuple[str, bool]:
    first, *others = codecs
    names = [codec.name for codec in others]
    if first.name != "bytes" or names not in ([], ["gzip"]):
        raise ValueError(f"its chunks are in {', '.join([first.name, *names])}")
    return (">" if first.configuration.get("endian") == "big" else "<"), bool(names)


def _word(dtype: np.dtype[Any]) -> str:
    if dtype.itemsize not in _WIDTHS.get(dtype.kind, ()):
        raise BadFrame(f"arrays of {dtype} are none that Zarr has")
    return "bool" if dtype.kind == "b" else f"{_WORDS[dtype.kind]}{8 * dtype.itemsize}"


def _dtype(word: str, endian: str) -> str:
    for kind, widths in _WIDTHS.items():
        for width in widths:
            dtype = np.dtype(f"{endian}{kind}{width}")
            if _word(dtype) == word:
                return dtype.str
    raise ValueError(f"its type is {word!r}")


def _json(value: Mapping[str, Any]) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value), indent=1)
