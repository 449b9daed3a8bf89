"""Functions and classes for jobs of tests; what a picture is called says what is to happen to it."""

from __future__ import annotations

import ctypes
import os
import signal
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from framebus.core.frame import Frame

Array = npt.NDArray[Any]


def mean(image: Array) -> Array:
    """One pixel."""
    return np.full((1, 1), image.mean(), np.uint8)


def drop_odd(frame: Frame) -> Frame | None:
    """Every other picture of a file."""
    return frame if frame.seq % 2 == 0 else None


def halves(image: Array) -> Iterator[Array]:
    """Two pictures of one."""
    middle = image.shape[1] // 2
    yield image[:, :middle]
    yield image[:, middle:]


def rubbish(frame: Frame) -> Any:
    """What no op should answer: which kind is read off the picture's name."""
    return {
        "text": "text",
        "number": 7,
        "empty": np.zeros((0, 3), np.uint8),
        "objects": np.array([object()]),
        "many": np.zeros((2, 2, 7), np.uint8),
        "nan": np.full((2, 2), np.nan),
        "list": [frame.image],
    }[frame.stream]


def trouble(frame: Frame) -> Array:
    """Crashes, hangs, exits, fails or needs too much, if the picture is called so."""
    word = frame.stream.partition("-")[0]
    if word == "crash":
        ctypes.string_at(0)
    while word == "hang":
        time.sleep(60)
    if word == "exit":
        raise SystemExit("I leave")
    if word == "raise":
        raise ValueError("too dark")
    if word == "large":
        np.empty(4 << 30, np.uint8)
    if word == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    return frame.image


class Noting:
    """Writes down which process did which picture, and how often it was built."""

    def __init__(self, folder: str) -> None:
        self._file = Path(folder) / str(os.getpid())
        self._note("built")

    def __call__(self, frame: Frame) -> Array:
        """The picture itself."""
        self._note(frame.stream)
        return frame.image

    def _note(self, text: str) -> None:
        with self._file.open("a") as file:
            file.write(text + "\n")


class Deadly:
    """Some pictures are the end of the worker (or of its parent) a moment later, once each; `folder` remembers."""

    def __init__(self, folder: str, one_in: int, whom: str = "worker") -> None:
        self._folder, self._one_in = Path(folder), one_in
        self._pid = os.getpid() if whom == "worker" else os.getppid()

    def __call__(self, frame: Frame) -> Array:
        """The picture itself, of which nobody knows whether it will be written."""
        number = zlib.crc32(frame.stream.encode())
        if number % self._one_in == 0:
            with suppress(FileExistsError):
                (self._folder / frame.stream).touch(exist_ok=False)
                threading.Thread(target=self._kill, args=(number % 7 * 0.0005,), daemon=True).start()
        return frame.image

    def _kill(self, after_s: float) -> None:
        time.sleep(after_s)
        os.kill(self._pid, signal.SIGKILL)


class Patient:
    """Waits with its first picture until there are so many files in a folder."""

    def __init__(self, folder: str, count: int) -> None:
        self._folder, self._count = Path(folder), count

    def __call__(self, image: Array) -> Array:
        """The picture itself."""
        while len(list(self._folder.iterdir())) < self._count:
            time.sleep(0.01)
        return image


class Stopping:
    """Stops its own process (SIGSTOP) at pictures that are called so, the first time; `folder` remembers."""

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder)

    def __call__(self, frame: Frame) -> Array:
        """The picture itself."""
        if frame.stream.startswith("stop"):
            with suppress(FileExistsError):
                (self._folder / frame.stream).touch(exist_ok=False)
                os.kill(os.getpid(), signal.SIGSTOP)
        return frame.image
