"""The spectrum of the newest picture of the camera, for whoever looks; what it has no time for it leaves out.

python fft.py
"""

from typing import Any

import numpy as np
import numpy.typing as npt

import framebus as fb


def spectrum(image: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """The magnitude of the spectrum, in logarithms, frequency 0 in the middle; a gray picture as large."""
    levels = np.log1p(np.abs(np.fft.fftshift(np.fft.fft2(image.mean(axis=2)))))
    bright: npt.NDArray[np.uint8] = (levels * (255 / levels.max())).astype(np.uint8)
    return bright


if __name__ == "__main__":
    seen = fb.pipe("shm://camera", "shm://spectrum", ops=[spectrum], stream="spectrum")
    print(f"{seen.frames} spectra, {seen.missed} pictures left out")
