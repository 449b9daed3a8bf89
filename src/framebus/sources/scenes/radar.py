"""A radar screen: the beam goes round, coast and ships light up under it and fade."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from framebus.sources.scenes import sprites

Array = npt.NDArray[Any]

_TURN_S = 4.0
_LEVELS = 12
_GREEN: sprites.Colour = (0.45, 1.0, 0.35)
_SHIPS = 9


class Radar:
    """A rotating beam over coast lines and moving ships, `bgr24`."""

    format = "bgr24"
    white = 255

    def __init__(self, width: int, height: int) -> None:
        self._reach = max(2, int(min(width, height) * 0.47))
        self._centre = (width // 2, height // 2)
        self._screen = _screen(width, height, self._reach)
        y, x, distance = sprites.radius_map(self._reach)
        self._angle = _angle(y, x)
        self._echo = _echo(y / self._reach, x / self._reach, distance / self._reach)
        self._phosphor = _phosphor()
        size = max(2, self._reach // 26)
        self._blips = [sprites.glow(size, _dimmed(level / (_LEVELS - 1))) for level in range(_LEVELS)]

    def draw(self, image: Array, time_s: float) -> None:
        """Draw the picture of `time_s` into `image`, `(height, width, 3)` uint8."""
        image[...] = self._screen
        self._sweep(image, time_s)
        for ship in range(_SHIPS):
            self._ship(image, ship, time_s)

    def _sweep(self, image: Array, time_s: float) -> None:
        turned = np.uint8(int(time_s / _TURN_S * 256) % 256)
        # Unsigned bytes wrap around as angles do: what remains is how long ago the beam was here.
        light = np.take(self._phosphor, turned - self._angle, mode="clip")
        light *= self._echo
        light >>= 8
        top, left = self._centre[1] - self._reach, self._centre[0] - self._reach
        area = image[top : top + len(light), left : left + len(light)]
        area[..., 1] += light.astype(np.uint8)
        light >>= 2
        area[..., 0] += light.astype(np.uint8)
        area[..., 2] += light.astype(np.uint8)

    def _ship(self, image: Array, ship: int, time_s: float) -> None:
        turn = time_s / _TURN_S
        angle, distance = _course(ship, time_s)
        passed = (turn - angle / math.tau) % 1
        # A blip stays where the beam saw it until the beam comes round again.
        angle, distance = _course(ship, time_s - passed * _TURN_S)
        level = int((_LEVELS - 1) * (1 - passed) ** 1.6)
        x = self._centre[0] + self._reach * distance * math.sin(angle)
        y = self._centre[1] - self._reach * distance * math.cos(angle)
        sprites.shine(image, self._blips[level], x, y)


def _course(ship: int, time_s: float) -> tuple[float, float]:
    """Bearing (radians, clockwise from north) and distance (0 to 1) of a ship."""
    speed = (0.021 + 0.004 * (ship * 5 % 7)) * (-1 if ship % 2 else 1)
    return (ship * 2.4 + speed * time_s) % math.tau, 0.56 + 0.34 * math.sin(ship * 1.9 + 0.05 * time_s)


def _dimmed(level: float) -> sprites.Colour:
    blue, green, red = _GREEN
    return blue * level, green * level, red * level


def _angle(y: Array, x: Array) -> Array:
    """Bearing of every pixel, clockwise from north, a full turn being 256."""
    return (np.arctan2(x, -y) / math.tau * 256 % 256).astype(np.uint8)


def _phosphor() -> Array:
    """Brightness by the time since the beam passed, in 256ths of a turn."""
    since = np.arange(256) / 256
    light = 0.66 * np.exp(-since * 4.2) + 0.34 * np.exp(-since * 45)
    return np.asarray(light * 255, np.uint16)


def _echo(y: Array, x: Array, distance: Array) -> Array:
    """What comes back from everywhere, 0 to 256: a little from water, much from coasts, nothing from outside."""
    rng = np.random.default_rng(7)
    land = sum(
        np.sin(kx * x * math.tau + ky * y * math.tau + phase) / math.hypot(kx, ky)
        for kx, ky, phase in rng.uniform((-2.2, -2.2, 0), (2.2, 2.2, math.tau), (20, 3)).astype(np.float32)
    )
    coast = float(np.quantile(land, 0.83))
    edge = np.exp(-np.abs(land - coast) * 2.2) * (0.5 + 0.5 * rng.random(x.shape))
    speckle = rng.random(x.shape) ** 6 * 0.28
    water = 0.26 + 0.10 * (1 - distance)
    back = np.clip(water + speckle + np.where(land > coast, 0.26, 0) + 0.7 * edge, 0, 0.85)
    return np.asarray(np.where(distance < 1, back * 256, 0), np.uint16)


def _screen(width: int, height: int, reach: int) -> Array:
    """The dark glass with rings, bearings and a bright rim."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    y -= height // 2
    x -= width // 2
    distance = np.hypot(y, x)
    rings = sum(_line(distance - reach * part) for part in (0.25, 0.5, 0.75))
    spokes = sum(_line(x * math.cos(turn) + y * math.sin(turn)) for turn in np.arange(6) * math.pi / 6)
    ticks = (np.abs(np.arctan2(x, y) * 36 / math.pi % 1 - 0.5) > 0.47) & (distance > reach * 0.965)
    inside = np.clip(reach + 0.5 - distance, 0, 1)
    lit = inside * (0.05 + 0.10 * np.clip(rings, 0, 1) + 0.045 * np.clip(spokes, 0, 1) + 0.25 * ticks)
    lit += 0.5 * _line((distance - reach) / 1.5) + 0.03 * np.exp(-np.clip(distance - reach, 0, None) / 40)
    grain = np.random.default_rng(3).random(lit.shape)[..., np.newaxis]
    return np.asarray(np.clip(lit[..., np.newaxis] * (130, 255, 100) + (10, 9, 7) + grain, 0, 255), np.uint8)


def _line(distance: Array) -> Array:
    """A soft line where `distance` is 0, one pixel wide."""
    return np.clip(1.2 - np.abs(distance), 0, 1)
