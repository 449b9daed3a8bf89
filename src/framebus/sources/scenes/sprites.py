"""Small prepared pictures, and the two cheap ways of putting one into a large one: as light, and as a thing."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Colour = tuple[float, float, float]
"""Blue, green, red, each 0 to 1."""


class Light(NamedTuple):
    """A picture that is added; sums stop at white."""

    value: Array
    headroom: Array


class Thing(NamedTuple):
    """A picture with soft edges that covers what is behind it."""

    value: Array
    """Already multiplied by its opacity."""
    remainder: Array
    """How much of the background stays, 0 to 256."""


def radius_map(reach: int) -> tuple[Array, Array, Array]:
    """Coordinates `y`, `x` and distance of a square of `2 * reach + 1` pixels from its centre, float32."""
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1].astype(np.float32)
    return y, x, np.hypot(y, x)


def light(brightness: Array, colour: Colour) -> Light:
    """Light of `colour` with `brightness`, `(height, width)` from 0 to 1."""
    value = (np.clip(brightness, 0, 1)[..., np.newaxis] * np.array(colour) * 255).astype(np.uint8)
    return Light(value, 255 - value)


def glow(reach: int, colour: Colour) -> Light:
    """A round glow, brightest in the middle, nothing at `reach` pixels."""
    _, _, distance = radius_map(reach)
    return light(np.clip(1 - distance / (reach + 0.5), 0, 1) ** 2, colour)


def thing(value: Array, opacity: Array) -> Thing:
    """A coloured picture `(height, width, 3)` and its opacity `(height, width)`, both from 0 to 1."""
    solid = np.clip(opacity, 0, 1)[..., np.newaxis]
    remainder = np.round(256 * (1 - solid)).astype(np.uint16)
    return Thing((np.clip(value, 0, 1) * solid * 255).astype(np.uint8), remainder)


def shine(image: Array, sprite: Light, x: float, y: float) -> None:
    """Add `sprite` to `image` with its centre at `(x, y)`; parts outside are cut off."""
    inside, part = _overlap(image, sprite.value, x, y)
    area = image[inside]
    np.minimum(area, sprite.headroom[part], out=area)
    area += sprite.value[part]


def cover(image: Array, sprite: Thing, x: float, y: float) -> None:
    """Put `sprite` over `image` with its centre at `(x, y)`; parts outside are cut off."""
    inside, part = _overlap(image, sprite.value, x, y)
    area = image[inside]
    behind = (area * sprite.remainder[part]) >> 8
    np.add(behind, sprite.value[part], out=area, casting="unsafe")


def _overlap(image: Array, sprite: Array, x: float, y: float) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """The rows and columns of `image` that a sprite centred at `(x, y)` touches, and those of the sprite."""
    rows, top = _span(image.shape[0], sprite.shape[0], y)
    columns, left = _span(image.shape[1], sprite.shape[1], x)
    part = (slice(rows.start - top, rows.stop - top), slice(columns.start - left, columns.stop - left))
    return (rows, columns), part


def _span(room: int, length: int, centre: float) -> tuple[slice, int]:
    first = round(centre) - length // 2
    start = min(max(first, 0), room)
    return slice(start, max(start, min(first + length, room))), first
