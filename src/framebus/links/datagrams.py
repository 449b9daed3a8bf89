"""What two processes of one machine say to each other: one datagram is one message, or says where its pixels lie.

Every datagram begins with its kind (one byte), a number n (one byte), and n tokens of slots that the sender does not
look at any more. Numbers are little-endian. Then follows, by kind:

    CONTROL   a message of one part
    WHOLE     length of the first part (4 bytes), first part, second part
    PLACED    token, offset (8), length of the second part (8), first part; the second part is in the slot
    SHOWN     size of the slot (8), then as PLACED; the slot's file descriptor comes along
    BEGIN     length of the second part (8), first part; the second part follows in pieces
    PIECE     the next bytes of the second part
    FORGET    index of a slot (4) that is not used any more
    NOTHING   nothing: only the tokens matter

A token is one use of one slot: its index (4) and its generation (8).
"""

from __future__ import annotations

import struct
from typing import Final

from framebus.core.errors import BadFrame

CONTROL, WHOLE, PLACED, SHOWN, BEGIN, PIECE, FORGET, NOTHING = range(1, 9)

PLACE_FROM: Final = 16 * 1024
"""Second parts of at least so many bytes go to shared memory."""
MAX_PART: Final = 64 * 1024
"""Longest control message, and longest first part."""
MAX_TOKENS: Final = 64
TOKEN_BYTES: Final = 12
MAX_DATAGRAM: Final = 2 + MAX_TOKENS * TOKEN_BYTES + MAX_PART + PLACE_FROM + 64

_TOKEN = struct.Struct("<IQ")
_PLACED = struct.Struct("<12sQQ")
_INDEX = struct.Struct("<I")
_SIZE = struct.Struct("<Q")

token = _TOKEN.pack
"""The token of `(index, generation)`."""


def prefix(kind: int, tokens: list[bytes]) -> bytes:
    """How a datagram begins."""
    return bytes((kind, len(tokens))) + b"".join(tokens)


def whole(head: bytes, payload: memoryview) -> bytes:
    """The body of a WHOLE message."""
    return _INDEX.pack(len(head)) + head + payload


def placed(use: bytes, offset: int, nbytes: int, head: bytes) -> bytes:
    """The body of a PLACED message."""
    return _PLACED.pack(use, offset, nbytes) + head


def shown(size: int, body: bytes) -> bytes:
    """The body of a SHOWN message, made of that of a PLACED one."""
    return _SIZE.pack(size) + body


def begin(nbytes: int, head: bytes) -> bytes:
    """The body of a message whose second part comes in pieces."""
    return _SIZE.pack(nbytes) + head


def forget(index: int) -> bytes:
    """The body of FORGET."""
    return _INDEX.pack(index)


def split(data: memoryview) -> tuple[int, list[bytes], int]:
    """Kind, tokens, and where the body begins. Raises `BadFrame`."""
    if len(data) < 2:
        raise BadFrame("a datagram of one byte")
    kind, count = data[0], data[1]
    if not count:
        return kind, [], 2
    start = 2 + count * TOKEN_BYTES
    if start > len(data):
        raise BadFrame(f"a datagram of {len(data)} bytes that claims {count} tokens")
    return kind, [bytes(data[at : at + TOKEN_BYTES]) for at in range(2, start, TOKEN_BYTES)], start


def read_whole(body: memoryview) -> tuple[memoryview, memoryview]:
    """Copies of both parts. Raises `BadFrame`."""
    length = _number(_INDEX, body)
    if 4 + length > len(body):
        raise BadFrame(f"a message of {len(body)} bytes that claims a first part of {length}")
    # two copies, as the second part has to begin where any type of number may begin
    return memoryview(bytes(body[4 : 4 + length])), memoryview(bytes(body[4 + length :]))


def read_placed(body: memoryview) -> tuple[bytes, int, int, int, memoryview]:
    """Token, index, offset, length, and a copy of the first part. Raises `BadFrame`."""
    if len(body) < _PLACED.size:
        raise BadFrame(f"{len(body)} bytes that do not say where pixels lie")
    use, offset, nbytes = _PLACED.unpack_from(body)
    return use, _INDEX.unpack_from(use)[0], offset, nbytes, memoryview(bytes(body[_PLACED.size :]))


def read_shown(body: memoryview) -> tuple[int, memoryview]:
    """The size of the slot, and the rest. Raises `BadFrame`."""
    return _number(_SIZE, body), body[_SIZE.size :]


def read_begin(body: memoryview) -> tuple[int, memoryview]:
    """The length of the second part, and a copy of the first. Raises `BadFrame`."""
    return _number(_SIZE, body), memoryview(bytes(body[_SIZE.size :]))


def read_forget(body: memoryview) -> int:
    """The index of a slot. Raises `BadFrame`."""
    return _number(_INDEX, body)


def _number(kind: struct.Struct, body: memoryview) -> int:
    if len(body) < kind.size:
        raise BadFrame(f"a datagram that ends after {len(body)} bytes")
    return int(kind.unpack_from(body)[0])
