"""Digits can be read, on any background, and never outside the picture."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from framebus.sources.synthetic import digits


def written(text: str, paper: int = 0) -> list[str]:
    image = np.full((digits.HEIGHT + 2, 40), paper, np.uint8)
    digits.draw(image, text, 0, 0, 1, 255)
    inside = image[1:-1, 1 : 1 + 6 * len(text)]
    return ["".join("#" if dot == 255 else "." for dot in row) for row in inside]


def test_a_seven_looks_like_a_seven() -> None:
    assert written("7") == ["#####.", "....#.", "...#..", "..#...", ".#....", ".#....", ".#...."]


def test_all_digits_differ() -> None:
    assert len({tuple(written(digit)) for digit in "0123456789"}) == 10


def test_an_outline_sets_them_off_from_white() -> None:
    image = np.full((9, 8), 255, np.uint8)
    digits.draw(image, "1", 0, 0, 1, 255)
    assert (image == 0).any()


@pytest.mark.parametrize("shape", [(9, 30), (9, 30, 3)])
def test_in_gray_and_in_colour(shape: tuple[int, ...]) -> None:
    image = np.full(shape, 7, np.uint8)
    digits.draw(image, "12:3.4-5", 0, 0, 1, 255)
    assert set(np.unique(image)) == {0, 7, 255}


@given(x=st.integers(0, 60), y=st.integers(0, 40), scale=st.integers(1, 6))
def test_what_does_not_fit_is_cut_off(x: int, y: int, scale: int) -> None:
    image = np.zeros((30, 50), np.uint8)
    digits.draw(image, "0123456789", x, y, scale, 255)
    assert image.shape == (30, 50)
