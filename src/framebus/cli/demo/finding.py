"""The analysis of the demo: where the balls are, and which colour each has. Numpy alone, so that it runs anywhere."""

from __future__ import annotations

import colorsys
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from framebus.sources import stamp
from framebus.sources.synthetic.digits import HEIGHT

Array = npt.NDArray[Any]
Cell = tuple[int, int]

CELL = 8
"""So many pixels each way are looked at together."""
STEP = 2
"""Of them, every second one."""
BRIGHT = 145
"""Glass is brighter than that, the light behind it is not."""
FLOOR = 0.86
"""What lies below is a reflection."""
LEAST = 6
"""A ball covers so many cells at least."""
SHADED = 1.3
"""A ball is larger than what of it is bright: light comes from above on the left."""
_HUES = (
    (0.04, "red"),
    (0.11, "orange"),
    (0.20, "yellow"),
    (0.45, "green"),
    (0.70, "blue"),
    (0.92, "violet"),
    (1, "red"),
)


def find_balls(image: Array) -> dict[str, Any]:
    """Boxes with labels and scores, for `frame.meta`: the page draws them."""
    top = stamp.height_of(image.shape[1]) + 2 * HEIGHT
    seen = image[top : top + int((image.shape[0] - top) * FLOOR)]
    means = _means(seen)
    boxes = [_box(cells, means, top) for cells in _groups(means.max(axis=2) > BRIGHT) if len(cells) >= LEAST]
    return {"boxes": boxes, "text": f"{len(boxes)} balls in sight" if len(boxes) != 1 else "1 ball in sight"}


def _means(image: Array) -> Array:
    """The mean colour of each cell."""
    rows, columns, taken = image.shape[0] // CELL, image.shape[1] // CELL, CELL // STEP
    some = image[: rows * CELL : STEP, : columns * CELL : STEP].reshape(rows, taken, columns, taken, 3)
    return np.asarray(some.mean(axis=(1, 3), dtype=np.float32))


def _groups(bright: Array) -> Iterator[list[Cell]]:
    """Cells that touch each other."""
    left = {(int(row), int(column)) for row, column in np.argwhere(bright)}
    while left:
        group, edge = [], [left.pop()]
        while edge:
            row, column = cell = edge.pop()
            group.append(cell)
            around = {(row + down, column + right) for down in (-1, 0, 1) for right in (-1, 0, 1)} & left
            left -= around
            edge.extend(around)
        yield group


def _box(cells: list[Cell], means: Array, top: int) -> list[Any]:
    """`[x, y, width, height, colour, how much of it is ball]`."""
    rows, columns = [row for row, _ in cells], [column for _, column in cells]
    high, left = min(rows), min(columns)
    height, width = max(rows) - high + 1, max(columns) - left + 1
    colour = _named(means[rows, columns].mean(axis=0))
    score = round(len(cells) / (height * width), 2)
    side = round(max(height, width) * CELL * SHADED)
    return [left * CELL, top + high * CELL, side, side, f"{colour} ball", score]


def _named(colour: Array) -> str:
    blue, green, red = (float(value) / 255 for value in colour)
    hue, _, _ = colorsys.rgb_to_hsv(red, green, blue)
    return next(name for limit, name in _HUES if hue <= limit)
