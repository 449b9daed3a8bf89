"""Small files that say they are large, or become so when they are unpacked: pictures, arrays and recordings."""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

_PNG = b"\x89PNG\r\n\x1a\n"
_ZEROS = 300_000_000
"""What is unpacked of what is packed well."""


def write_bombs(folder: Path, chance: random.Random) -> list[Path]:
    """One file of each kind, with sizes of chance."""
    found = []
    for make in (_pngs, _jpegs, _tiffs, _others, _recordings):
        for name, data in make(chance):
            path = folder / name
            path.write_bytes(data)
            found.append(path)
    return [*found, *_hdf5(folder, chance)]


Files = Iterator[tuple[str, bytes]]


def _large(chance: random.Random) -> int:
    return chance.choice((15_000, 30_000, 50_000, 65_500))


def _packed_zeros(size: int = _ZEROS) -> bytes:
    packer = zlib.compressobj(9)
    piece = bytes(1_000_000)
    return b"".join([*(packer.compress(piece) for _ in range(size // len(piece))), packer.flush()])


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _png(width: int, height: int, *chunks: bytes, depth: int = 8, colour: int = 0) -> bytes:
    head = _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    return b"".join((_PNG, head, *chunks, _chunk(b"IEND", b"")))


def _pngs(chance: random.Random) -> Files:
    zeros = _packed_zeros()
    yield "wide.png", _png(_large(chance), _large(chance), _chunk(b"IDAT", zeros))
    yield "deep.png", _png(9_000, 9_000, _chunk(b"IDAT", zeros), depth=16, colour=6)
    yield "more-than-it-says.png", _png(8, 8, _chunk(b"IDAT", zeros))
    yield "beyond.png", _png(2**31 - 1, 2**31 - 1, _chunk(b"IDAT", zlib.compress(b"\0")))
    for kind, head in ((b"zTXt", b"Comment\0\0"), (b"iCCP", b"icc\0\0"), (b"iTXt", b"Comment\0\1\0\0\0")):
        good = _chunk(b"IDAT", zlib.compress(bytes(9 * 8)))
        yield f"packed-{kind.decode()}.png", _png(8, 8, _chunk(kind, head + zeros), good)


def _jpegs(chance: random.Random) -> Files:
    side = _large(chance)
    frame = b"\xff\xc0\x00\x0b\x08" + struct.pack(">HH", side, side) + b"\x01\x01\x11\x00"
    tables = b"\xff\xdb\x00\x43\x00" + bytes([1]) * 64
    huffman = (
        b"\xff\xc4\x00\x14\x00" + bytes([1]) + bytes(15) + b"\x00" + b"\xff\xc4\x00\x14\x10" + bytes([1]) + bytes(15)
    )
    scan = b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00" + bytes(5000)
    yield "wide.jpg", b"\xff\xd8" + tables + frame + huffman + b"\x00" + scan + b"\xff\xd9"
    progressive = frame.replace(b"\xff\xc0", b"\xff\xc2").replace(struct.pack(">HH", side, side), b"\x20\x00\x20\x00")
    one = b"\xff\xda\x00\x08\x01\x01\x00\x00\x00\x00"
    yield "scans.jpg", b"\xff\xd8" + tables + progressive + huffman + b"\x00" + (one + b"\x00\x00") * 3000 + b"\xff\xd9"
    yield (
        "segments.jpg",
        b"\xff\xd8" + b"\xff\xe1\xff\xff" + bytes(65_533) * 1 + (b"\xff\xfe\x00\x02" * 500_000) + b"\xff\xd9",
    )


def _entry(tag: int, kind: int, count: int, value: int) -> bytes:
    return struct.pack("<HHII", tag, kind, count, value)


def _tiff(width: int, height: int, data: bytes, compression: int, link: int = 0, rows: int = 0) -> bytes:
    entries = [
        *(_entry(256, 4, 1, width), _entry(257, 4, 1, height), _entry(258, 3, 1, 8), _entry(259, 3, 1, compression)),
        *(_entry(262, 3, 1, 1), _entry(273, 4, 1, 8), _entry(277, 3, 1, 1), _entry(278, 4, 1, rows or height)),
        _entry(279, 4, 1, len(data)),
    ]
    at = 8 + len(data) + len(data) % 2
    table = struct.pack("<H", len(entries)) + b"".join(entries) + struct.pack("<I", link)
    return b"II*\0" + struct.pack("<I", at) + data + bytes(len(data) % 2) + table


def _tiffs(chance: random.Random) -> Files:
    zeros = _packed_zeros()
    yield "wide.tif", _tiff(_large(chance), _large(chance), zeros, 8)
    yield "raw.tif", _tiff(_large(chance), _large(chance), bytes(1000), 1)
    yield "more-than-it-says.tif", _tiff(8, 8, zeros, 8)
    yield "runs.tif", _tiff(_large(chance), _large(chance), b"\x81\x00" * 400_000, 32773)
    small = _tiff(8, 8, bytes(64), 1)
    first = struct.unpack("<I", small[4:8])[0]
    yield "circle.tif", small[:-4] + struct.pack("<I", first)
    more = small[first:-4] + struct.pack("<I", first)
    yield "circles.tif", small[:-4] + struct.pack("<I", len(small)) + more
    yield "beyond.tif", _tiff(2**31 - 1, 2**31 - 1, bytes(100), 5)
    yield "counts.tif", small.replace(_entry(273, 4, 1, 8), _entry(273, 4, 2**31 - 1, 8))


def _others(chance: random.Random) -> Files:
    canvas = struct.pack("<I", 2**24 - 1)[:3]
    vp8x = b"VP8X" + struct.pack("<I", 10) + bytes(4) + canvas + canvas
    vp8l = b"VP8L" + struct.pack("<I", 20) + b"\x2f" + struct.pack("<I", 16_383 | 16_383 << 14) + bytes(15)
    for name, body in (("canvas.webp", vp8x + vp8l), ("wide.webp", vp8l)):
        yield name, b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body
    screen = b"GIF89a" + struct.pack("<HH", 65_535, 65_535) + b"\x80\0\0" + bytes(6)
    image = b"\x2c" + struct.pack("<HHHH", 0, 0, 65_535, 65_535) + b"\0\x02\x02\x4c\x01\0"
    yield "wide.gif", screen + image + b"\x3b"
    yield "many.gif", screen.replace(b"\xff\xff\xff\xff", b"\x08\x00\x08\x00") + image * 5000 + b"\x3b"
    side = _large(chance)
    info = struct.pack("<IiiHHIIiiII", 40, side, side, 1, 24, 0, 0, 0, 0, 0, 0)
    yield "wide.bmp", b"BM" + struct.pack("<IHHI", 1000, 0, 0, 54) + info + bytes(1000)
    runs = info.replace(struct.pack("<HHI", 1, 24, 0), struct.pack("<HHI", 1, 8, 1))
    yield "runs.bmp", b"BM" + struct.pack("<IHHI", 1000, 0, 0, 54) + runs + b"\xff\0" * 100_000


def _recordings(chance: random.Random) -> Files:
    """What says that it is one of ours."""
    head = f"{{'descr': '|u1', 'fortran_order': False, 'shape': ({_large(chance)}, {_large(chance)}, 400), }}"
    padded = head.ljust(117) + "\n"
    yield "wide.npy", b"\x93NUMPY\x01\x00" + struct.pack("<H", len(padded)) + padded.encode() + bytes(100)


def _hdf5(folder: Path, chance: random.Random) -> list[Path]:
    """Frames of gigabytes: never written, or packed well, or of many small pieces."""
    try:
        import h5py
    except ImportError:
        return []
    import framebus as fb

    makers: dict[str, Callable[[object], None]] = {}

    def wide(file: h5py.File, shape: tuple[int, ...], **how: object) -> None:
        del file["cam/frames"]
        file["cam"].create_dataset("frames", shape, np.uint8, maxshape=(None, *shape[1:]), **how)

    side = _large(chance)
    makers["never-written.h5"] = lambda file: wide(file, (1, side, side, 3), chunks=(1, 64, 64, 3))
    makers["one-chunk.h5"] = lambda file: wide(
        file,
        (1, 9_000, 9_000, 3),
        chunks=(1, 9_000, 9_000, 3),
        compression="gzip",
    )
    makers["many-frames.h5"] = lambda file: wide(file, (2**40, 6, 8, 3), chunks=(1, 6, 8, 3))
    found = []
    for name, change in makers.items():
        path = folder / name
        with fb.publish(str(path)) as out:
            out.send(fb.Frame.of(np.zeros((6, 8, 3), np.uint8), stream="cam"))
        with h5py.File(path, "a") as file:
            change(file)
        found.append(path)
    return found
