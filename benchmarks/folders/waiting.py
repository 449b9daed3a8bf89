"""An op that takes time but no core, so that a few cores can stand for many: `waiting.py:Wait=0.02`."""

from __future__ import annotations

import time
from typing import Any

import numpy.typing as npt


class Wait:
    """Gives each picture back after `seconds`."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def __call__(self, image: npt.NDArray[Any]) -> npt.NDArray[Any]:
        time.sleep(self._seconds)
        return image
