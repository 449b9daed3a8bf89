"""MP4 written so that it is whole after every picture, and an ordinary file with an index once it is finished. Pure.

While it is written each picture is a fragment of its own (ISO/IEC 14496-12, 8.8). `finish` appends a movie box with an
index of all pictures and then turns everything before it, the first movie box and the fragments, into one media data
box, of which players see nothing but the pictures.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterable, Iterator
from itertools import groupby, pairwise

TIMESCALE = 1_000_000
"""Ticks in a second."""
_GUESSED = 40_000
_KEY, _OTHER = 0x0200_0000, 0x0101_0000
_RUN = 0x000F01
"""A run says where its data is, and of each picture how long, large, what kind and how much later it is shown."""
_BASE_IS_FRAGMENT = 0x020000
_CONTAINERS = (b"trak", b"mdia", b"minf", b"stbl")
_TABLES = (b"stts", b"stsc", b"stsz", b"stco", b"ctts", b"stss", b"co64", b"sgpd", b"sbgp")


class Mp4:
    """The bytes of one file with one track; times in ticks of a microsecond."""

    def __init__(self, header: bytes) -> None:
        """`header`: file type and movie box of a fragmented file with that track, timescale 1,000,000."""
        kind, movie = [box for box in _boxes(header) if box[0] in (b"ftyp", b"moov")][:2]
        self._movie = movie
        self._cover_at = len(_box(*kind))
        self.header = _box(*kind) + _box(b"free", bytes(8)) + _box(*movie)
        self._dts, self._later = array("q"), array("i")
        self._sizes, self._offsets, self._keys = array("I"), array("Q"), array("I")

    def picture(self, data: bytes, *, dts: int, pts: int, key: bool, at: int) -> bytes:
        """What to append, at `at`, for a picture whose units have their lengths before them."""
        number = len(self._dts) + 1
        usual = dts - self._dts[-1] if self._dts else _GUESSED
        run = struct.pack(">IIIIIi", 1, 0, usual, len(data), _KEY if key else _OTHER, pts - dts)
        times = _full(b"tfdt", 1, 0, struct.pack(">Q", dts))
        track = _full(b"tfhd", 0, _BASE_IS_FRAGMENT, struct.pack(">I", 1))
        whole = _fragment(number, track, times, run)
        run = run[:4] + struct.pack(">I", len(whole) + 8) + run[8:]
        whole = _fragment(number, track, times, run)
        self._dts.append(dts)
        self._later.append(pts - dts)
        self._sizes.append(len(data))
        self._offsets.append(at + len(whole) + 8)
        if key:
            self._keys.append(number)
        return whole + _box(b"mdat", data)

    def undo(self) -> None:
        """The latest picture was not written."""
        if self._keys and self._keys[-1] == len(self._dts):
            self._keys.pop()
        for table in (self._dts, self._later, self._sizes, self._offsets):
            table.pop()

    def finish(self, end: int) -> list[tuple[int, bytes]]:
        """What to write where, in this order, in a file of `end` bytes."""
        cover = struct.pack(">I4sQ", 1, b"mdat", end - self._cover_at)
        return [(end, self._index()), (self._cover_at, cover)]

    def _index(self) -> bytes:
        durations = [after - before for before, after in pairwise(self._dts)]
        durations.append(durations[-1] if durations else _GUESSED)
        return _box(b"moov", b"".join(self._rewritten(self._movie[1], durations, sum(durations))))

    def _rewritten(self, content: bytes, durations: list[int], total: int) -> Iterator[bytes]:
        for kind, inside in _boxes(content):
            if kind == b"stbl":
                kept = b"".join(_box(*box) for box in _boxes(inside) if box[0] not in _TABLES)
                yield _box(kind, kept + self._tables(durations))
            elif kind in _CONTAINERS:
                yield _box(kind, b"".join(self._rewritten(inside, durations, total)))
            elif kind in (b"mvhd", b"mdhd", b"tkhd"):
                yield _box(kind, _lasting(kind, inside, total))
            elif kind not in (b"mvex", b"edts"):
                yield _box(kind, inside)

    def _tables(self, durations: list[int]) -> bytes:
        count = len(durations)
        later = [(len(list(same)), value) for value, same in groupby(self._later)]
        tables = [
            _full(b"stts", 0, 0, _counted(">II", ((len(list(same)), value) for value, same in groupby(durations)))),
            _full(b"stss", 0, 0, _counted(">I", ((key,) for key in self._keys))),
            _full(b"stsc", 0, 0, struct.pack(">IIII", 1, 1, 1, 1)),
            _full(b"stsz", 0, 0, struct.pack(">II", 0, count) + _swapped(self._sizes)),
            _full(b"co64", 0, 0, struct.pack(">I", count) + _swapped(self._offsets)),
        ]
        if any(value for _, value in later):
            tables.append(_full(b"ctts", 1, 0, _counted(">Ii", later)))
        return b"".join(tables)


def _fragment(number: int, track: bytes, times: bytes, run: bytes) -> bytes:
    group = _box(b"traf", track + times + _full(b"trun", 1, _RUN, run))
    return _box(b"moof", _full(b"mfhd", 0, 0, struct.pack(">I", number)) + group)


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", len(content) + 8, kind) + content


def _full(kind: bytes, version: int, flags: int, content: bytes) -> bytes:
    return _box(kind, struct.pack(">I", version << 24 | flags) + content)


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        yield kind, data[at + 8 : at + size]
        at += max(8, size)


def _lasting(kind: bytes, content: bytes, total: int) -> bytes:
    """A header box, as version 1 with 64-bit times, that says how long everything lasts; its own timescale is kept."""
    flags = int.from_bytes(content[1:4], "big")
    fixed = content[4:]
    if content[0] == 0:
        made, changed = struct.unpack_from(">II", fixed)
        middle, rest = fixed[8:16] if kind == b"tkhd" else fixed[8:12], fixed[20:] if kind == b"tkhd" else fixed[16:]
    else:
        made, changed = struct.unpack_from(">QQ", fixed)
        middle, rest = fixed[16:24] if kind == b"tkhd" else fixed[16:20], fixed[32:] if kind == b"tkhd" else fixed[28:]
    return (
        struct.pack(">I", 1 << 24 | flags)
        + struct.pack(">QQ", made, changed)
        + middle
        + struct.pack(">Q", total)
        + rest
    )


def _counted(form: str, rows: Iterable[tuple[int, ...]]) -> bytes:
    packed = [struct.pack(form, *row) for row in rows]
    return struct.pack(">I", len(packed)) + b"".join(packed)


def _swapped(values: array[int]) -> bytes:
    turned = array(values.typecode, values)
    turned.byteswap()
    return turned.tobytes()
