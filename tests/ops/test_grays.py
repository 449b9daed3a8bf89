"""Gray and threshold: two dimensions come out, whatever goes in."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given

from framebus import ops
from framebus.core.errors import BadFrame, OptionError
from framebus.core.formats import convert
from framebus.core.frame import Frame
from tests.ops.pictures import ALL_TYPES, Array, images, noise, smooth

UP_TO_FOUR = (None, 1, 2, 3, 4)


def test_gray_is_the_luma_of_the_formats() -> None:
    image = noise(64, 64)
    assert np.abs(ops.gray(image).astype(int) - convert(image, "bgr24", "gray8")).max() <= 1


@given(images(ALL_TYPES, channels=UP_TO_FOUR))
def test_gray_has_two_dimensions_and_the_same_type(image: Array) -> None:
    result = ops.gray(image)
    assert (result.shape, result.dtype) == (image.shape[:2], image.dtype.newbyteorder("="))


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "float64", "int32"])
def test_all_types_weigh_colours_alike(dtype: str) -> None:
    image = np.zeros((1, 3, 3), dtype)
    image[0, 0, 0] = image[0, 1, 1] = image[0, 2, 2] = 100
    assert ops.gray(image)[0].tolist() == pytest.approx([11.4, 58.7, 29.9], abs=0.5)


def test_gray_stays_gray() -> None:
    image = noise(4, 4, None)
    assert ops.gray(image) is image


def test_more_than_four_channels_have_no_brightness() -> None:
    with pytest.raises(BadFrame, match="1 to 4 channels, not of 5"):
        ops.gray(noise(4, 4, 5))


def test_planes_give_their_luma_without_a_detour() -> None:
    planes = convert(noise(32, 32), "bgr24", "i420")
    result = ops.gray(Frame.of(planes, format="i420"))
    assert result.format == "gray8"
    assert np.array_equal(result.data, convert(planes, "i420", "gray8"))


# threshold --------------------------------------------------------------------------------------------------


def test_a_number_parts_light_from_dark() -> None:
    image = np.array([[99, 100, 101]], np.uint8)
    assert ops.threshold(image, 100).tolist() == [[0, 0, 255]]
    assert ops.threshold(image, 99.5).tolist() == [[0, 255, 255]]
    assert ops.threshold(image, 100, invert=True).tolist() == [[255, 255, 0]]


@pytest.mark.parametrize(("dtype", "low", "high"), [("uint8", 60, 180), ("uint16", 1000, 40_000)])
def test_otsu_finds_the_valley(dtype: str, low: int, high: int) -> None:
    image = np.where(smooth(60, 60, None) > 120, high, low).astype(dtype)
    image += noise(60, 60, None) % 8
    assert np.array_equal(ops.threshold(image) > 0, image > (low + high) / 2)
    assert np.array_equal(ops.threshold(image, "otsu", invert=True) > 0, image < (low + high) / 2)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "int32"])
def test_adaptive_reads_text_on_uneven_paper(dtype: str) -> None:
    paper = np.tile(np.linspace(80, 250, 200), (60, 1))
    text = paper.copy()
    text[20:22, ::10] -= 40
    result = ops.threshold(text.astype(dtype), "adaptive", block=31, offset=10)
    assert np.array_equal(result == 0, text < paper)


@given(images(ALL_TYPES, channels=UP_TO_FOUR))
def test_a_threshold_is_black_and_white_in_two_dimensions(image: Array) -> None:
    for value in (100, 0.5, 1e200, "adaptive"):
        result = ops.threshold(image, value)
        assert (result.shape, result.dtype) == (image.shape[:2], np.dtype("uint8"))
        assert set(np.unique(result)) <= {0, 255}


def test_otsu_says_what_to_do_about_other_types() -> None:
    with pytest.raises(BadFrame, match="threshold=otsu works on uint8 and uint16, not on float32: put normalise"):
        ops.threshold(np.zeros((4, 4), np.float32))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"value": "otzu"}, "give a number, otsu or adaptive"),
        ({"value": None}, "give a number"),
        ({"block": 2}, "whole number from 3"),
        ({"offset": "much"}, "give a number"),
        ({"invert": 3}, "yes or no"),
        ({"blok": 3}, "did you mean block"),
    ],
)
def test_bad_arguments_say_what_is_allowed(arguments: dict[str, Any], says: str) -> None:
    with pytest.raises(OptionError, match=f"^threshold.*{says}"):
        ops.threshold(noise(4, 4), **arguments)
