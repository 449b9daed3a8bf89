"""Smooth enlargement of small pictures: mist and light have no edges, so they are computed small."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

_FRACTION_BITS = 6


def small_size(width: int, height: int, factor: int) -> tuple[int, int]:
    """Columns and rows of the small picture that `enlarge` needs for `width × height`."""
    return -(-width // factor) + 1, -(-height // factor) + 1


def enlarge(small: Array, image: Array, factor: int) -> None:
    """Fill `image`, uint8 `(height, width, 3)`, by linear interpolation between the pixels of `small`.

    `small` holds values from 0 to 255 of any real type, in the rows and columns told by `small_size`.
    """
    # Fixed point in 16 bits is half the work of float32, and this is most of the cost of a frame.
    fixed = (small * (1 << _FRACTION_BITS)).astype(np.int16)
    across = np.empty((len(fixed), (fixed.shape[1] - 1) * factor, 3), np.int16)
    step = (fixed[:, 1:] - fixed[:, :-1]) // factor
    for offset in range(factor):
        across[:, offset::factor] = fixed[:, :-1] + step * offset
    across = np.ascontiguousarray(across[:, : image.shape[1]])
    rise = (across[1:] - across[:-1]) // factor
    line = across[:-1].copy()
    for offset in range(factor):
        rows = image[offset::factor]
        np.right_shift(line[: len(rows)], _FRACTION_BITS, out=rows, casting="unsafe")
        line += rise
