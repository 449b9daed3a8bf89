"""Pictures as cameras compress them: JPEGs of about 60 KB that carry their number in a comment at either end."""

from __future__ import annotations

from struct import pack

import numpy as np

from benchmarks.harness.frames import SIZES, Array, Frames

_NOISE, _QUALITY = 17, 75
_START, _END, _COMMENT = b"\xff\xd8", b"\xff\xd9", b"\xff\xfe"
_WORD = 8
_FIRST, _LAST = 1, -2
"""The words of eight bytes that are the number: the first and the last whole ones inside the comments."""


class Jpegs(Frames):
    """A ring of the same picture, 640 × 480, larger than the caches; each frame is the whole file `(bytes,)`."""

    _first, _last = _FIRST, _LAST

    def __init__(self, window: int) -> None:
        self._file = np.frombuffer(_with_comments(_picture()), np.uint8)
        super().__init__(self._file.shape, window)

    def _made(self, shape: tuple[int, ...]) -> Array:
        return np.tile(self._file, (shape[0], 1))


def ends_of(jpeg: bytes | memoryview) -> Array:
    """The number in the first and in the last comment of a whole file, in any kind of buffer, for `number_of`."""
    words = np.frombuffer(jpeg, np.uint64)
    return np.concatenate([words[_FIRST : _FIRST + 1], words[_LAST : _LAST + 1]]).view(np.uint8)


def _picture() -> bytes:
    import simplejpeg

    height, width, _ = SIZES["920KB"]
    down, right = np.mgrid[:height, :width]
    colours = np.stack([right * 255 // width, down * 255 // height, (down + right) * 255 // (height + width)], axis=-1)
    noise = np.random.default_rng(1).integers(-_NOISE, _NOISE + 1, colours.shape)
    return bytes(simplejpeg.encode_jpeg(np.clip(colours + noise, 0, 255).astype(np.uint8), _QUALITY))


def _with_comments(jpeg: bytes) -> bytes:
    """The file with room for the number in aligned words, and a whole number of words long."""
    first, last = _comment(2 + _WORD), _comment(-len(jpeg) % _WORD + _WORD + 6)
    return jpeg[:2] + first + jpeg[2:-2] + last + jpeg[-2:]


def _comment(length: int) -> bytes:
    return _COMMENT + pack(">H", 2 + length) + bytes(length)
