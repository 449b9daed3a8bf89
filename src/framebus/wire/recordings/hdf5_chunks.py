"""The bytes of a chunk in an HDF5 file, compressed as its filters do: byte shuffle, then LZ4 or deflate.

LZ4 is the registered filter 32004: the length and the size of a block (big-endian, 8 and 4 bytes), then of each block
the length of what follows (4 bytes) and that, which is the block itself where it cannot be made smaller.
"""

from __future__ import annotations

import struct
import zlib
from typing import Any

import lz4.block
import numpy as np

from framebus.core.errors import BadFrame
from framebus.wire.recordings.hdf5 import GZIP_FILTER, LZ4_FILTER, SHUFFLE_FILTER

KNOWN = frozenset({GZIP_FILTER, LZ4_FILTER, SHUFFLE_FILTER})
GZIP_LEVEL = 1
_BLOCK = 4 * 1024 * 1024
_HEAD, _LENGTH = struct.Struct(">QI"), struct.Struct(">I")


def filters(compress: str | None, itemsize: int) -> tuple[int, ...]:
    """The filters of a dataset, in order."""
    if compress is None:
        return ()
    return (*((SHUFFLE_FILTER,) if itemsize > 1 else ()), LZ4_FILTER if compress == "lz4" else GZIP_FILTER)


def pack(data: Any, through: tuple[int, ...], itemsize: int) -> Any:
    """The chunk's bytes; `data` is contiguous. Other threads run meanwhile."""
    for one in through:
        if one == SHUFFLE_FILTER:
            data = np.frombuffer(data, np.uint8).reshape(-1, itemsize).T.copy().reshape(-1).data
        elif one == LZ4_FILTER:
            data = _lz4(memoryview(data).cast("B"))
        else:
            data = zlib.compress(data, GZIP_LEVEL)
    return data


def unpack(data: bytes, through: tuple[int, ...], itemsize: int, size: int) -> bytes | memoryview:
    """The `size` bytes of a chunk; raises `BadFrame` unless it is exactly that."""
    plain: bytes | memoryview = data
    try:
        for one in reversed(through):
            if one == SHUFFLE_FILTER:
                plain = np.frombuffer(plain, np.uint8).reshape(itemsize, -1).T.copy().reshape(-1).data
            elif one == LZ4_FILTER:
                plain = _unlz4(memoryview(plain), size)
            else:
                plain = _inflated(plain, size)
    except (ValueError, struct.error, zlib.error, lz4.block.LZ4BlockError) as error:
        raise BadFrame(f"damaged: {error}") from error
    if len(plain) != size:
        raise BadFrame(f"{len(plain)} bytes of {size}")
    return plain


def _lz4(data: memoryview) -> bytes:
    parts: list[bytes | memoryview] = [_HEAD.pack(len(data), _BLOCK)]
    for at in range(0, len(data), _BLOCK):
        block = data[at : at + _BLOCK]
        packed = lz4.block.compress(block, store_size=False)
        kept = packed if len(packed) < len(block) else block
        parts += _LENGTH.pack(len(kept)), kept
    return b"".join(parts)


def _unlz4(data: memoryview, size: int) -> bytes:
    length, block = _HEAD.unpack_from(data)
    if length != size or block == 0:
        raise ValueError(f"it says it holds {length} bytes, {size} are needed")
    parts, at, left = [], _HEAD.size, size
    while left:
        (stored,) = _LENGTH.unpack_from(data, at)
        here, at = min(block, left), at + _LENGTH.size
        part = data[at : at + stored]
        parts.append(bytes(part) if stored == here else lz4.block.decompress(part, uncompressed_size=here))
        at, left = at + stored, left - here
    return b"".join(parts)


def _inflated(data: bytes | memoryview, size: int) -> bytes:
    stream = zlib.decompressobj()
    plain = stream.decompress(data, max(1, size))
    if not stream.eof and stream.decompress(stream.unconsumed_tail, 1):
        raise ValueError(f"more than {size} bytes")
    return plain
