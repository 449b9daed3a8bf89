"""Moving pictures worth looking at, made cheaply: what never changes is prepared, little is drawn per frame."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy.typing as npt

from framebus.sources.scenes.aurora import Aurora
from framebus.sources.scenes.balls import Balls
from framebus.sources.scenes.bars import Bars
from framebus.sources.scenes.cells import Cells
from framebus.sources.scenes.radar import Radar
from framebus.sources.scenes.stars import Stars


class Scene(Protocol):
    """A moving picture, made for one size as `Scene(width, height)`; used by one thread at a time."""

    format: str
    """The pixel format of its frames."""
    white: int
    """The pixel value for bright writing."""

    def draw(self, image: npt.NDArray[Any], time_s: float) -> None:
        """Fill `image` with the picture of `time_s` seconds; the same time gives the same pixels."""
        ...


SCENES: dict[str, Callable[[int, int], Scene]] = {
    "balls": Balls,
    "aurora": Aurora,
    "radar": Radar,
    "bars": Bars,
    "stars": Stars,
    "cells": Cells,
}
"""Every pattern by its name; the first is the default."""
