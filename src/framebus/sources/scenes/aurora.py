"""Northern lights over mountains: curtains of light that wave, in front of stars."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from framebus.sources.scenes.enlarge import enlarge, small_size

Array = npt.NDArray[Any]

_GRAIN = 6
"""How much smaller than the picture the lights are computed."""


class _Curtain(NamedTuple):
    height: float
    """Where its lower edge hangs, 0 the top of the picture, 1 the bottom."""
    reach: float
    """How far it shines upwards, in heights of the picture."""
    strength: float
    phase: float


_CURTAINS = (
    _Curtain(0.40, 0.34, 0.55, 0.0),
    _Curtain(0.55, 0.26, 0.95, 2.1),
    _Curtain(0.66, 0.16, 0.60, 4.4),
)


class Aurora:
    """Waving northern lights, `bgr24`."""

    format = "bgr24"
    white = 255

    def __init__(self, width: int, height: int) -> None:
        columns, rows = small_size(width, height, _GRAIN)
        self._y = (np.arange(rows, dtype=np.float32) * np.float32(_GRAIN / height))[:, np.newaxis]
        self._x = (np.arange(columns, dtype=np.float32) * np.float32(_GRAIN / height))[np.newaxis, :]
        self._night = _night(rows)
        self._stars = _stars(width, height)
        self._land, self._top = _land(width, height)

    def draw(self, image: Array, time_s: float) -> None:
        """Draw the picture of `time_s` into `image`, `(height, width, 3)` uint8."""
        enlarge(self._lights(time_s), image, _GRAIN)
        np.maximum(image, self._stars, out=image)
        ground = image[self._top :]
        np.minimum(ground, self._land, out=ground)

    def _lights(self, time_s: float) -> Array:
        sky = np.broadcast_to(self._night, (self._y.size, self._x.size, 3)).copy()
        for curtain in _CURTAINS:
            edge = curtain.height + _wave(self._x, time_s, curtain.phase)
            above = (edge - self._y) / np.float32(curtain.reach)
            light = np.where(above > 0, np.exp(-3 * above), np.exp(28 * np.minimum(above, 0)))
            light *= curtain.strength * _rays(self._x, time_s, curtain.phase)
            high = np.clip(above * 0.9, 0, 1)
            sky[..., 0] += light * (70 + 150 * high)
            sky[..., 1] += light * (240 - 190 * high)
            sky[..., 2] += light * (40 + 130 * high)
        return np.asarray(np.minimum(sky, 255))


def _wave(x: Array, time_s: float, phase: float) -> Array:
    """The lower edge of a curtain along the picture."""
    slow = np.sin(x * 2.1 + phase + time_s * 0.23) * 0.075
    return slow + np.sin(x * 5.3 - time_s * 0.41 + phase * 2) * 0.030 + np.sin(x * 11 + time_s * 0.7 + phase) * 0.010


def _rays(x: Array, time_s: float, phase: float) -> Array:
    """The brightness of a curtain along the picture: folds that drift, and rays that flicker in them."""
    folds = 0.55 + 0.45 * np.sin(x * 3.1 - time_s * 0.37 + phase * 3)
    rays = 0.72 + 0.18 * np.sin(x * 31 + time_s * 1.9 + phase) + 0.10 * np.sin(x * 67 - time_s * 2.7 + phase)
    return folds * rays


def _night(rows: int) -> Array:
    """The sky behind: dark blue, a little lighter above the horizon, `(rows, 1, 3)`."""
    down = np.linspace(0, 1, rows, dtype=np.float32)[:, np.newaxis, np.newaxis]
    return np.array((22, 10, 8), np.float32) + down**2 * np.array((34, 26, 14), np.float32)


def _stars(width: int, height: int) -> Array:
    rng = np.random.default_rng(5)
    sky = np.zeros((height, width, 3), np.uint8)
    count = max(20, width * height // 2600)
    light = (30 + 190 * rng.random(count) ** 3).astype(np.uint8)
    sky[rng.integers(0, height, count), rng.integers(0, width, count)] = light[:, np.newaxis]
    return sky


def _land(width: int, height: int) -> tuple[Array, int]:
    """What the mountains let through, 255 where there is sky: `(rows, width, 3)` and the first row it concerns."""
    x = np.linspace(0, width / height, width)
    far = 0.80 + _ridge(x, 3, 0.052)
    near = 0.90 + _ridge(x + 9, 8, 0.040)
    top = int(height * min(far.min(), near.min(), 0.99))
    y = (np.arange(top, height)[:, np.newaxis] + 0.5) / height
    let = np.full((height - top, width, 3), 255, np.uint8)
    let[y > far] = (34, 24, 16)
    let[y > near] = (14, 9, 6)
    return let, top


def _ridge(x: Array, seed: int, size: float) -> Array:
    """A mountain line: folded waves, each finer and lower than the one before."""
    rng = np.random.default_rng(seed)
    line = np.zeros_like(x)
    for octave in range(7):
        line -= size / 1.9**octave * np.abs(np.sin(x * 2.2 * 1.93**octave + rng.uniform(0, math.tau)))
    return line
