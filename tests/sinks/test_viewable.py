"""Any frame as something a screen can show."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from framebus.core.errors import BadFrame
from framebus.core.frame import Frame
from framebus.sinks.window.viewable import Array, Contrast, viewable
from framebus.testing.samples import framed, pictures


@pytest.mark.parametrize("kind", pictures())
def test_everything_that_is_a_picture_can_be_shown(kind: str) -> None:
    if kind == "volume":
        with pytest.raises(BadFrame, match=r"shape .* cannot be shown"):
            viewable(framed(*pictures()[kind]), Contrast())
        return
    rgb = viewable(framed(*pictures()[kind]), Contrast())
    assert (rgb.shape, rgb.dtype) == ((32, 48, 3), np.dtype(np.uint8))
    assert (rgb.min(), rgb.max()) != (0, 0)


@pytest.mark.parametrize("kind", ["bgr24", "rgb24", "gray8"])
def test_eight_bits_are_shown_as_they_are(kind: str) -> None:
    frame = framed(*pictures()[kind])
    assert np.array_equal(viewable(frame, Contrast()), frame.rgb)


def test_deeper_values_are_stretched_from_black_to_white() -> None:
    dim = np.linspace(400, 900, 48 * 32).reshape(32, 48).astype(np.uint16)
    rgb = viewable(framed(dim, "gray16"), Contrast())
    assert (rgb.min(), rgb.max()) == (0, 255)


def test_the_stretch_follows_slowly() -> None:
    contrast = Contrast()
    dark, flash = np.array([[0, 1000]], np.uint16), np.array([[0, 60000]], np.uint16)
    contrast.stretch(dark)
    shown = [int(contrast.stretch(array)[0, 1]) for array in (flash, dark, dark)]
    assert shown[0] == 255
    assert 10 < shown[1] < 100
    assert shown[1] < shown[2]
    for _ in range(60):
        contrast.stretch(dark)
    assert contrast.stretch(dark)[0, 1] > 250


@given(arrays.arrays(arrays.floating_dtypes() | arrays.integer_dtypes() | arrays.boolean_dtypes(), (3, 4)))
def test_any_numbers_can_be_shown(array: Array) -> None:
    assert viewable(Frame.of(array, format="array"), Contrast()).dtype == np.uint8


def test_complex_numbers_are_shown_by_their_magnitude() -> None:
    rgb = viewable(Frame.of(np.array([[0, 3 + 4j], [5j, -5]])), Contrast())
    assert rgb[..., 0].tolist() == [[0, 255], [255, 255]]


@pytest.mark.parametrize("channels", [1, 2, 5])
def test_of_other_numbers_of_channels_the_first_is_shown(channels: int) -> None:
    array = np.random.default_rng(0).integers(0, 256, (4, 5, channels), np.uint8)
    assert np.array_equal(viewable(Frame.of(array), Contrast())[..., 1], array[..., 0])


@pytest.mark.parametrize("shape", [(), (5,), (0, 4), (2, 2, 2, 2)])
def test_what_is_no_picture_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(BadFrame, match="cannot be shown as a picture"):
        viewable(Frame.of(np.zeros(shape)), Contrast())


@given(st.lists(st.integers(0, 65535), min_size=2, max_size=2, unique=True))
def test_a_stretch_keeps_the_order_of_values(pair: list[int]) -> None:
    low, high = Contrast().stretch(np.array([sorted(pair)], np.uint16))[0].tolist()
    assert (low, high) == (0, 255)
