"""Every pattern moves, repeats itself exactly, and fits any size."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framebus.core.formats import guess_format
from framebus.sources.scenes import SCENES, Scene
from framebus.sources.scenes.enlarge import enlarge, small_size

DTYPES = {"bgr24": (np.uint8, (3,)), "gray16": (np.uint16, ())}
every_pattern = pytest.mark.parametrize("pattern", SCENES)


def drawn(scene: Scene, width: int, height: int, time_s: float, fill: int = 0) -> npt.NDArray[Any]:
    dtype, channels = DTYPES[scene.format]
    image = np.full((height, width, *channels), fill, dtype)
    scene.draw(image, time_s)
    assert guess_format(image.shape, image.dtype, scene.format) == scene.format
    return image


@every_pattern
def test_it_moves(pattern: str) -> None:
    scene = SCENES[pattern](160, 120)
    frames = [drawn(scene, 160, 120, number / 30) for number in range(5)]
    assert all((before != after).mean() > 0.001 for before, after in pairwise(frames))


@every_pattern
def test_the_same_time_gives_the_same_pixels_whatever_was_drawn_between(pattern: str) -> None:
    scene = SCENES[pattern](160, 120)
    first = drawn(scene, 160, 120, 2.5)
    drawn(scene, 160, 120, 71.3)
    assert np.array_equal(first, drawn(scene, 160, 120, 2.5))
    assert np.array_equal(first, drawn(SCENES[pattern](160, 120), 160, 120, 2.5))


@every_pattern
def test_it_covers_the_whole_picture(pattern: str) -> None:
    scene = SCENES[pattern](160, 120)
    assert np.array_equal(drawn(scene, 160, 120, 1, fill=0), drawn(scene, 160, 120, 1, fill=201))


@every_pattern
def test_it_is_a_picture_not_a_surface(pattern: str) -> None:
    image = drawn(SCENES[pattern](320, 240), 320, 240, 3.0)
    assert len(np.unique(image)) > 40
    assert image.max() > np.iinfo(image.dtype).max // 2


def test_cells_use_more_than_eight_bits() -> None:
    image = drawn(SCENES["cells"](320, 240), 320, 240, 3.0)
    assert len(np.unique(image)) > 2000


@every_pattern
@settings(max_examples=15, deadline=None)
@given(width=st.integers(40, 200), height=st.integers(8, 150), time_s=st.floats(0, 1e6))
def test_it_fits_any_size_at_any_time(pattern: str, width: int, height: int, time_s: float) -> None:
    drawn(SCENES[pattern](width, height), width, height, time_s)


@given(width=st.integers(1, 40), height=st.integers(1, 40), factor=st.integers(1, 9), level=st.integers(0, 255))
def test_an_even_surface_stays_even_when_enlarged(width: int, height: int, factor: int, level: int) -> None:
    columns, rows = small_size(width, height, factor)
    image = np.zeros((height, width, 3), np.uint8)
    enlarge(np.full((rows, columns, 3), level, np.float32), image, factor)
    assert (image == level).all()


def test_a_slope_becomes_a_finer_slope() -> None:
    columns, rows = small_size(64, 8, 8)
    image = np.zeros((8, 64, 3), np.uint8)
    small = np.zeros((rows, columns, 3), np.float32)
    small += (np.arange(columns) * 24)[:, np.newaxis]
    enlarge(small, image, 8)
    assert np.abs(image[0, :, 0].astype(int) - np.arange(64) * 3).max() <= 1
