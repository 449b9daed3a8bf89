"""Which arrays have which format, and what readers get."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_np

from framebus.core.errors import BadFrame
from framebus.core.formats import FORMATS, as_bgr, as_gray, as_rgb, convert, guess_format, preferred_format

OTHER_ENDIAN = np.dtype(np.uint16).newbyteorder()


@pytest.mark.parametrize(
    ("shape", "dtype", "format"),
    [
        ((480, 640, 3), "uint8", "bgr24"),
        ((480, 640), "uint8", "gray8"),
        ((480, 640), "uint16", "gray16"),
        ((480, 640, 3), "uint16", "array"),
        ((480, 640, 4), "uint8", "array"),
        ((480, 640, 1), "uint8", "array"),
        ((480, 640), "int8", "array"),
        ((480, 640), "bool", "array"),
        ((480, 640), "float32", "array"),
        ((480, 640), OTHER_ENDIAN, "array"),
        ((8,), "complex64", "array"),
        ((), "int64", "array"),
        ((0, 640), "uint8", "array"),
        ((1,) * 8, "uint8", "array"),
    ],
)
def test_the_likeliest_format_of_an_array(shape: tuple[int, ...], dtype: Any, format: str) -> None:
    assert guess_format(shape, np.dtype(dtype)) == format


@pytest.mark.parametrize(
    ("shape", "dtype", "format"),
    [
        ((480, 640, 3), "uint8", "bgr24"),
        ((480, 640, 3), "uint8", "rgb24"),
        ((480, 640, 3), "uint8", "array"),
        ((480, 640), "uint8", "gray8"),
        ((480, 640), "uint8", "array"),
        ((480, 640), "uint16", "gray16"),
        ((720, 640), "uint8", "i420"),
        ((3, 2), "uint8", "i420"),
    ],
)
def test_a_given_format_that_fits_is_taken(shape: tuple[int, ...], dtype: str, format: str) -> None:
    assert guess_format(shape, np.dtype(dtype), format) == format


@pytest.mark.parametrize(
    ("shape", "dtype", "format"),
    [
        ((480, 640), "uint8", "bgr24"),
        ((480, 640, 4), "uint8", "rgb24"),
        ((480, 640, 3), "int16", "bgr24"),
        ((480, 640, 3), "uint8", "gray8"),
        ((480, 640), "uint8", "gray16"),
        ((480, 640), OTHER_ENDIAN, "gray16"),
        ((481, 640), "uint8", "i420"),
        ((720, 641), "uint8", "i420"),
        ((720, 640), "uint16", "i420"),
        ((0, 640), "uint8", "gray8"),
    ],
)
def test_a_given_format_that_does_not_fit_is_refused_by_shape_and_type(
    shape: tuple[int, ...], dtype: Any, format: str
) -> None:
    with pytest.raises(BadFrame) as refusal:
        guess_format(shape, np.dtype(dtype), format)
    assert all(part in str(refusal.value) for part in (str(shape), str(np.dtype(dtype)), format))


@pytest.mark.parametrize("dtype", ["object", "U5", "S5", "datetime64[s]", "timedelta64[s]", [("x", "u1")], "V4"])
def test_only_numbers_can_be_frames(dtype: Any) -> None:
    for format in (None, "array", "gray8"):
        with pytest.raises(BadFrame, match="only numbers travel"):
            guess_format((2, 2), np.dtype(dtype), format)


def test_nine_dimensions_are_too_many() -> None:
    with pytest.raises(BadFrame, match="8 dimensions at most"):
        guess_format((1,) * 9, np.dtype("u1"))


def test_an_unknown_format_is_refused_with_the_known_ones() -> None:
    with pytest.raises(
        BadFrame, match="unknown pixel format 'yuv': known are bgr24, rgb24, gray8, gray16, i420, array"
    ):
        guess_format((2, 2), np.dtype("u1"), "yuv")


@given(
    st_np.array_shapes(min_dims=0, max_dims=10, min_side=0, max_side=4),
    st_np.scalar_dtypes(),
    st.none() | st.sampled_from(FORMATS),
)
def test_every_array_has_a_format_or_is_refused(
    shape: tuple[int, ...], dtype: np.dtype[Any], given_format: str | None
) -> None:
    try:
        format = guess_format(shape, dtype, given_format)
    except BadFrame:
        return
    assert format in FORMATS
    assert guess_format(shape, dtype, format) == format


@pytest.mark.parametrize(
    ("made", "shown"),
    [
        ("bgr24", "bgr24"),
        ("rgb24", "bgr24"),
        ("i420", "bgr24"),
        ("gray8", "gray8"),
        ("gray16", "gray16"),
        ("array", "array"),
    ],
)
def test_readers_get_bgr_for_colour_and_the_rest_as_made(made: str, shown: str) -> None:
    assert preferred_format(made) == shown


class TestViews:
    PIXEL: npt.NDArray[Any] = np.array([[[10, 20, 30]]], np.uint8)

    def test_colour_order(self) -> None:
        assert as_bgr(self.PIXEL, "rgb24").tolist() == [[[30, 20, 10]]]
        assert as_rgb(self.PIXEL, "bgr24").tolist() == [[[30, 20, 10]]]

    def test_gray_keeps_its_own_depth(self) -> None:
        deep = np.array([[1000]], np.uint16)
        assert as_gray(deep, "gray16") is deep
        assert as_gray(self.PIXEL, "bgr24").dtype == np.uint8

    def test_two_dimensions_of_anything_are_gray_already(self) -> None:
        depth = np.array([[1.5]], np.float32)
        assert as_gray(depth, "array") is depth

    def test_an_array_that_is_no_picture_has_no_colour(self) -> None:
        volume = np.zeros((2, 2, 2), np.float32)
        for view in (as_bgr, as_rgb, as_gray):
            with pytest.raises(BadFrame, match=r"array pixels of shape \(2, 2, 2\) and type float32 do not convert"):
                view(volume, "array")

    @pytest.mark.parametrize("target", ["bgr24", "array", "native"])
    def test_nothing_is_copied_where_nothing_changes(self, target: str) -> None:
        assert convert(self.PIXEL, "bgr24", target) is self.PIXEL

    def test_an_unknown_target_is_refused(self) -> None:
        with pytest.raises(BadFrame, match="do not convert to yuv"):
            convert(self.PIXEL, "bgr24", "yuv")
