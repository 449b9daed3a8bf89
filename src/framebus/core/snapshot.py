"""Arrays that callers send and use again: what is sent is the picture as it was then."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from framebus.core.errors import BadFrame, Unavailable
from framebus.core.formats import guess_format

Array = npt.NDArray[Any]

SHARE_FROM = 16384
"""Bytes. Smaller arrays travel inside messages: shared memory would cost more than it saves."""


def checked(image: Array, format: str | None = None) -> Array:
    """`image` as a plain array; raises `BadFrame` for what is no picture: other types than numbers, masked arrays."""
    if type(image) is not np.ndarray:
        if isinstance(image, np.ma.MaskedArray):
            raise BadFrame("a masked array cannot be a frame, as its mask would be lost: send image.filled(value)")
        image = np.asarray(image)
    guess_format(image.shape, image.dtype, format)
    return image


def lasting(pictures: Iterable[Any]) -> bool:
    """Whether arrays of these stay as they are; those that are made one after the other may be one array each time."""
    return isinstance(pictures, Sequence | np.ndarray)


def snapshot(image: Array, make: Callable[[tuple[int, ...], np.dtype[Any]], Array] = np.empty) -> Array:
    """A copy, in an array that `make` gives where it is worth sharing; `image` itself where nobody may write to it.

    Frames wait for slow readers and files while whoever sent them goes on, and cameras read into the same array again.
    """
    if not image.flags.writeable:
        return image
    copy = image.copy() if image.nbytes < SHARE_FROM else _copied(image, make)
    copy.flags.writeable = False
    return copy


def _copied(image: Array, make: Callable[[tuple[int, ...], np.dtype[Any]], Array]) -> Array:
    try:
        copy = make(image.shape, image.dtype)
    except Unavailable:  # shared memory is short: sending copies once more
        copy = np.empty(image.shape, image.dtype)
    np.copyto(copy, image)
    return copy
