"""What programs send each other in these tests, and what must arrive of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def _noise(shape: tuple[int, ...], dtype: str) -> Array:
    top = np.iinfo(np.dtype(dtype)).max
    return np.random.default_rng(7).integers(0, top, shape, dtype=dtype, endpoint=True)


PICTURES: dict[str, tuple[Any, Array]] = {
    "colour": ("porch", _noise((48, 64, 3), "uint8")),
    "gray": ("garage|image", _noise((48, 64), "uint8")),
    "16 bits": ("Kamera Ä 摄像机", _noise((48, 64), "uint16")),
    "dict": ({"name": "yard", "at": [1, 2.5, None], "ok": True}, _noise((8, 8, 3), "uint8")),
    "5 MB": ("large", _noise((1300, 1300, 3), "uint8")),
    "strided": ("every other row", _noise((48, 64, 3), "uint8")[::2, ::-1]),
}
"""By what is special about each: text and array."""
JPG_PICTURES = ("colour", "gray", "dict")
END = "end"


def facts(image: Array) -> dict[str, Any]:
    """Enough to know the very same array again."""
    weights = np.arange(1, image.size + 1, dtype=np.uint64)
    total = int((image.ravel().astype(np.uint64) * weights % 65521).sum())
    return {"shape": list(image.shape), "dtype": str(image.dtype), "sum": total}
