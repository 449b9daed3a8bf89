"""Blur, sharpen, edges."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from framebus import ops
from framebus.core.errors import BadFrame, OptionError
from tests.ops.pictures import Array, images, noise, smooth


def dot(dtype: str = "float64") -> Array:
    image = np.zeros((41, 41), dtype)
    image[20, 20] = 1000
    return image


def test_a_blurred_dot_is_a_bell_of_the_width_asked_for() -> None:
    blurred = ops.blur(dot(), 2.5)
    across = np.arange(41) - 20
    assert blurred.sum() == pytest.approx(1000)
    assert (blurred.sum(axis=0) * across**2).sum() / 1000 == pytest.approx(2.5**2, rel=0.02)


@given(images(), st.floats(0.1, 20))
def test_any_picture_can_be_blurred_and_sharpened(image: Array, sigma: float) -> None:
    for result in (ops.blur(image, sigma), ops.sharpen(image, 0.7, sigma=sigma)):
        assert (result.shape, result.dtype) == (image.shape, image.dtype)


def test_sharpening_makes_edges_steeper_and_flat_parts_stay() -> None:
    image = np.full((40, 40), 100, np.uint8)
    image[:, 20:] = 150
    sharp = ops.sharpen(image, 1.0)
    assert (sharp[20, 19] < 100, sharp[20, 20] > 150) == (True, True)
    assert (sharp[20, 2], sharp[20, 37]) == (100, 150)


def test_sharpening_by_nothing_changes_nothing() -> None:
    image = noise(20, 20)
    assert np.array_equal(ops.sharpen(image, 0), image)


def test_edges_are_where_brightness_changes() -> None:
    image = np.zeros((40, 40, 3), np.uint8)
    image[:, 20:] = 255
    lines = ops.edges(image)
    assert lines.shape == (40, 40)
    assert set(np.argwhere(lines == 255)[:, 1]) <= {19, 20}
    assert (lines.max(axis=1) == 255).all()
    assert ops.edges(smooth(40, 40)).max() == 0


@given(images(("uint8",), channels=(None, 1, 2, 3, 4)))
def test_any_picture_has_edges(image: Array) -> None:
    assert ops.edges(image).shape == image.shape[:2]


def test_one_column_turned_around_in_memory_is_one_column() -> None:
    column = noise(8, 1, None)[::-1, ::-1]
    assert ops.edges(column).shape == (8, 1)


def test_edges_of_deep_pictures_need_a_window() -> None:
    with pytest.raises(BadFrame, match="edges works on uint8, not on uint16: put normalise or window before it"):
        ops.edges(dot("uint16"))


def test_thresholds_of_edges_are_in_order() -> None:
    with pytest.raises(OptionError, match="edges: low=200 is above high=100"):
        ops.edges(noise(4, 4), 200, 100)


@pytest.mark.parametrize("sigma", [0, -1, 1000, "soft", None, float("nan")])
def test_a_sigma_is_a_number_of_pixels(sigma: float) -> None:
    with pytest.raises(OptionError, match=r"give a number from 0\.1 to 100"):
        ops.blur(noise(4, 4), sigma)
