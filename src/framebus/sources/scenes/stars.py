"""A flight through stars, past a cloud of light."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from framebus.sources.scenes.enlarge import enlarge, small_size

Array = npt.NDArray[Any]

_COUNT = 1800
_PASS_S = 9.0
_STREAK = 9
_STREAK_S = 0.006
_GRAIN = 8


class Stars:
    """Stars that come towards the viewer and leave streaks, `bgr24`."""

    format = "bgr24"
    white = 255

    def __init__(self, width: int, height: int) -> None:
        rng = np.random.default_rng(11)
        self._size = width, height
        self._cloud = _cloud(width, height, rng)
        angle = rng.uniform(0, math.tau, _COUNT)
        spread = np.sqrt(rng.uniform(0.004, 1, _COUNT)) * 0.62
        self._x, self._y = spread * np.cos(angle), spread * np.sin(angle)
        self._depth = rng.uniform(0, 1, _COUNT)
        self._colour = _colours(rng)
        self._dot = height / 620

    def draw(self, image: Array, time_s: float) -> None:
        """Draw the picture of `time_s` into `image`, `(height, width, 3)` uint8."""
        image[...] = self._cloud
        for step in reversed(range(_STREAK)):
            self._scatter(image, time_s - step * _STREAK_S, 1 - step / _STREAK)

    def _scatter(self, image: Array, time_s: float, strength: float) -> None:
        width, height = self._size
        near = (self._depth + time_s / _PASS_S) % 1
        distance = 1.02 - near
        x = (width * (0.5 + 0.45 * self._x / distance)).astype(int)
        y = (height * 0.5 + width * 0.45 * self._y / distance).astype(int)
        margin = 3 * self._dot + 1
        seen = (x >= 0) & (y >= 0) & (x < width - margin) & (y < height - margin)
        x, y = x[seen], y[seen]
        bright = np.minimum(1, 0.10 + 1.25 * near[seen]) * strength
        light = (self._colour[seen] * bright[:, np.newaxis]).astype(np.uint8)
        size = np.maximum(1, (self._dot * (1 + (near[seen] > 0.62) + (near[seen] > 0.86))).round())
        for row in range(int(size.max(initial=1))):
            for column in range(int(size.max(initial=1))):
                _brighten(image, y + row, x + column, light, (size > row) & (size > column))


def _brighten(image: Array, y: Array, x: Array, light: Array, chosen: Array) -> None:
    place = y[chosen], x[chosen]
    image[place] = np.maximum(image[place], light[chosen])


def _colours(rng: np.random.Generator) -> Array:
    """Star colours from blue to orange, as `(count, 3)` blue, green, red."""
    warmth = rng.beta(2, 3, _COUNT)[:, np.newaxis]
    blue, orange = np.array((255.0, 225.0, 190.0)), np.array((150.0, 205.0, 255.0))
    return blue * (1 - warmth) + orange * warmth


def _cloud(width: int, height: int, rng: np.random.Generator) -> Array:
    """A band of coloured mist across the dark."""
    columns, rows = small_size(width, height, _GRAIN)
    y, x = np.mgrid[:rows, :columns].astype(np.float32) * _GRAIN
    u, v = (x - width / 2) / height, (y - height / 2) / height
    across = v * 0.92 + u * 0.42
    swirl = _waves(u, v, rng)
    mist = np.exp(-((across + 0.10 * swirl) ** 2) * 14) * (0.55 + 0.45 * np.tanh(swirl))
    lanes = np.exp(-((across - 0.05 - 0.07 * _waves(u * 1.7, v * 1.7, rng)) ** 2) * 260)
    core = np.exp(-(u**2 + (v * 1.6) ** 2) * 9)
    value = np.stack((0.40 * mist + 0.20 * core, 0.16 * mist + 0.22 * core, 0.29 * mist + 0.34 * core), axis=-1)
    value *= (1 - 0.65 * lanes)[..., np.newaxis]
    value += np.array((0.035, 0.022, 0.022))
    image = np.empty((height, width, 3), np.uint8)
    enlarge(np.clip(value * 255, 0, 255), image, _GRAIN)
    image += rng.integers(0, 2, (height, width, 1), np.uint8)
    faint = rng.random((height, width)) > 0.9985
    image[faint] = np.maximum(image[faint], rng.integers(30, 110, (int(faint.sum()), 1)).astype(np.uint8))
    return image


def _waves(u: Array, v: Array, rng: np.random.Generator) -> Array:
    total = np.zeros_like(u)
    for octave in range(5):
        for _ in range(4):
            turn, phase = rng.uniform(0, math.tau, 2)
            scale = 2.4 * 1.9**octave
            total += np.sin((u * math.cos(turn) + v * math.sin(turn)) * scale + phase) / 1.75**octave
    return total / 2
