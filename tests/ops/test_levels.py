"""Normalise, window, invert: deep pictures to look at."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from framebus import ops
from framebus.core.errors import OptionError
from tests.ops.pictures import ALL_TYPES, Array, images, noise


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "int32", "float16", "float32", "float64"])
def test_the_least_becomes_black_and_the_greatest_white(dtype: str) -> None:
    assert ops.normalise(np.array([[10, 30, 110]], dtype)).tolist() == [[0, 51, 255]]


def test_percentiles_ignore_hot_pixels() -> None:
    image = np.tile(np.arange(1000, 1100, dtype=np.uint16), (100, 1))
    image[0, 0], image[5, 5] = 65535, 0
    assert ops.normalise(image).max(axis=0)[50] < 10
    spread = ops.normalise(image, 2)
    assert spread[50, [1, 50, 98]].tolist() == [0, 128, 255]


def test_percentiles_of_large_pictures_are_those_of_evenly_chosen_pixels() -> None:
    image = np.tile(np.arange(2000, dtype=np.uint16), (2000, 1))
    assert ops.normalise(image, 10)[1000, [200, 1000, 1799]].tolist() == pytest.approx([0, 127, 255], abs=2)


def test_what_is_no_number_is_black_and_does_not_count() -> None:
    image = np.array([[np.nan, np.inf, -np.inf, 1, 2, 3]], np.float32)
    assert ops.normalise(image).tolist() == [[0, 255, 0, 0, 128, 255]]
    assert ops.window(image, 1, 3).tolist() == [[0, 255, 0, 0, 128, 255]]
    assert ops.normalise(np.full((2, 2), np.nan)).tolist() == [[0, 0], [0, 0]]


def test_a_picture_that_is_the_same_everywhere_is_black() -> None:
    assert ops.normalise(np.full((2, 2), 7, np.uint16)).max() == 0


@pytest.mark.parametrize("arguments", [{"low": 0, "high": 4095}, {"level": 2047.5, "width": 4095}])
@pytest.mark.parametrize("dtype", ["uint16", "int32", "float32"])
def test_a_window_is_the_same_for_all_frames(arguments: dict[str, float], dtype: str) -> None:
    image = np.array([[0, 2048, 4095, 5000]], dtype)
    assert ops.window(image, **arguments).tolist() == [[0, 128, 255, 255]]
    assert ops.window(image[:, :2], **arguments).tolist() == [[0, 128]]


@given(images(ALL_TYPES), st.floats(0, 49))
def test_any_picture_becomes_uint8(image: Array, percent: float) -> None:
    for result in (ops.normalise(image), ops.normalise(image, percent), ops.window(image, -1e30, 2.5)):
        assert (result.shape, result.dtype) == (image.shape, np.dtype("uint8"))


@given(images(("float64",)))
def test_order_is_kept(image: Array) -> None:
    values = image[np.isfinite(image)]
    order = np.argsort(values)
    stretched = ops.normalise(image)[np.isfinite(image)].astype(int)
    assert (np.diff(stretched[order]) >= 0).all()


@pytest.mark.parametrize(
    ("value", "dtype", "negative"),
    [
        (10, "uint8", 245),
        (10, "uint16", 65525),
        (10, "int16", -11),
        (0.25, "float32", 0.75),
        (True, "bool", False),
    ],
)
def test_a_negative_is_white_minus_the_picture(value: float, dtype: str, negative: float) -> None:
    result = ops.invert(np.full((1, 1), value, dtype))
    assert (result.item(), result.dtype) == (negative, np.dtype(dtype))


@given(images(ALL_TYPES))
def test_two_negatives_are_the_picture(image: Array) -> None:
    twice = ops.invert(ops.invert(image))
    assert twice.shape == image.shape
    if image.dtype.kind != "f":
        assert np.array_equal(twice, image)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "give two values"),
        ((3,), "give two values"),
        ((5, 5), "low=5 is not below high=5"),
        (("a", "b"), "give a number"),
    ],
)
def test_a_window_has_two_ends(arguments: tuple[Any, ...], says: str) -> None:
    with pytest.raises(OptionError, match=f"window: .*{says}"):
        ops.window(noise(2, 2), *arguments)


def test_percentiles_stay_apart() -> None:
    with pytest.raises(OptionError, match="from 0 to 49"):
        ops.normalise(noise(2, 2), 50)
