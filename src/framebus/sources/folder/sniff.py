"""What a file is by its first bytes, for errors that say what was found instead of what was expected."""

from __future__ import annotations

import os

from framebus.core.errors import BadFrame, Unavailable

_MAGIC: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\xff\xd8\xff", "a JPEG picture"),
    (0, b"\x89PNG\r\n\x1a\n", "a PNG picture"),
    (0, b"II*\x00", "a TIFF picture"),
    (0, b"MM\x00*", "a TIFF picture"),
    (0, b"II+\x00", "a BigTIFF picture"),
    (0, b"BM", "a BMP picture"),
    (0, b"GIF8", "a GIF picture"),
    (8, b"WEBP", "a WebP picture"),
    (4, b"ftyp", "an MP4 or MOV video"),
    (0, b"\x1aE\xdf\xa3", "a Matroska or WebM video"),
    (8, b"AVI ", "an AVI video"),
    (8, b"WAVE", "a sound file"),
    (0, b"ID3", "a sound file"),
    (0, b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
    (0, b"\x93NUMPY", "a NumPy array"),
    (0, b"PK\x03\x04", "a ZIP archive"),
    (0, b"\x1f\x8b", "gzip-compressed data"),
    (0, b"%PDF", "a PDF document"),
    (0, b"\x7fELF", "a program"),
)
_HEAD_BYTES = 4096


def check_readable(path: str) -> None:
    """Raise `Unavailable` when `path` cannot be read as a file, and `BadFrame` when nothing is in it."""
    try:
        with open(path, "rb") as file:
            empty = not file.read(1)
    except FileNotFoundError as error:
        raise Unavailable(f"{path}: no such file (looked in {os.getcwd()})") from error
    except OSError as error:
        raise Unavailable(f"{path} cannot be read: {error.strerror or error}") from error
    if empty:
        raise BadFrame(f"{path} is empty (0 bytes): was it copied completely?")


def contents(path: str) -> str:
    """What the file holds by its first bytes, as the object of a sentence: `text`, `a PNG picture`."""
    with open(path, "rb") as file:
        head = file.read(_HEAD_BYTES)
    for offset, magic, what in _MAGIC:
        if head[offset:].startswith(magic):
            return what
    if _is_text(head):
        return "text"
    return f"{os.path.getsize(path)} bytes of an unknown kind, starting with {head[:8].hex(' ')}"


def _is_text(head: bytes) -> bool:
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as error:
        # The last character may have been cut in two.
        if error.start < len(head) - 4:
            return False
        text = head[: error.start].decode("utf-8")
    return all(letter.isprintable() or letter in "\r\n\t\f" for letter in text)
