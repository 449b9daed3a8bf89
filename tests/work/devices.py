"""Objects for tests of objects that live elsewhere."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from framebus.core.frame import Frame
from framebus.core.source import Source
from framebus.verbs.open import open as open_source

Array = npt.NDArray[Any]


class Camera:
    """A camera that does what it is told.

    The second paragraph.
    """

    kind = "test"

    def __init__(self, gain: int = 1, emit: Callable[[Any], None] | None = None) -> None:
        self.exposure_ms = 10.0
        self.gain = gain
        self.calls: list[str] = []
        self._emit = emit
        self._secret = 1

    @property
    def temperature(self) -> float:
        """Of the sensor."""
        return 36.5

    @property
    def offset(self) -> int:
        return 3

    @offset.setter
    def offset(self, value: int) -> None:
        if value < 0:
            raise ValueError("offsets are 0 or more")

    @cached_property
    def serial(self) -> str:
        return "A-1"

    def read(self) -> Frame:
        """The newest picture.

        More about it.
        """
        picture = np.full((480, 640, 3), int(self.exposure_ms), np.uint8)
        return Frame.of(picture, stream="cam", run=7, seq=5, meta={"gain": self.gain})

    def same(self, value: Any, also: Any = None) -> Any:
        return value if also is None else (value, also)

    def note(self, word: str) -> None:
        self.calls.append(word)

    def zeros(self, count: int) -> Array:
        return np.zeros(count, np.uint8)

    def strange(self) -> set[int]:
        return {1}

    def fail(self) -> None:
        raise ValueError("too dark")

    def leave(self) -> None:
        raise SystemExit(3)

    def pid(self) -> int:
        return os.getpid()

    def die(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def frames(self, count: int, then: str = "") -> Iterator[Array]:
        """One after the other."""
        try:
            for number in range(count):
                self.calls.append(f"made {number}")
                yield np.full((4, 4), number, np.uint8)
            if then:
                raise ValueError(then)
        finally:
            self.calls.append("closed")

    def synthetic(self, count: int) -> Source[Any]:
        return open_source("synthetic:", frames=count)

    def wait_for(self, path: str) -> str:
        """Until somebody makes that file; says in another one that it waits."""
        with open(f"{path}.waits", "a") as file:
            file.write("x")
        while not Path(path).exists():
            time.sleep(0.001)
        self.calls.append("waited")
        return "there"

    def tell(self, event: Any) -> None:
        assert self._emit is not None
        self._emit(event)

    @staticmethod
    def units() -> str:
        return "ms"

    def _hidden(self) -> int:
        return self._secret


class Motor:
    """Has words of its own that proxies have, too."""

    def __init__(self) -> None:
        self.stopped = 0

    def stop(self) -> str:
        self.stopped += 1
        return "the motor stopped"

    def close(self) -> str:
        return "never called by others"


class Slotted:
    __slots__ = ("level",)

    def __init__(self) -> None:
        self.level = 3


class Agent:
    """Lives in an event loop."""

    def __init__(self) -> None:
        self.ticks = 0

    async def run(self) -> None:
        while True:
            await asyncio.sleep(0)
            self.ticks += 1

    async def after(self, ticks: int) -> bool:
        """The loop goes on while a call waits."""
        end = self.ticks + ticks
        while self.ticks < end:
            await asyncio.sleep(0)
        return True

    async def count(self, number: int) -> AsyncIterator[int]:
        for one in range(number):
            await asyncio.sleep(0)
            yield one

    def running(self) -> bool:
        return asyncio.get_running_loop().is_running()


class Working:
    """Has a plain loop of its own, and tells what becomes of it."""

    def __init__(self, folder: str, emit: Callable[[Any], None]) -> None:
        self.turns = 0
        self._folder = Path(folder)
        self._emit = emit
        self._wishes: list[str] = []
        emit("built")

    def run(self) -> None:
        try:
            while not self._wishes:
                self.turns += 1
                time.sleep(0.001)
            if self._wishes == ["fail"]:
                raise RuntimeError("the loop failed")
        finally:
            (self._folder / "left").touch()

    def wish(self, what: str) -> None:
        self._wishes.append(what)

    def pid(self) -> int:
        return os.getpid()

    def close(self) -> None:
        (self._folder / "closed").touch()


class Patient(Working):
    """Its loop is where a signal alone reaches it."""

    def run(self) -> None:
        try:
            self._emit("running")
            time.sleep(600)
        finally:
            (self._folder / "left").touch()


class Unbuildable:
    def __init__(self) -> None:
        raise RuntimeError("no camera")


class OnceOnly:
    """Can be built as long as a file is not there."""

    def __init__(self, path: str) -> None:
        if Path(path).exists():
            raise RuntimeError("the camera is gone")
        Path(path).touch()

    def die(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)


def camera_with(gain: int) -> Camera:
    """A function that returns an object."""
    return Camera(gain)


def nothing() -> None:
    """Returns no object."""
