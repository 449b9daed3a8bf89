"""What is done to each frame: its two-dimensional Fourier transform, as a picture."""

from typing import Any

import numpy as np
import numpy.typing as npt


def fft2(image: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """The magnitude of each channel's spectrum, in logarithms, frequency 0 in the middle; a picture as large."""
    spectrum = np.fft.fftshift(np.fft.fft2(image, axes=(0, 1)), axes=(0, 1))
    levels = np.log1p(np.abs(spectrum))
    bright: npt.NDArray[np.uint8] = (levels * (255 / levels.max())).astype(np.uint8)
    return bright
