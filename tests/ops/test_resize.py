"""Resize: the size that was asked for, and every pixel counted where it shrinks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from framebus import ops
from framebus.core.errors import BadFrame, OptionError
from tests.ops.pictures import TYPES, Array, images, noise, psnr, smooth


def shares(old: int, new: int) -> Array:
    """How much each of `old` pixels is of each of `new` ones: the part of its length that lies in it."""
    edges = np.arange(new + 1) * old / new
    starts = np.arange(old)
    inside = np.minimum(edges[1:, None], starts + 1) - np.maximum(edges[:-1, None], starts)
    return np.asarray(np.maximum(inside, 0) * new / old)


def area_mean(image: Array, width: int, height: int) -> Array:
    """The exact mean of the area under each new pixel."""
    narrow = np.tensordot(shares(image.shape[1], width), image.astype(float), (1, 1))
    mean: Array = np.tensordot(shares(image.shape[0], height), narrow, (1, 1))
    return mean


@pytest.mark.parametrize(("width", "height"), [(64, 48), (50, 31), (23, 90), (90, 17), (1, 1), (96, 5)])
@pytest.mark.parametrize("channels", [None, 3, 7])
def test_a_smaller_picture_is_the_mean_of_the_larger(width: int, height: int, channels: int | None) -> None:
    image = noise(96, 128, channels)
    if width > 128 or height > 96:
        pytest.skip("larger")
    assert psnr(ops.resize(image, f"{width}x{height}"), area_mean(image, width, height)) > 50


@pytest.mark.parametrize("dtype", TYPES)
def test_all_types_are_averaged_in_their_own_numbers(dtype: str) -> None:
    white = 1.0 if dtype.startswith("f") else np.iinfo(dtype).max
    image = (noise(60, 80, None) / 255 * white).astype(dtype)
    small = ops.resize(image, "33x21")
    assert small.dtype == image.dtype
    assert psnr(small, area_mean(image, 33, 21), white) > 50


def test_fine_stripes_become_gray_not_coarse_stripes() -> None:
    stripes = np.zeros((100, 1000), np.uint8)
    stripes[:, ::2] = 255
    assert ops.resize(stripes, "97x50").std() < 15
    assert ops.resize(stripes, "97x50", method="linear").std() > 60


def test_a_side_that_shrinks_is_averaged_where_the_other_grows() -> None:
    image = noise(40, 200)
    both = ops.resize(image, "50x80")
    assert both.shape == (80, 50, 3)
    assert psnr(both[::2], ops.resize(ops.resize(image, "50x40"), "50x80")[::2]) == float("inf")


def test_the_fast_way_is_nearly_the_mean() -> None:
    image = noise(480, 640, seed=3)
    fast, mean = ops.resize(image, "200x150", method="fast"), area_mean(image, 200, 150)
    assert psnr(fast, mean) > psnr(ops.resize(image, "200x150", method="linear"), mean) + 6
    assert psnr(ops.resize(smooth(481, 643), "100x99", method="fast"), area_mean(smooth(481, 643), 100, 99)) > 40


def test_halves_are_exact() -> None:
    image = np.array([[0, 4, 100, 100], [4, 8, 100, 104]], np.uint8)
    assert ops.resize(image, "2x1").tolist() == [[4, 101]]


def test_growing_is_linear_and_keeps_places() -> None:
    image = np.array([[0, 100]], np.uint8)
    assert ops.resize(image, "4x1").tolist() == [[0, 25, 75, 100]]
    assert psnr(ops.resize(ops.resize(smooth(40, 60), "120x80"), "60x40"), smooth(40, 60)) > 45


@pytest.mark.parametrize("dtype", ["bool", "int64", "uint8", "complex64"])
def test_nearest_mixes_no_values(dtype: str) -> None:
    if dtype == "complex64":
        with pytest.raises(BadFrame, match="real numbers"):
            ops.resize(np.ones((3, 3), dtype), "2x2", method="nearest")
        return
    labels = np.arange(12).reshape(3, 4).astype(dtype)
    large = ops.resize(labels, "8x6", method="nearest")
    assert np.array_equal(large, np.kron(labels, np.ones((2, 2), dtype)))
    assert np.array_equal(ops.resize(large, "4x3", method="nearest"), labels)
    row = np.arange(6)[None, :].astype(dtype)
    assert np.array_equal(ops.resize(row, "2x1", method="nearest"), row[:, [1, 4]])


# sizes ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "shape"),
    [
        ({"size": "64x64"}, (64, 64)),
        ({"size": "64x64", "fit": "inside"}, (32, 64)),
        ({"size": "64x64", "fit": "fill"}, (64, 64)),
        ({"size": "64x64", "fit": "pad"}, (64, 64)),
        ({"longest": 50}, (25, 50)),
        ({"scale": 0.1}, (10, 20)),
        ({"scale": 1.5}, (150, 300)),
        ({"size": "400x50", "enlarge": False}, (50, 200)),
        ({"size": "400x400", "fit": "inside", "enlarge": False}, (100, 200)),
        ({"size": "400x50", "fit": "fill", "enlarge": False}, (50, 200)),
        ({"size": "400x400", "fit": "pad", "enlarge": "no"}, (400, 400)),
        ({"longest": 400, "enlarge": "no"}, (100, 200)),
        ({"scale": 2, "enlarge": False}, (100, 200)),
        ({"longest": 1}, (1, 1)),
    ],
)
def test_the_size_is_what_was_asked_for(arguments: dict[str, Any], shape: tuple[int, int]) -> None:
    assert ops.resize(noise(100, 200), **arguments).shape == (*shape, 3)


def test_fill_keeps_the_shape_and_cuts_evenly() -> None:
    image = np.repeat(np.arange(40, dtype=np.uint8)[None, :], 20, axis=0)
    assert np.array_equal(ops.resize(image, "20x20", fit="fill"), image[:, 10:30])


def test_pad_puts_bars_of_a_colour_around() -> None:
    padded = ops.resize(np.full((10, 20, 3), 7, np.uint8), "20x20", fit="pad", colour="blue")
    assert np.array_equal(padded[5:15], np.full((10, 20, 3), 7))
    assert np.array_equal(padded[:5], np.broadcast_to(np.array([255, 0, 0], np.uint8), (5, 20, 3)))
    assert np.array_equal(padded[15:], padded[:5])


@given(images(), st.integers(1, 60), st.integers(1, 60), st.sampled_from(("exact", "inside", "fill", "pad")))
def test_every_fit_fits(image: Array, width: int, height: int, fit: str) -> None:
    result = ops.resize(image, f"{width}x{height}", fit=fit)
    assert (result.dtype, result.ndim, result.shape[2:]) == (image.dtype, image.ndim, image.shape[2:])
    if fit != "inside":
        assert result.shape[:2] == (height, width)
    else:
        assert result.shape[0] <= height
        assert result.shape[1] <= width
        assert result.shape[0] == height or result.shape[1] == width


@given(images(), st.integers(1, 60), st.integers(1, 60), st.sampled_from(("exact", "inside", "fill")))
def test_what_may_not_grow_does_not(image: Array, width: int, height: int, fit: str) -> None:
    result = ops.resize(image, f"{width}x{height}", fit=fit, enlarge=False)
    assert result.shape[0] <= min(height, image.shape[0])
    assert result.shape[1] <= min(width, image.shape[1])


@given(images(), st.integers(1, 60))
def test_the_longest_side_is_exact(image: Array, longest: int) -> None:
    assert max(ops.resize(image, longest=longest).shape[:2]) == longest


def test_the_same_size_is_the_same_picture() -> None:
    image = noise(20, 30)
    assert ops.resize(image, "30x20") is image


def test_a_picture_that_would_become_too_large_is_refused() -> None:
    with pytest.raises(BadFrame, match="512x51200000"):
        ops.resize(np.zeros((100_000, 1), np.uint8), "512x512", fit="fill")
    with pytest.raises(OptionError, match="100,000,000 pixels"):
        ops.resize(np.zeros((2, 2), np.uint8), "20000x20000")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({}, "give one of size"),
        ({"size": "2x2", "longest": 5}, "give one of size"),
        ({"size": 512}, "512 is not a size"),
        ({"size": "512"}, "'WIDTHxHEIGHT'"),
        ({"size": "2x2", "fit": "fil"}, "did you mean fill"),
        ({"size": "2x2", "method": "cubik"}, "did you mean cubic"),
        ({"size": "2x2", "enlarge": "perhaps"}, "yes or no"),
        ({"size": "2x2", "colour": "gren"}, "did you mean green"),
        ({"longest": 0}, "whole number from 1"),
        ({"longest": 1.5}, "whole number from 1"),
        ({"scale": 0}, "number from 1e-06"),
    ],
)
def test_bad_arguments_say_what_is_allowed(arguments: dict[str, Any], says: str) -> None:
    with pytest.raises(OptionError, match=says) as caught:
        ops.resize(noise(4, 4), **arguments)
    assert str(caught.value).startswith("resize: ")
