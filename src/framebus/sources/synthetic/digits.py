"""Small bitmap digits, so that people can read a frame's number and time in the picture itself."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

HEIGHT = 7
"""Pixels of a digit's height at scale 1; a digit is 5 wide and followed by one empty column."""

_GLYPHS = {
    "0": (".###.", "#...#", "#...#", "#...#", "#...#", "#...#", ".###."),
    "1": ("..#..", ".##..", "..#..", "..#..", "..#..", "..#..", ".###."),
    "2": (".###.", "#...#", "....#", "..##.", ".#...", "#....", "#####"),
    "3": ("#####", "...#.", "..#..", "...#.", "....#", "#...#", ".###."),
    "4": ("...#.", "..##.", ".#.#.", "#..#.", "#####", "...#.", "...#."),
    "5": ("#####", "#....", "####.", "....#", "....#", "#...#", ".###."),
    "6": ("..##.", ".#...", "#....", "####.", "#...#", "#...#", ".###."),
    "7": ("#####", "....#", "...#.", "..#..", ".#...", ".#...", ".#..."),
    "8": (".###.", "#...#", "#...#", ".###.", "#...#", "#...#", ".###."),
    "9": (".###.", "#...#", "#...#", ".####", "....#", "...#.", ".##.."),
    ":": ("...", ".#.", ".#.", "...", ".#.", ".#.", "..."),
    ".": ("...", "...", "...", "...", "...", ".#.", ".#."),
    "-": ("....", "....", "....", "####", "....", "....", "...."),
    " ": ("...", "...", "...", "...", "...", "...", "..."),
}


def draw(image: Array, text: str, x: int, y: int, scale: int, ink: int, paper: int = 0) -> None:
    """Write `text` (digits, `:`, `.`, `-`, blanks) with its upper left corner at `(x, y)`, in place.

    `image` is `(height, width[, channels])`; `ink` and the outline's `paper` are pixel values. What does not fit into
    the picture is cut off.
    """
    # The outline keeps the digits readable on any background.
    inside = np.pad(np.concatenate([_glyph(letter, scale) for letter in text], axis=1), max(1, scale // 2))
    outside = _grown(inside, max(1, scale // 2))
    area = image[y : y + inside.shape[0], x : x + inside.shape[1]]
    height, width = area.shape[:2]
    area[outside[:height, :width]] = paper
    area[inside[:height, :width]] = ink


@lru_cache(maxsize=256)
def _glyph(letter: str, scale: int) -> npt.NDArray[np.bool_]:
    rows = [[dot == "#" for dot in row] + [False] for row in _GLYPHS[letter]]
    return np.array(rows).repeat(scale, axis=0).repeat(scale, axis=1)


def _grown(mask: npt.NDArray[np.bool_], reach: int) -> npt.NDArray[np.bool_]:
    """`mask` and all pixels up to `reach` away from it."""
    tall = mask.copy()
    for step in range(1, reach + 1):
        tall[step:] |= mask[:-step]
        tall[:-step] |= mask[step:]
    grown = tall.copy()
    for step in range(1, reach + 1):
        grown[:, step:] |= tall[:, :-step]
        grown[:, :-step] |= tall[:, step:]
    return grown
