"""The first 48 bytes of an HDF5 file (superblock version 3): what its writer left there when it was killed.

While a file is written for others to read along (SWMR) it is marked as open, and how long it is is not kept up to
date; everything else is whole at any moment. Setting both right makes it an ordinary file again. See the HDF5 file
format specification, II.A.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable

SIGNATURE = b"\x89HDF\r\n\x1a\n"
SIZE = 48
_FLAGS_AT, _END_AT, _SUM_AT = 11, 28, 44
_SHARED = 5
"""Being written, and others may read along."""
_MASK = 0xFFFFFFFF
_MIX = ((0, 2, 4, 1), (1, 0, 6, 2), (2, 1, 8, 0), (0, 2, 16, 1), (1, 0, 19, 2), (2, 1, 4, 0))
_FINAL = ((2, 1, 14), (0, 2, 11), (1, 0, 25), (2, 1, 16), (0, 2, 4), (1, 0, 14), (2, 1, 24))


def is_open(head: bytes) -> bool:
    """Whether the file is being written, or its writer died."""
    return _is_ours(head) and head[_FLAGS_AT] != 0


def closed(head: bytes, length: int) -> bytes:
    """The superblock of the same file as it is when it was closed, `length` bytes long."""
    fixed = bytearray(head[:SIZE])
    struct.pack_into("<Q", fixed, _END_AT, length)
    return _flagged(fixed, 0)


def share(descriptor: int) -> None:
    """Let others open a file that HDF5 has just opened to change it: what it was it is until that is done."""
    head = os.pread(descriptor, SIZE, 0)
    if is_open(head):
        os.pwrite(descriptor, _flagged(bytearray(head), _SHARED), 0)


def close(descriptor: int) -> bool:
    """Close the file after its dead writer, in place; False where nothing had to be done.

    Whoever calls this has made sure that no writer is alive.
    """
    head = os.pread(descriptor, SIZE, 0)
    if not is_open(head):
        return False
    os.pwrite(descriptor, closed(head, os.fstat(descriptor).st_size), 0)
    return True


def cut(descriptor: int, free: Iterable[tuple[int, int]]) -> None:
    """Let the closed file end before those of the places `free`, with their sizes, that are at its end."""
    head = os.pread(descriptor, SIZE, 0)
    if not _is_ours(head) or is_open(head):
        return
    (end,) = struct.unpack_from("<Q", head, _END_AT)
    for place, nbytes in sorted(free, reverse=True):
        end = place if place + nbytes == end else end
    os.pwrite(descriptor, closed(head, end), 0)
    os.ftruncate(descriptor, end)


def checksum(data: bytes) -> int:
    """Jenkins' lookup3, as HDF5 sums up its metadata."""
    state = [(0xDEADBEEF + len(data)) & _MASK] * 3
    while len(data) > 12:
        _add(state, data[:12])
        for one, other, turn, third in _MIX:
            state[one] = (state[one] - state[other]) & _MASK ^ _turned(state[other], turn)
            state[other] = (state[other] + state[third]) & _MASK
        data = data[12:]
    if data:
        _add(state, data.ljust(12, b"\0"))
        for one, other, turn in _FINAL:
            state[one] = ((state[one] ^ state[other]) - _turned(state[other], turn)) & _MASK
    return state[2]


def _add(state: list[int], data: bytes) -> None:
    for index, word in enumerate(struct.unpack("<III", data)):
        state[index] = (state[index] + word) & _MASK


def _turned(word: int, bits: int) -> int:
    return (word << bits | word >> 32 - bits) & _MASK


def _flagged(head: bytearray, flags: int) -> bytes:
    head[_FLAGS_AT] = flags
    struct.pack_into("<I", head, _SUM_AT, checksum(bytes(head[:_SUM_AT])))
    return bytes(head)


def _is_ours(head: bytes) -> bool:
    """A file of the version and sizes that we write, and whole."""
    known = len(head) >= SIZE and head.startswith(SIGNATURE) and head[8:11] == b"\x03\x08\x08"
    return known and checksum(head[:_SUM_AT]) == struct.unpack_from("<I", head, _SUM_AT)[0]
