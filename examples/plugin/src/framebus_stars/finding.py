"""`find_stars`: where the brightest points of a picture are. The op."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

import framebus as fb

AROUND = 4  # pixels around a star that belong to it


class FindStars:
    """The `most` brightest points that reach `level`: `frame.meta["stars"]`, and boxes for the op `draw`.

    Built once for each worker with what stands after `find_stars=`, then called with one picture after the other.
    """

    def __init__(self, most: int = 10, level: float = 50) -> None:
        if most < 1:
            raise fb.errors.OptionError(f"most={most}: give the number of stars to find, at least 1")
        self._most = most
        self._level = level

    def __call__(self, image: npt.NDArray[Any]) -> dict[str, Any]:
        """`[x, y, brightness]` of each, the brightest first; the picture stays as it is."""
        stars = list(self._found(image.max(axis=2) if image.ndim == 3 else image))
        side = 2 * AROUND + 1
        return {"stars": stars, "boxes": [[x - AROUND, y - AROUND, side, side] for x, y, _ in stars]}

    def _found(self, light: npt.NDArray[Any]) -> list[list[float]]:
        rest = light.astype(float)  # a copy: what we are given is read-only
        found: list[list[float]] = []
        while len(found) < self._most:
            y, x = (int(place) for place in np.unravel_index(rest.argmax(), rest.shape))
            if rest[y, x] < self._level:
                break
            found.append([x, y, float(light[y, x])])
            rest[max(0, y - AROUND) : y + AROUND + 1, max(0, x - AROUND) : x + AROUND + 1] = -np.inf
        return found
