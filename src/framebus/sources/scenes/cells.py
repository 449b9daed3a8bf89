"""Fluorescent cells under a microscope, as a 16-bit camera sees them."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

_COUNT = 34
_MARGIN = 64
_NOISE = 320
_WHITE = 65535


class _Cell(NamedTuple):
    body: Array
    """Light of the cell, uint32, `(side, side)`; 256 times what is added at full brightness."""
    home: tuple[float, float]
    wander: float
    phase: float
    flash_s: float


class Cells:
    """Drifting, flashing cells with bright nuclei over camera noise, `gray16`, values mostly below 40000."""

    format = "gray16"
    white = 40_000

    def __init__(self, width: int, height: int) -> None:
        rng = np.random.default_rng(23)
        self._glass = _glass(width, height)
        noise = rng.normal(_NOISE, _NOISE / 4, (height + _MARGIN, width + _MARGIN))
        self._noise = np.clip(noise, 0, 4 * _NOISE).astype(np.uint16)
        self._cells = [_cell(index, width, height, rng) for index in range(_COUNT)]

    def draw(self, image: Array, time_s: float) -> None:
        """Draw the picture of `time_s` into `image`, `(height, width)` uint16."""
        height, width = self._glass.shape
        tick = int(time_s * 1000)
        top, left = tick * 37 % _MARGIN, tick * 53 % _MARGIN
        np.add(self._noise[top : top + height, left : left + width], self._glass, out=image)
        for cell in self._cells:
            _place(image, cell, time_s)


def _place(image: Array, cell: _Cell, time_s: float) -> None:
    side = len(cell.body)
    turn = time_s * 0.35 + cell.phase
    x = cell.home[0] + cell.wander * (math.sin(turn) + 0.5 * math.sin(2.3 * turn + 1))
    y = cell.home[1] + cell.wander * (math.cos(0.9 * turn) + 0.5 * math.sin(1.7 * turn + 2))
    top, left = round(y) - side // 2, round(x) - side // 2
    rows = slice(max(top, 0), max(0, min(top + side, image.shape[0])))
    columns = slice(max(left, 0), max(0, min(left + side, image.shape[1])))
    part = cell.body[rows.start - top : max(0, rows.stop - top), columns.start - left : max(0, columns.stop - left)]
    light = part * np.uint32(_brightness(cell, time_s) * 256)
    light >>= 8
    area = image[rows, columns]
    np.minimum(area, _WHITE - light, out=area, casting="unsafe")
    area += light.astype(np.uint16)


def _brightness(cell: _Cell, time_s: float) -> float:
    """Each cell rests dim, flashes, and fades: a fast rise and a slow fall, as with calcium."""
    since = (time_s + cell.phase * 7) % cell.flash_s
    return 0.42 + 0.58 * min(1.0, since / 0.12) * math.exp(-since / 1.1)


def _glass(width: int, height: int) -> Array:
    """The lit background: brighter in the middle."""
    y, x = np.linspace(-1, 1, height)[:, np.newaxis], np.linspace(-1, 1, width)[np.newaxis, :]
    return np.asarray(700 + 1500 * np.exp(-(x**2 + y**2) * 0.9), np.uint16)


def _cell(index: int, width: int, height: int, rng: np.random.Generator) -> _Cell:
    radius = max(3.0, height * rng.uniform(0.045, 0.085))
    return _Cell(
        body=_body(radius, rng),
        home=_home(index, width, height),
        wander=radius * 0.5,
        phase=float(rng.uniform(0, math.tau)),
        flash_s=float(rng.uniform(3.0, 7.5)),
    )


def _home(index: int, width: int, height: int) -> tuple[float, float]:
    """Spread evenly without a pattern that shows: the additive recurrence of the plastic number."""
    return (0.5 + index * 0.7548776662) % 1 * width, (0.5 + index * 0.5698402910) % 1 * height


def _body(radius: float, rng: np.random.Generator) -> Array:
    """An uneven outline, a mottled inside with fibres, a bright nucleus with darker spots."""
    reach = round(radius * 1.45)
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1].astype(np.float64)
    angle, distance = np.arctan2(y, x), np.hypot(y, x)
    outline = 1 + sum(
        rng.uniform(0.03, 0.13) / lobes**0.5 * np.cos(lobes * angle + rng.uniform(0, math.tau)) for lobes in range(2, 6)
    )
    inner = distance / (radius * outline)
    turn = rng.uniform(0, math.tau)
    fibres = np.sin((x * math.cos(turn) + y * math.sin(turn)) * 9 / radius + 1.6 * np.sin(angle * 2))
    mottle = sum(
        np.sin((x * math.cos(a) + y * math.sin(a)) * scale / radius + a * 3)
        for a, scale in zip(rng.uniform(0, math.tau, 9), rng.uniform(4, 16, 9), strict=True)
    )
    edge = 1 / (1 + np.exp((inner - 0.93) * 26))
    body = edge * (5200 + 900 * fibres + 420 * mottle + 5200 * inner**6)
    off_x, off_y = rng.uniform(-0.2, 0.2, 2) * radius
    nucleus = np.hypot((x - off_x) / 1.15, y - off_y) / (radius * 0.36)
    body += 15500 / (1 + np.exp((nucleus - 1) * 11)) * (1 + 0.05 * mottle)
    for _ in range(3):
        spot_x, spot_y = rng.uniform(-0.5, 0.5, 2) * radius
        body += 9000 * np.exp(-((x - spot_x) ** 2 + (y - spot_y) ** 2) / (radius * 0.055) ** 2) * edge
    return np.asarray(np.clip(body * 1.7, 0, _WHITE), np.uint32)
