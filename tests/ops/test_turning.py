"""Rotate and flip: exact where they can be."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from framebus import ops
from framebus.core.errors import BadFrame, OptionError
from framebus.core.ops import load
from tests.ops.pictures import ALL_TYPES, TYPES, Array, images, noise, psnr, smooth


def same(one: Array, other: Array) -> bool:
    return one.dtype == other.dtype and np.array_equal(one, other, equal_nan=other.dtype.kind == "f")


@given(images(ALL_TYPES), st.sampled_from((0, 90, 180, 270, -90, 450)))
def test_quarters_are_exact_and_clockwise(image: Array, angle: int) -> None:
    native = image.astype(image.dtype.newbyteorder("="))
    assert same(ops.rotate(image, angle), np.rot90(native, -angle // 90))


@given(images(ALL_TYPES))
def test_flips_are_exact(image: Array) -> None:
    native = image.astype(image.dtype.newbyteorder("="))
    assert same(ops.flip(image), native[:, ::-1])
    assert same(ops.flip(image, "horizontal"), native[:, ::-1])
    assert same(ops.flip(image, "vertical"), native[::-1])
    assert same(ops.flip(image, "both"), native[::-1, ::-1])


def test_results_lie_in_order_in_memory() -> None:
    for image in (noise(5, 6), noise(5, 6).astype(np.int64), noise(5, 6, 7)):
        assert ops.rotate(image, 90).flags.c_contiguous
        assert ops.flip(image).flags.c_contiguous


def test_a_turned_picture_is_as_large_as_it_takes() -> None:
    image = noise(100, 200)
    assert ops.rotate(image, 90).shape == (200, 100, 3)
    assert ops.rotate(image, 45).shape == (213, 213, 3)
    assert ops.rotate(image, 30).shape == (187, 224, 3)
    assert ops.rotate(image, 90 + 1e-10).shape == (200, 100, 3)


def test_it_keeps_its_size_where_it_may_not_grow() -> None:
    image = noise(100, 200)
    for angle in (30, 90, 180):
        assert ops.rotate(image, angle, expand=False).shape == image.shape
    turned = ops.rotate(smooth(100, 200), 90, expand=False)
    assert psnr(turned[1:-1, 51:149], np.rot90(smooth(100, 200), -1)[51:149, 1:-1]) > 45


def test_degrees_go_clockwise() -> None:
    image = np.zeros((101, 101), np.uint8)
    image[:30, 45:56] = 255  # a hand at twelve o'clock
    turned = ops.rotate(image, 60, expand=False)
    y, x = np.argwhere(turned > 128).mean(axis=0)
    assert (x > 60, y < 50) == (True, True)  # at two


def test_turning_there_and_back_gives_the_picture_again() -> None:
    image = smooth(120, 160)
    back = ops.rotate(ops.rotate(image, 20), -20)
    middle = ops.crop(back, "160x120")
    assert psnr(middle[10:-10, 10:-10], image[10:-10, 10:-10]) > 40


@given(images(TYPES), st.floats(-720, 720))
def test_any_angle_of_any_picture(image: Array, angle: float) -> None:
    turned = ops.rotate(image, angle)
    assert (turned.dtype, turned.shape[2:]) == (image.dtype, image.shape[2:])
    assert ops.rotate(image, angle, expand=False).shape == image.shape


def test_corners_get_a_colour() -> None:
    turned = ops.rotate(np.zeros((50, 50, 3), np.uint8), 45, colour="red")
    assert turned[0, 0].tolist() == [0, 0, 255]
    assert ops.rotate(np.zeros((50, 50, 6), np.uint8), 45, colour=9)[0, 0].tolist() == [9] * 6


def test_a_picture_longer_than_opencv_turns_is_refused() -> None:
    long = np.zeros((1, 40_000), np.uint8)
    with pytest.raises(BadFrame, match="32766 pixels"):
        ops.rotate(long, 10)
    assert ops.rotate(long, 90).shape == (40_000, 1)


def test_types_that_cannot_be_mixed_turn_by_quarters_only() -> None:
    with pytest.raises(BadFrame, match="rotate works on uint8"):
        ops.rotate(np.zeros((4, 4), np.int32), 10)


def test_a_direction_is_one_of_three() -> None:
    with pytest.raises(OptionError, match="flip: direction='up' is not possible: there is"):
        ops.flip(noise(2, 2), "up")


def test_an_angle_is_a_number() -> None:
    with pytest.raises(OptionError, match="rotate: angle='left' is not possible: give a number"):
        load("rotate=left")
