"""Functions and classes for services of tests; small pictures say by their brightness what is to happen."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from framebus.core.frame import Frame

Array = npt.NDArray[Any]

DIE, RAISE, HANG, NAP = 250, 251, 252, 253


def picture(value: int, size: int = 8) -> Array:
    """A gray picture of one brightness."""
    return np.full((size, size), value, np.uint8)


def brightness(image: Array) -> int:
    """What the picture says, or what it asks for."""
    value = int(image[0, 0])
    if value == DIE:
        os.kill(os.getpid(), signal.SIGKILL)
    if value == RAISE:
        raise ValueError("too dark")
    while value == HANG:
        time.sleep(60)
    if value == NAP:
        time.sleep(0.5)
    return value


def inverted(image: Array) -> Array:
    """An answer as large as the question."""
    return 255 - image


def identity(frame: Frame) -> tuple[str, int]:
    """Which frame it was."""
    return frame.stream, frame.seq


def process(image: Array) -> int:
    """Where it runs."""
    return os.getpid()


class Meeting:
    """Answers once so many processes have come to the same folder: only if all of them work at the same time."""

    def __init__(self, folder: str, members: int) -> None:
        self._folder, self._members = Path(folder), members

    def __call__(self, frame: Frame) -> int:
        place = self._folder / str(frame.seq)
        place.mkdir(exist_ok=True)
        (place / str(os.getpid())).touch()
        while len(list(place.iterdir())) < self._members:
            time.sleep(0.001)
        return len(list(place.iterdir()))


class Unbuildable:
    """A class that fails when it is built."""

    def __init__(self) -> None:
        raise RuntimeError("no weights")

    def __call__(self, image: Array) -> None:
        return
