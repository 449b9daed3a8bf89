"""Crop, pad and mask move no pixel they need not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from framebus import ops
from framebus.core.errors import BadFrame, OptionError
from framebus.ops.paint import NAMES
from tests.ops.pictures import ALL_TYPES, Array, images, noise


def test_crop_takes_the_part_at_a_place() -> None:
    image = noise(50, 60)
    assert np.array_equal(ops.crop(image, "20x10+5+7"), image[7:17, 5:25])


def test_crop_without_a_place_takes_the_middle() -> None:
    image = noise(50, 60)
    assert np.array_equal(ops.crop(image, "20x10"), image[20:30, 20:40])


def test_crop_copies_nothing() -> None:
    image = noise(50, 60)
    assert np.shares_memory(ops.crop(image, "20x10"), image)
    assert ops.crop(image, "60x50") is image


@pytest.mark.parametrize("area", ["61x10", "10x51", "20x10+41+0", "20x10+0+41"])
def test_crop_refuses_what_is_not_there(area: str) -> None:
    with pytest.raises(BadFrame, match="beyond a picture of 60x50"):
        ops.crop(noise(50, 60), area)


@given(images(ALL_TYPES), st.integers(0, 20), st.integers(0, 20))
def test_pad_and_crop_undo_each_other(image: Array, more: int, taller: int) -> None:
    height, width = image.shape[:2]
    larger = ops.pad(image, f"{width + more}x{height + taller}", colour=1)
    assert larger.shape == (height + taller, width + more, *image.shape[2:])
    assert np.array_equal(ops.crop(larger, f"{width}x{height}"), image, equal_nan=image.dtype.kind == "f")


@pytest.mark.parametrize(
    ("colour", "dtype", "channels", "value"),
    [
        ("red", "uint8", 3, [0, 0, 255]),
        ("#102030", "uint8", 3, [0x30, 0x20, 0x10]),
        ("orange", "uint8", 4, [0, 128, 255, 255]),
        ("white", "uint16", 3, [65535] * 3),
        ("white", "float32", 3, [1.0] * 3),
        ("white", "bool", 1, [True]),
        ("red", "uint8", None, 76),
        ("red", "uint8", 2, [76, 255]),
        ("red", "uint8", 5, [76] * 5),
        (300, "uint8", 3, [255] * 3),
        (-3, "int16", None, -3),
        (0.25, "float64", None, 0.25),
    ],
)
def test_a_border_has_the_colour_in_the_numbers_of_the_picture(
    colour: str | float, dtype: str, channels: int | None, value: Any
) -> None:
    shape = (2, 2) if channels is None else (2, 2, channels)
    assert ops.pad(np.zeros(shape, dtype), "4x4", colour=colour)[0, 0].tolist() == value


@pytest.mark.parametrize("dtype", ["int64", "uint64", "int32", "uint32"])
def test_white_of_large_types_is_their_largest_number_or_nearly(dtype: str) -> None:
    white = ops.pad(np.zeros((2, 2), dtype), "4x4", colour="white")[0, 0]
    assert 0 <= np.iinfo(dtype).max - int(white) < 4096


def test_pad_refuses_larger_pictures() -> None:
    with pytest.raises(BadFrame, match="60x50 cannot be padded to 59x90: crop or resize"):
        ops.pad(noise(50, 60), "59x90")


@given(images(ALL_TYPES), st.data())
def test_mask_changes_the_part_and_nothing_else(image: Array, data: st.DataObject) -> None:
    height, width = image.shape[:2]
    left, top = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    across, down = data.draw(st.integers(1, width - left)), data.draw(st.integers(1, height - top))
    masked = ops.mask(image, f"{across}x{down}+{left}+{top}", colour=0)
    changed = np.zeros((height, width), bool)
    changed[top : top + down, left : left + across] = True
    assert (masked[changed] == 0).all()
    assert np.array_equal(masked[~changed], image[~changed], equal_nan=image.dtype.kind == "f")


def test_mask_refuses_what_is_not_there() -> None:
    with pytest.raises(BadFrame, match="mask=61x1 reaches beyond"):
        ops.mask(noise(50, 60), "61x1")


@given(st.text())
def test_text_that_is_no_colour_is_refused(text: str) -> None:
    assume(not text.startswith("#"))
    assume(text not in NAMES)
    with pytest.raises(OptionError, match=r"^pad: colour="):
        ops.pad(noise(2, 2), "4x4", colour=text)


@pytest.mark.parametrize("colour", [None, True, [1, 2, 3], float("nan"), "#12345", "#12345g"])
def test_what_is_no_colour_is_refused(colour: Any) -> None:
    with pytest.raises(OptionError, match="'#rrggbb' or a number"):
        ops.pad(noise(2, 2), "4x4", colour=colour)
