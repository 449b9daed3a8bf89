"""What an image file is by its first bytes, and how large its picture says it is, before anything is decoded."""

from __future__ import annotations

import struct

from framebus.core.errors import BadFrame
from framebus.core.registry import VIDEOS

MAGIC = {
    b"\xff\xd8\xff": "jpeg",
    b"\x89PNG\r\n\x1a\n": "png",
    b"II*\x00": "tiff",
    b"MM\x00*": "tiff",
    b"II+\x00": "tiff",
    b"MM\x00+": "tiff",
    b"GIF8": "gif",
    b"BM": "bmp",
}
_VIDEO = tuple(f".{ending}" for ending in VIDEOS)
_RIFF, _WEBP = b"RIFF", b"WEBP"
_OLD_BMP = 12


def is_video(path: str) -> bool:
    """True for a file that is a video by its name: those are not looked into."""
    return path.lower().endswith(_VIDEO)


def kind_of(data: bytes) -> str | None:
    """`jpeg`, `png`, `tiff`, `gif`, `bmp` or `webp`; None for anything else."""
    for magic, kind in MAGIC.items():
        if data.startswith(magic):
            return kind
    return "webp" if data.startswith(_RIFF) and data[8:12] == _WEBP else None


def size_of(data: bytes, kind: str) -> tuple[int, int]:
    """Width and height by the header of a `png`, `gif`, `bmp` or `webp`; raises `BadFrame` where it is cut short."""
    try:
        return _SIZES[kind](data)
    except struct.error as error:
        raise BadFrame(f"it ends after {len(data):,} bytes, inside its header: was it copied completely?") from error


def check_pixels(width: int, height: int, limit: int) -> None:
    """Raise `BadFrame` for a picture of nothing, and for one of more than `limit` pixels."""
    if width < 1 or height < 1:
        raise BadFrame(f"its header says {width}x{height} pixels: nothing is in it")
    if width * height > limit:
        raise BadFrame(
            f"its header says {width:,}x{height:,} pixels, the limit is {limit:,}: raise max_pixels (--max-pixels) "
            "if that is no mistake"
        )


def _png(data: bytes) -> tuple[int, int]:
    width, height = struct.unpack_from(">II", data, 16)
    return width, height


def _gif(data: bytes) -> tuple[int, int]:
    width, height = struct.unpack_from("<HH", data, 6)
    return width, height


def _bmp(data: bytes) -> tuple[int, int]:
    (header,) = struct.unpack_from("<I", data, 14)
    width, height = struct.unpack_from("<HH" if header == _OLD_BMP else "<ii", data, 18)
    return width, abs(height)  # negative where the first row is the uppermost


def _webp(data: bytes) -> tuple[int, int]:
    form = data[12:16]
    if form == b"VP8X":
        low_width, high_width, low_height, high_height = struct.unpack_from("<HBHB", data, 24)
        return (low_width | high_width << 16) + 1, (low_height | high_height << 16) + 1
    if form == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    width, height = struct.unpack_from("<HH", data, 26)
    return width & 0x3FFF, height & 0x3FFF


_SIZES = {"png": _png, "gif": _gif, "bmp": _bmp, "webp": _webp}
