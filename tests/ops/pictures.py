"""Pictures for ops: of many kinds, and how alike two are."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

Array = npt.NDArray[Any]

TYPES = ("uint8", "uint16", "int16", "float32", "float64")
"""What every op that calculates works on."""
ALL_TYPES = (*TYPES, "bool", "int8", "int32", "uint32", "int64", "uint64", "float16", ">u2", ">f4")


def shapes(channels: tuple[int | None, ...] = (None, 1, 2, 3, 4, 5, 9)) -> st.SearchStrategy[tuple[int, ...]]:
    """`(height, width[, channels])`, thin ones included."""
    sides = st.integers(1, 40)
    return st.builds(
        lambda height, width, last: (height, width) if last is None else (height, width, last),
        *(sides, sides, st.sampled_from(channels)),
    )


def images(types: tuple[str, ...] = TYPES, **kinds: Any) -> st.SearchStrategy[Array]:
    """Pictures of any size and content, some turned around in memory, none writable."""
    made = st.sampled_from(types).flatmap(lambda dtype: arrays.arrays(np.dtype(dtype), shapes(**kinds)))
    return st.builds(_laid_out, made, st.sampled_from((1, -1)), st.sampled_from((1, -1, 2)))


def _laid_out(image: Array, down: int, across: int) -> Array:
    view = image[::down, ::across]
    view.flags.writeable = False
    return view


def noise(height: int, width: int, channels: int | None = 3, seed: int = 0) -> Array:
    """Every pixel for itself: what aliases most."""
    shape = (height, width) if channels is None else (height, width, channels)
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def smooth(height: int, width: int, channels: int | None = 3) -> Array:
    """A ramp, different in each channel."""
    y, x = np.mgrid[:height, :width]
    planes = [(x * (3 + n) + y * (5 - n)) * 255 // (8 * (height + width)) for n in range(channels or 1)]
    return np.stack(planes, axis=2).astype(np.uint8) if channels else planes[0].astype(np.uint8)


def psnr(one: Array, other: Array, white: float = 255) -> float:
    """How alike, in dB; infinite where they are the same."""
    error = float(np.mean((one.astype(float) - other.astype(float)) ** 2))
    return float("inf") if error == 0 else 10 * np.log10(white**2 / error)
