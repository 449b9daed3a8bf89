"""Pictures that tell whether they are whole and unchanged: every eight bytes of one follow from its number."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint64]

_SPREAD = 0x9E3779B97F4A7C15
_MASK = 2**64 - 1


def mark(image: npt.NDArray[Any], number: int) -> None:
    """Fill a contiguous array, of a multiple of eight bytes, with the picture of that number (0 to 2**63)."""
    words = _words(image)
    np.add(_noise(words.size), _key(number, words.size), out=words)
    words[0] = number


def number_of(image: npt.NDArray[Any]) -> int:
    """The number of a picture that was marked. Raises `AssertionError` for one that is torn or was changed."""
    words = _words(image)
    number = int(words[0])
    same = words[1:] - _noise(words.size)[1:] == _key(number, words.size)
    if not same.all():
        wrong = np.flatnonzero(~same)
        raise AssertionError(
            f"picture {number} of {words.nbytes} bytes is not what was sent: "
            f"{wrong.size} of {words.size} words differ, the first at byte {8 * (int(wrong[0]) + 1)}"
        )
    return number


def _words(image: npt.NDArray[Any]) -> Words:
    return image.reshape(-1).view(np.uint64)


def _key(number: int, size: int) -> np.uint64:
    return np.uint64(((number + 1) * _SPREAD + size) & _MASK)


@functools.lru_cache(16)
def _noise(size: int) -> Words:
    """Differs from place to place, so that what lies at the wrong place is noticed, too."""
    return np.random.default_rng(size).integers(0, 2**63, size, np.uint64)
