"""The two-dimensional Fourier transform, as a picture."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from framebus.ops.arguments import switch
from framebus.ops.grays import grayed
from framebus.ops.levels import Normalise
from framebus.ops.picture import PictureOp, function

Array = npt.NDArray[Any]

_EXACT = ("uint8", "uint16", "float32")
"""Types whose numbers are the same in float32."""


class Fft(PictureOp):
    """The spectrum: log(1 + |F|) of the 2-D Fourier transform F, frequency 0 in the middle; float32.

    channels   yes: of each channel; no: of the picture in gray, in two dimensions
    normalise  yes: stretched from least to greatest, as uint8, to be looked at
    """

    example = "fft=normalise=yes"

    def __init__(self, *, channels: bool = False, normalise: bool = False) -> None:
        self._channels = switch("channels", channels)
        self._normalise = Normalise() if switch("normalise", normalise) else None

    def apply(self, image: Array) -> Array:
        """The spectrum, as large as the picture."""
        if self._channels and image.ndim == 3:
            spectrum = np.stack([_spectrum(image[..., channel]) for channel in range(image.shape[2])], axis=2)
        else:
            spectrum = _spectrum(grayed(image, "fft"))
        return spectrum if self._normalise is None else self._normalise.apply(spectrum)


def _spectrum(plane: Array) -> Array:
    """All of it, from the half that is calculated: that of real numbers is the same on both sides of the middle."""
    height, width = plane.shape
    half = np.roll(_half(plane), height // 2, axis=0)
    half = cv2.log(np.add(half, 1, out=half))
    whole = np.empty((height, width), np.float32)
    middle = width // 2
    whole[:, middle:] = half[:, : width - middle]
    mirrored = half[::-1] if height % 2 else np.roll(half[::-1], 1, axis=0)
    whole[:, :middle] = mirrored[:, middle:0:-1]
    return whole


def _half(plane: Array) -> Array:
    """|F| for frequencies from 0 to the highest across, `(height, width // 2 + 1)`.

    The mean goes first: in float32 it would drown what is small.
    """
    mean = float(plane.mean(dtype=np.float64))
    exact = np.float32 if plane.dtype.name in _EXACT else np.float64
    packed = cv2.dft(np.subtract(plane, exact(mean), dtype=exact).astype(np.float32, copy=False))
    height, width = plane.shape
    half = np.empty((height, width // 2 + 1), np.float32)
    half[:, 0] = _column(packed[:, 0])
    half[0, 0] = abs(mean) * height * width
    if width % 2 == 0:
        half[:, -1] = _column(packed[:, -1])
    inner = (width - 1) // 2
    half[:, 1 : inner + 1] = np.abs(packed[:, 1 : 2 * inner + 1].view(np.complex64))
    return half


def _column(packed: Array) -> Array:
    """|F| of a column that is packed as that of real numbers: the first, and the last where the width is even."""
    height = len(packed)
    inner = (height - 1) // 2
    column = np.empty(height, np.float32)
    column[0] = abs(packed[0])
    column[1 : inner + 1] = np.hypot(packed[1 : 2 * inner : 2], packed[2 : 2 * inner + 1 : 2])
    column[height - inner :] = column[inner:0:-1]
    if height % 2 == 0:
        column[height // 2] = abs(packed[-1])
    return column


fft = function(Fft)
