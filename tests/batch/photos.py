"""Pictures for jobs, good ones and bad ones, made for a test."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import simplejpeg
from PIL import Image

Array = npt.NDArray[Any]


def picture(number: int = 0, width: int = 48, height: int = 32) -> Array:
    """A smooth colour picture `(height, width, 3)`, red first, different for each `number`."""
    rows, columns = np.mgrid[:height, :width]
    planes = (4 * columns + 7 * number, 5 * rows + 3 * number, 2 * (rows + columns) + number)
    return np.stack([np.abs(plane % 510 - 255) for plane in planes], axis=2).astype(np.uint8)


def jpeg(number: int = 0, width: int = 48, height: int = 32, **how: Any) -> bytes:
    """A photograph."""
    how = {"quality": 95, "colorspace": "RGB", "colorsubsampling": "444", **how}
    data: bytes = simplejpeg.encode_jpeg(picture(number, width, height), **how)
    return data


def encoded(picture: Array | Image.Image, format: str, **how: Any) -> bytes:
    """Whatever Pillow writes."""
    out = BytesIO()
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    image.save(out, format, **how)
    return out.getvalue()


def photos(folder: Path, count: int, **how: Any) -> Path:
    """A folder of JPEGs, `p000.jpg` and so on."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        (folder / f"p{number:03d}.jpg").write_bytes(jpeg(number, **how))
    return folder


def pixels(path: Path | str) -> Array:
    """What is in an image file, by Pillow."""
    with Image.open(path) as image:
        return np.array(image)


def contents(folder: Path) -> Mapping[str, bytes]:
    """Every file below a folder but the journal, by its path in it."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != ".framebus-journal"
    }


def png_bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it is very large."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def with_exif_orientation(data: bytes, orientation: int) -> bytes:
    """A JPEG with an EXIF segment that says which way up it is."""
    tag = struct.pack(">HHIHH", 0x0112, 3, 1, orientation, 0)
    exif = b"Exif\0\0" + b"MM\0*" + struct.pack(">I", 8) + struct.pack(">H", 1) + tag + struct.pack(">I", 0)
    return data[:2] + b"\xff\xe1" + struct.pack(">H", 2 + len(exif)) + exif + data[2:]
