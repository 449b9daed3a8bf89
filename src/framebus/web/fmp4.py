"""H.264 as fragmented MP4 for Media Source Extensions: one fragment for each picture, made the moment it comes.

ISO/IEC 14496-12 (boxes) and 14496-15 (`avcC`). Muxers of libraries give a picture out when the next one comes.
"""

from __future__ import annotations

import struct

from framebus.web.parameters import Description

TIMESCALE = 90_000
_MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_KEY, _DELTA = 0x02000000, 0x01010000
_DATA_OFFSET, _FIRST_FLAGS, _DURATION, _SIZE, _FLAGS, _SHIFT = 0x1, 0x4, 0x100, 0x200, 0x400, 0x800
_NUMBER_AT, _WHEN_AT, _FLAGS_AT, _RUN_AT = 20, 60, 79, 88
"""Where in a fragment its number, its time, the last flags of its run, and the run's first value are."""


def beginning(description: Description) -> bytes:
    """What a player needs before the first fragment: `ftyp` and `moov` of one endless track."""
    brands = _box(b"ftyp", b"iso5", struct.pack(">I", 512), b"iso5iso6mp41avc1")
    head = struct.pack(">IIIIIH", 0, 0, TIMESCALE, 0, 0x10000, 0x100) + bytes(10) + _MATRIX + bytes(24)
    movie = _full(b"mvhd", 0, head, struct.pack(">I", 2))
    extends = _box(b"mvex", _full(b"trex", 0, struct.pack(">IIIII", 1, 1, 0, 0, 0)))
    return brands + _box(b"moov", movie, _track(description), extends)


def fragment(picture: bytes, number: int, at: int, duration: int, shift: int, *, key: bool) -> bytes:
    """One picture (units with their lengths before them) as `moof` and `mdat`.

    `at` is when it is decoded and `duration` how long it is shown, both in 1/90000 s; `shift` is how much later it is
    shown than decoded. A key frame says so in the flags of the first sample, by which some players know one.
    """
    sample = (_KEY, duration, len(picture), shift) if key else (duration, len(picture), _DELTA, shift)
    head = bytearray(_HEADS[key])
    struct.pack_into(">I", head, _NUMBER_AT, number)
    struct.pack_into(">Q", head, _WHEN_AT, at)
    struct.pack_into(">IIIi", head, _RUN_AT, *sample)
    return b"".join((head, struct.pack(">I4s", 8 + len(picture), b"mdat"), picture))


def boxes(data: bytes) -> list[bytes]:
    """The boxes of `data`, one after the other."""
    found = []
    while data:
        size = int.from_bytes(data[:4], "big")
        found.append(data[:size])
        data = data[size:]
    return found


def lasting(fragment: bytes) -> int:
    """How long a fragment's picture is shown, in 1/90000 s."""
    return int(struct.unpack_from(">I", fragment, _duration_at(fragment))[0])


def moved(fragment: bytes, number: int, at: int, duration: int) -> bytes:
    """The same picture at another time, for another duration."""
    copy = bytearray(fragment)
    struct.pack_into(">I", copy, _NUMBER_AT, number)
    struct.pack_into(">Q", copy, _WHEN_AT, at)
    struct.pack_into(">I", copy, _duration_at(fragment), duration)
    return bytes(copy)


def _duration_at(fragment: bytes) -> int:
    return _RUN_AT + 4 if fragment[_FLAGS_AT] & _FIRST_FLAGS else _RUN_AT


def _track(description: Description) -> bytes:
    width, height = description.width, description.height
    head = struct.pack(">IIIII", 0, 0, 1, 0, 0) + bytes(16) + _MATRIX + struct.pack(">II", width << 16, height << 16)
    handler = _full(b"hdlr", 0, bytes(4), b"vide", bytes(12), b"v\0")
    times = _full(b"mdhd", 0, struct.pack(">IIIII", 0, 0, TIMESCALE, 0, 0x55C40000))
    here = _box(b"dinf", _full(b"dref", 0, struct.pack(">I", 1), _full(b"url ", 1)))
    media = _box(b"minf", _full(b"vmhd", 1, bytes(8)), here, _samples(description))
    return _box(b"trak", _full(b"tkhd", 3, head), _box(b"mdia", times, handler, media))


def _samples(description: Description) -> bytes:
    size = struct.pack(">HHIIIH", description.width, description.height, 0x480000, 0x480000, 0, 1)
    entry = bytes(6) + struct.pack(">H", 1) + bytes(16) + size + bytes(32) + struct.pack(">Hh", 24, -1)
    coded = _box(b"avc1", entry, _box(b"avcC", _record(description)))
    described = _full(b"stsd", 0, struct.pack(">I", 1), coded)
    empty = (_full(kind, 0, bytes(size)) for kind, size in ((b"stts", 4), (b"stsc", 4), (b"stsz", 8), (b"stco", 4)))
    return _box(b"stbl", described, *empty)


def _record(description: Description) -> bytes:
    sps, pps = description.sps, description.pps
    sets = b"\xff\xe1" + struct.pack(">H", len(sps)) + sps + b"\1" + struct.pack(">H", len(pps)) + pps
    return b"\1" + sps[1:4] + sets


def _box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def _full(kind: bytes, flags: int, *parts: bytes, version: int = 0) -> bytes:
    return _box(kind, struct.pack(">I", version << 24 | flags), *parts)


def _moof(offset: int, *, key: bool) -> bytes:
    """The head of a fragment, whose numbers are zero but for where its picture is."""
    flags = _DATA_OFFSET | _DURATION | _SIZE | _SHIFT | (_FIRST_FLAGS if key else _FLAGS)
    run = _full(b"trun", flags, struct.pack(">Ii", 1, offset), bytes(16), version=1)
    when = _full(b"tfdt", 0, bytes(8), version=1)
    track = _box(b"traf", _full(b"tfhd", 0x020000, struct.pack(">I", 1)), when, run)
    return _box(b"moof", _full(b"mfhd", 0, bytes(4)), track)


_HEADS = {key: _moof(len(_moof(0, key=key)) + 8, key=key) for key in (False, True)}
