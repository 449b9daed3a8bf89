"""What the numbers of a type can say."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def full_scale(dtype: np.dtype[Any]) -> float:
    """What white is: the largest number of a type of whole numbers, 1.0 for real ones."""
    return float(np.iinfo(dtype).max) if dtype.kind in "ui" else 1.0


def rounded(values: Array, dtype: np.dtype[Any]) -> Array:
    """Real numbers in another type: each becomes the nearest that it has."""
    if dtype.kind not in "ui":
        return (np.rint(values) if dtype.kind == "b" else values).astype(dtype)
    limits = np.iinfo(dtype)
    most = float(limits.max)  # of 64 bits, this is one more than there is
    return np.clip(np.rint(values), limits.min, np.nextafter(most, 0) if most > limits.max else most).astype(dtype)
