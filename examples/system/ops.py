"""What the system in this folder does to its pictures: functions and classes of an array or a frame."""

from typing import Any

import numpy as np
import numpy.typing as npt

import framebus as fb

Image = npt.NDArray[Any]


class Bright:
    """How much of a picture is brighter than `level`: built once in each worker, then called with each picture."""

    def __init__(self, level: int = 200) -> None:
        self.level = level

    def __call__(self, image: Image) -> float:
        return float((image.max(axis=2) > self.level).mean())


def edges(image: Image) -> Image:
    """The steps of brightness from left to right."""
    return np.abs(np.diff(image.astype(np.int16), axis=1)).astype(np.uint8)


def tell(frame: fb.Frame) -> None:
    """A line about one frame, which ends here."""
    print(f"{frame.stream} {frame.seq}: {frame.meta.get('light', 0):.1%} of it is bright")
