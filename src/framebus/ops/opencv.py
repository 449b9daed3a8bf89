"""OpenCV on any picture: what it does silently wrong, or not at all, is seen to here."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from framebus.core.errors import BadFrame

Array = npt.NDArray[Any]

TYPES = ("uint8", "uint16", "int16", "float32", "float64")
"""What it calculates with. It takes more for some things, and makes int32 of int64."""
MAX_SIDE = 32_766
"""Longest side of a picture that it turns."""
_TOGETHER = 4
"""Channels that all of its functions take."""


def mapped(name: str, image: Array, function: Callable[[Array], Any]) -> Array:
    """What `function` of OpenCV makes of `image`, of whose channels it gets up to four at a time.

    Raises `BadFrame` for types that op `name` cannot work on, and where OpenCV refuses.
    """
    check_type(name, image, TYPES)
    try:
        if image.ndim == 2 or image.shape[2] <= _TOGETHER:
            return _like(image, function(plain(image)))
        parts = [image[..., first : first + _TOGETHER] for first in range(0, image.shape[2], _TOGETHER)]
        return np.concatenate([_like(part, function(plain(part))) for part in parts], axis=2)
    except cv2.error as error:
        raise BadFrame(f"{name} failed on {image.dtype} of shape {image.shape}: {error}") from error


def plain(image: Array) -> Array:
    """In order and without gaps: OpenCV gets lost in one column that is turned around in memory."""
    return np.ascontiguousarray(image)


def check_type(name: str, image: Array, types: tuple[str, ...]) -> None:
    """Raise `BadFrame` where `image` is not of one of `types`, saying what to do."""
    if _name(image.dtype) not in types:
        raise BadFrame(
            f"{name} works on {' and '.join(filter(None, (', '.join(types[:-1]), types[-1])))}, not on {image.dtype}: "
            f"put normalise or window before it, or convert the array"
        )


@cache
def _name(dtype: np.dtype[Any]) -> str:
    """Worked out anew by every call of `dtype.name`, which takes longer than to look at it."""
    return dtype.name


def _like(image: Array, result: Array) -> Array:
    """With the third dimension that OpenCV takes from pictures of one channel."""
    return result[..., np.newaxis] if image.ndim == 3 and result.ndim == 2 else result
