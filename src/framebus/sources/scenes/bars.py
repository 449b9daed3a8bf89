"""A test card: colour bars, grays, fine lines, and a dial whose hand goes round once a second."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from framebus.sources.scenes import sprites
from framebus.sources.synthetic import digits

Array = npt.NDArray[Any]

_COLOURS = ((191, 191, 191), (0, 191, 191), (191, 191, 0), (0, 191, 0), (191, 0, 191), (0, 0, 191), (191, 0, 0))
_STEPS = 11


class Bars:
    """Colour bars, a gray scale and gratings around a running dial, `bgr24`."""

    format = "bgr24"
    white = 255

    def __init__(self, width: int, height: int) -> None:
        self._card = _card(width, height)
        self._reach = max(2, int(min(width, height) * 0.30))
        self._centre = width // 2, height // 2
        y, x, distance = sprites.radius_map(self._reach)
        self._x, self._y = x, y
        self._turn = np.arctan2(x, -y) / math.tau % 1
        self._within = distance < self._reach * 0.86
        self._scale = max(1, self._reach // 11)
        _paint_dial(_square(self._card, self._centre, self._reach), distance, self._turn)

    def draw(self, image: Array, time_s: float) -> None:
        """Draw the picture of `time_s` into `image`, `(height, width, 3)` uint8."""
        image[...] = self._card
        dial = _square(image, self._centre, self._reach)
        turn = time_s % 1
        dial[self._within & (self._turn < turn)] = (66, 54, 46)
        self._hand(dial, turn * math.tau)
        text = f"{int(time_s) % 100:02d}"
        left = self._reach - 6 * self._scale
        digits.draw(dial, text, left, self._reach - 4 * self._scale, self._scale, 255)

    def _hand(self, dial: Array, angle: float) -> None:
        along = self._x * np.float32(math.sin(angle)) - self._y * np.float32(math.cos(angle))
        aside = np.abs(self._x * np.float32(math.cos(angle)) + self._y * np.float32(math.sin(angle)))
        dial[(along > 0) & (aside < max(1.0, self._reach / 70)) & self._within] = (60, 150, 255)


def _square(image: Array, centre: tuple[int, int], reach: int) -> Array:
    x, y = centre
    return image[y - reach : y + reach + 1, x - reach : x + reach + 1]


def _card(width: int, height: int) -> Array:
    card = np.zeros((height, width, 3), np.uint8)
    at = [round(height * part) for part in (0.66, 0.76, 0.88)]
    place = np.arange(width) / width
    card[: at[0]] = np.array(_COLOURS, np.uint8)[(place * len(_COLOURS)).astype(int)]
    card[at[0] : at[1]] = (np.floor(place * _STEPS) / (_STEPS - 1) * 255).astype(np.uint8)[:, np.newaxis]
    card[at[1] : at[2]] = (place * 255).astype(np.uint8)[:, np.newaxis]
    card[at[2] :] = _gratings(width)[:, np.newaxis]
    return card


def _gratings(width: int) -> Array:
    """Upright lines of 8, 4, 3, 2 and 1 pixels, side by side."""
    place = np.arange(width)
    pitch = np.array((8, 4, 3, 2, 1))[place * 5 // width]
    return np.where(place // pitch % 2, 220, 30).astype(np.uint8)


def _paint_dial(dial: Array, distance: Array, turn: Array) -> None:
    """A dark disc with a white rim, cross hairs and sixty ticks."""
    reach = len(dial) // 2
    dial[distance < reach] = (40, 32, 28)
    dial[(distance < reach * 0.985) & (distance > reach * 0.95)] = 235
    fine = np.abs((turn * 60 + 0.5) % 1 - 0.5) < 0.07
    strong = np.abs((turn * 12 + 0.5) % 1 - 0.5) < 0.035
    dial[fine & (distance > reach * 0.89) & (distance < reach * 0.95)] = 170
    dial[strong & (distance > reach * 0.86) & (distance < reach * 0.95)] = 235
    dial[reach, round(reach * 0.15) : round(reach * 1.85)] = 90
    dial[round(reach * 0.15) : round(reach * 1.85), reach] = 90
