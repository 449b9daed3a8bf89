"""Glass balls that bounce on a dark floor and draw light behind them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from framebus.sources.scenes import sprites

Array = npt.NDArray[Any]

_FLOOR = 0.86
_TRAIL = 22
_TRAIL_STEP_S = 0.028
_COLOURS: tuple[sprites.Colour, ...] = (
    (0.25, 0.30, 1.00),
    (0.20, 0.62, 1.00),
    (0.25, 0.88, 0.98),
    (0.45, 0.90, 0.35),
    (0.95, 0.75, 0.20),
    (1.00, 0.42, 0.35),
    (0.95, 0.35, 0.80),
)


class _Ball:
    """One ball: its prepared pictures, and where it is at any time."""

    def __init__(self, index: int, width: int, height: int) -> None:
        self.radius = max(2, round(height * (0.040 + 0.0085 * (index * 3 % 7))))
        colour = _COLOURS[index]
        self.glass = _glass(self.radius, colour)
        self.mirrored = sprites.thing(self.glass.value[::-1] / 255, _reflection(self.glass))
        self.trail = [_tail(self.radius, colour, step) for step in range(_TRAIL)]
        self._span = width - 2 * self.radius
        self._floor = height * _FLOOR - self.radius
        self._rise = height * (0.36 + 0.045 * (index * 5 % 7))
        self._bounce_s = 1.05 * math.sqrt(self._rise / height) * 2.1
        self._cross_s = 5.3 + 0.83 * index
        self._phase = 0.137 + index * 0.391

    def at(self, time_s: float) -> tuple[float, float]:
        """Its centre: it goes to and fro evenly, and falls as things fall."""
        way = (time_s / self._cross_s + self._phase) % 2
        drop = (time_s / self._bounce_s + self._phase * 1.7) % 1
        x = self.radius + self._span * (way if way < 1 else 2 - way)
        return x, self._floor - self._rise * 4 * drop * (1 - drop)


class Balls:
    """Seven bouncing balls with trails and reflections, `bgr24`."""

    format = "bgr24"
    white = 255

    def __init__(self, width: int, height: int) -> None:
        self._stage = _stage(width, height)
        self._balls = [_Ball(index, width, height) for index in range(len(_COLOURS))]
        self._mirror = 2 * round(height * _FLOOR)

    def draw(self, image: Array, time_s: float) -> None:
        """Draw the picture of `time_s` into `image`, `(height, width, 3)` uint8."""
        image[...] = self._stage
        for ball in self._balls:
            for step in reversed(range(_TRAIL)):
                sprites.shine(image, ball.trail[step], *ball.at(time_s - step * _TRAIL_STEP_S))
        for ball in self._balls:
            x, y = ball.at(time_s)
            sprites.cover(image, ball.mirrored, x, self._mirror - y)
            sprites.cover(image, ball.glass, x, y)


def _stage(width: int, height: int) -> Array:
    """Night above, a faintly lit floor below."""
    y = np.linspace(0, 1, height, dtype=np.float32)[:, np.newaxis]
    x = np.linspace(-1, 1, width, dtype=np.float32)[np.newaxis, :]
    above = 0.045 + 0.12 * y**2
    below = 0.16 * np.exp(-(y - _FLOOR) * 9)
    lit = np.where(y < _FLOOR, above, below + 0.03) * (1 - 0.55 * x**2)
    tint = np.where((y < _FLOOR)[..., np.newaxis], (1.0, 0.52, 0.50), (0.95, 0.62, 0.55))
    grain = np.random.default_rng(1).random((height, width, 1), np.float32)
    return np.asarray(np.clip(lit[..., np.newaxis] * tint * 255 + grain, 0, 255), np.uint8)


def _glass(radius: int, colour: sprites.Colour) -> sprites.Thing:
    y, x, distance = sprites.radius_map(radius + 1)
    depth = np.sqrt(np.clip(1 - (distance / radius) ** 2, 0, 1))
    lit = np.clip((-0.45 * x - 0.65 * y) / radius + 0.6 * depth, 0, 1)
    spot = np.clip(1 - np.hypot(x + 0.36 * radius, y + 0.42 * radius) / (0.34 * radius), 0, 1) ** 1.5
    rim = np.clip(distance / radius, 0, 1) ** 5 * 0.35
    value = np.array(colour) * (0.22 + 0.85 * lit + rim)[..., np.newaxis] + 0.85 * spot[..., np.newaxis]
    return sprites.thing(value, np.clip(radius + 0.5 - distance, 0, 1))


def _reflection(glass: sprites.Thing) -> Array:
    """Opacity of a ball's mirror image: it fades with its distance from the floor."""
    solid = 1 - glass.remainder[::-1, :, 0] / 256
    return solid * np.linspace(0.42, 0.0, len(solid))[:, np.newaxis]


def _tail(radius: int, colour: sprites.Colour, step: int) -> sprites.Light:
    left = 1 - step / _TRAIL
    red, green, blue = (0.34 * left**1.4 * part for part in colour)
    return sprites.glow(max(1, round(radius * (0.35 + 0.85 * left))), (red, green, blue))
