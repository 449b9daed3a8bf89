"""Any frame as something a screen can show: 8-bit red, green, blue."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from framebus.core.errors import BadFrame
from framebus.core.frame import Frame

Array = npt.NDArray[Any]

_LOOK_AT = 65_536
_CALM = 0.85


class Contrast:
    """The range of values that is shown from black to white; follows the pictures slowly, so that nothing flickers."""

    def __init__(self) -> None:
        self._low = self._high = 0.0
        self._begun = False

    def stretch(self, values: Array) -> Array:
        """`values` of any real type as uint8, from the smallest (0) to the largest (255)."""
        with np.errstate(all="ignore"):
            self._follow(values)
            span = self._high - self._low
            scaled = (values.astype(np.float32) - np.float32(self._low)) * np.float32(255 / span if span > 0 else 0)
            return np.asarray(np.nan_to_num(np.clip(scaled, 0, 255)) + 0.5, np.uint8)

    def _follow(self, values: Array) -> None:
        step = max(1, int((values.size / _LOOK_AT) ** 0.5))
        sample = values[::step, ::step]
        sample = sample[np.isfinite(sample)] if sample.dtype.kind == "f" else sample
        if sample.size == 0:
            return
        low, high = float(sample.min()), float(sample.max())
        weight = _CALM if self._begun else 0.0
        self._low = weight * self._low + (1 - weight) * low
        self._high = weight * self._high + (1 - weight) * high
        self._begun = True


def viewable(frame: Frame, contrast: Contrast) -> Array:
    """`frame` as `(height, width, 3)` uint8, red first.

    8-bit colour and gray as they are. Deeper values are stretched by `contrast`; of complex numbers the magnitude, of
    two, five and more channels the first is shown. Raises `BadFrame` for arrays that are no pictures.
    """
    if frame.format not in ("array", "gray16"):
        return frame.rgb
    data = frame.data
    if data.ndim not in (2, 3) or data.size == 0:
        raise BadFrame(f"stream {frame.stream!r}: an array of shape {data.shape} cannot be shown as a picture")
    if data.ndim == 3 and data.shape[2] not in (3, 4):
        data = data[..., 0]
    elif data.ndim == 3:
        data = data[..., :3]
    if data.dtype.kind == "c":
        data = np.abs(data)
    if data.dtype != np.uint8:
        data = contrast.stretch(data)
    return data if data.ndim == 3 else np.repeat(data[..., np.newaxis], 3, axis=2)
