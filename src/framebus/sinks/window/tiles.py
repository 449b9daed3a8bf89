"""Where pictures go in a window: one fills it, several share it, none is distorted. Pure."""

from __future__ import annotations

import math
from typing import NamedTuple


class Box(NamedTuple):
    """A rectangle in pixels."""

    x: int
    y: int
    width: int
    height: int


def tiles(count: int, width: int, height: int, aspect: float = 4 / 3) -> list[Box]:
    """`count` equal boxes in rows and columns that leave pictures of `aspect` (width by height) the most room."""
    columns = max(range(1, count + 1), key=lambda number: _picture_width(number, count, width, height, aspect))
    rows = math.ceil(count / columns)
    edges_x = [width * column // columns for column in range(columns + 1)]
    edges_y = [height * row // rows for row in range(rows + 1)]
    return [
        Box(x, y, edges_x[index % columns + 1] - x, edges_y[index // columns + 1] - y)
        for index in range(count)
        for x, y in [(edges_x[index % columns], edges_y[index // columns])]
    ]


def fitted(width: int, height: int, box: Box) -> Box:
    """The largest box of the proportions `width × height` in the middle of `box`; at least one pixel."""
    scale = min(box.width / width, box.height / height)
    wide, high = max(1, int(width * scale)), max(1, int(height * scale))
    return Box(box.x + (box.width - wide) // 2, box.y + (box.height - high) // 2, wide, high)


def _picture_width(columns: int, count: int, width: int, height: int, aspect: float) -> float:
    rows = math.ceil(count / columns)
    return min(width / columns, height / rows * aspect)
