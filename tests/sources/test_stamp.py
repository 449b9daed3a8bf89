"""A number and a time in the pixels survive what happens to pixels on their way."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import simplejpeg
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from framebus.core.errors import BadFrame
from framebus.core.formats import convert
from framebus.sources import stamp

NUMBER = st.integers(0, 2**64 - 1)
WIDTHS = [60, 79, 80, 81, 159, 160, 161, 319, 320, 333, 640, 1281]


def stamped(width: int, height: int) -> npt.NDArray[np.uint8]:
    image = np.random.default_rng(width).integers(0, 256, (height, width, 3), np.uint8)
    stamp.write(image, 7, 1_790_000_000_123_456_789)
    return image


@given(seq=NUMBER, captured_ns=NUMBER, width=st.integers(40, 1400))
def test_what_was_written_is_read(seq: int, captured_ns: int, width: int) -> None:
    image = np.full((stamp.height_of(width) + 3, width), 99, np.uint8)
    stamp.write(image, seq, captured_ns)
    assert stamp.read(image) == (seq, captured_ns)
    assert (image[-3:] == 99).all()


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "int32", "float32", "float64"])
@pytest.mark.parametrize("shape", [(48, 64), (48, 64, 1), (48, 64, 3), (48, 64, 4)])
def test_in_any_type_and_number_of_channels(dtype: str, shape: tuple[int, ...]) -> None:
    image = np.zeros(shape, dtype)
    stamp.write(image, 3, 4)
    assert stamp.read(image) == (3, 4)


def test_white_can_be_less_than_the_largest_value() -> None:
    image = np.zeros((48, 64), np.uint16)
    stamp.write(image, 3, 4, white=4095)
    assert image.max() == 4095
    assert stamp.read(image) == (3, 4)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("quality", [50, 75, 95])
def test_survives_jpeg(width: int, quality: int) -> None:
    image = stamped(width, 100)
    for subsampling in ("444", "420"):
        data = simplejpeg.encode_jpeg(image, quality=quality, colorspace="BGR", colorsubsampling=subsampling)
        assert stamp.read(simplejpeg.decode_jpeg(data, colorspace="BGR")) == stamp.read(image)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("factor", [2, 3, 5])
def test_survives_enlargement(width: int, factor: int) -> None:
    image = stamped(width, 100)
    assert stamp.read(image.repeat(factor, axis=0).repeat(factor, axis=1)) == stamp.read(image)


@pytest.mark.parametrize(("width", "factor"), [(160, 2), (640, 4), (640, 2), (1280, 4), (1920, 8)])
def test_survives_reduction_by_averaging(width: int, factor: int) -> None:
    image = stamped(width, 96)
    small = image.reshape(96 // factor, factor, width // factor, factor, 3).mean(axis=(1, 3)).astype(np.uint8)
    assert stamp.read(small) == stamp.read(image)


@pytest.mark.parametrize("format", ["i420", "gray8", "gray16", "rgb24"])
def test_survives_conversion(format: str) -> None:
    image = stamped(320, 96)
    assert stamp.read(convert(image, "bgr24", format)) == stamp.read(image)


def test_survives_noise_and_dim_light() -> None:
    image = stamped(320, 96) // 4 + np.random.default_rng(0).integers(0, 20, (96, 320, 3), np.uint8)
    assert stamp.read(image) == stamp.read(stamped(320, 96))


def test_a_damaged_stamp_is_none() -> None:
    for column in range(0, 320, 4):
        image = stamped(320, 96)
        image[:4, column : column + 4] = 255 - image[:4, column : column + 4]
        assert stamp.read(image) is None


@given(arrays.arrays(np.uint8, st.tuples(st.integers(0, 50), st.integers(0, 90))))
def test_pictures_without_one_have_none(image: npt.NDArray[Any]) -> None:
    assert stamp.read(image) is None


@pytest.mark.parametrize("shape", [(), (100,), (0, 0), (100, 0), (1, 1), (2, 100, 100, 3)])
def test_what_is_no_picture_has_none(shape: tuple[int, ...]) -> None:
    assert stamp.read(np.zeros(shape)) is None


@pytest.mark.parametrize(("width", "height"), [(39, 100), (40, 15), (79, 31), (159, 15), (640, 15)])
def test_too_small_a_picture_is_refused_naming_the_least(width: int, height: int) -> None:
    with pytest.raises(BadFrame, match=rf"{width}x{height} is too small .* at least \d+x\d+"):
        stamp.write(np.zeros((height, width), np.uint8), 0, 0)
