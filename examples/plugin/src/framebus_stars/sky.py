"""`sky:NAME`: a camera that looks at the night sky, which turns slowly. The source."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np

import framebus as fb

SIZE = (480, 640)  # height, width
TURN = 0.002  # radians from picture to picture


def open_source(address: Any, *, fps: float = 10, stars: int = 80) -> Sky:
    """What framebus calls for `sky:` and `sky:NAME`; the keyword arguments are the options it has."""
    return Sky(address.value or "sky", fps, stars)


class Sky:
    """Gray pictures (480, 640) of `stars` stars, `fps` of them a second."""

    live = True  # the newest picture matters; False would mean that every one is wanted

    def __init__(self, name: str = "sky", fps: float = 10, stars: int = 80) -> None:
        if fps <= 0 or stars < 0:
            raise fb.errors.OptionError(f"fps={fps} and stars={stars}: give more than 0 fps, and no fewer than 0 stars")
        self.name = name
        self._pause_s = 1 / fps
        self._stars = np.random.default_rng(4).random((3, stars))
        self._run = secrets.randbits(63) + 1  # another one at every start, so that frames are never mistaken
        self._closed = threading.Event()

    def __iter__(self) -> Iterator[fb.Frame]:
        """Pictures until somebody closes it."""
        seq = 0
        while not self._closed.is_set():
            yield fb.Frame.of(self._picture(seq), stream=self.name, run=self._run, seq=seq)
            seq += 1
            self._closed.wait(self._pause_s)

    def close(self) -> None:
        """End it at once, from any thread."""
        self._closed.set()

    def _picture(self, seq: int) -> np.ndarray[Any, Any]:
        height, width = SIZE
        distance, angle, light = self._stars
        turned = 2 * np.pi * angle + TURN * seq
        x = width / 2 + distance * height / 2 * np.cos(turned)
        y = height / 2 + distance * height / 2 * np.sin(turned)
        image = np.zeros(SIZE, np.uint8)  # a new one each time: others may still look at the last
        image[y.astype(int), x.astype(int)] = 80 + 175 * light
        return image
