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


class Noting:
    """Writes down which frames it has seen."""

    def __init__(self, folder: str) -> None:
        self._path = Path(folder, str(os.getpid()))

    def __call__(self, frame: Frame) -> Frame:
        with self._path.open("a") as file:
            print(frame.seq, file=file)
        brightness(frame.data)
        return frame


class Gated:
    """Who asks to hang does so until there is a certain file."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)

    def __call__(self, image: Array) -> Array:
        while image[0, 0] == HANG and not self._path.exists():
            time.sleep(0.005)
        return image


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


class Gathering:
    """Answers once so many processes are at work at the same time."""

    def __init__(self, folder: str, members: int) -> None:
        self._folder, self._members = Path(folder), members

    def __call__(self, image: Array) -> dict[str, int]:
        (self._folder / str(os.getpid())).touch()
        while (together := len(list(self._folder.iterdir()))) < self._members:
            time.sleep(0.001)
        return {"together": together, "pid": os.getpid()}


class Unbuildable:
    """A class that fails when it is built."""

    def __init__(self) -> None:
        raise RuntimeError("no weights")

    def __call__(self, image: Array) -> None:
        return


class Model:
    """A class of which each process builds one."""

    built = 0

    def __init__(self, add: int = 1) -> None:
        type(self).built += 1
        self._add = add

    def __call__(self, image: Array) -> dict[str, int]:
        return {"built": self.built, "sum": int(image[0, 0]) + self._add}


def brighter(image: Array) -> Array:
    """One more everywhere."""
    return image + np.uint8(1)


def picky(image: Array) -> Array | None:
    """Drops odd pictures, and does what others ask for."""
    value = brightness(image)
    return None if value % 2 else image


def aborting(image: Array) -> Array:
    """A native crash for one picture."""
    if image[0, 0] == DIE:
        os.abort()
    return image


def numbers(frame: Frame) -> dict[str, int]:
    """Its number, by who worked on it."""
    return {"seq": frame.seq, "pid": os.getpid()}


class DiesWhenBuilt:
    """A class that takes its process with it."""

    def __init__(self) -> None:
        os._exit(3)

    def __call__(self, image: Array) -> None:
        return
