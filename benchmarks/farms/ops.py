"""What is done to frames: a Fourier transform, or nothing at all."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.harness.frames import Array, number_of


def numpy_fft2(image: Array) -> Any:
    """The magnitude of the 2-D Fourier transform of each channel, by numpy."""
    return np.abs(np.fft.fft2(image, axes=(0, 1)))


def scipy_fft2(image: Array) -> Any:
    """The same by scipy, in one thread."""
    from scipy import fft

    return np.abs(fft.fft2(image, axes=(0, 1), workers=1))


def nothing(image: Array) -> dict[str, int]:
    """Only the frame's number, to prove which one it was."""
    return {"number": number_of(image)}
