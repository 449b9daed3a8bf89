"""Colours: adjusted, mapped, equalised, converted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from framebus import ops
from framebus.core.errors import BadFrame, OptionError
from framebus.core.formats import convert
from framebus.core.frame import Frame
from tests.ops.pictures import Array, images, noise, smooth


@pytest.mark.parametrize(
    ("arguments", "before", "after"),
    [
        ({}, [0, 100, 255], [0, 100, 255]),
        ({"brightness": 0.2}, [0, 100, 255], [51, 151, 255]),
        ({"brightness": -1}, [0, 100, 255], [0, 0, 0]),
        ({"contrast": 0}, [0, 100, 255], [128, 128, 128]),
        ({"contrast": 2}, [0, 100, 255], [0, 72, 255]),
        ({"gamma": 2}, [0, 64, 255], [0, 128, 255]),
    ],
)
def test_tones_follow_the_curve(arguments: dict[str, float], before: list[int], after: list[int]) -> None:
    assert ops.colour(np.array([before], np.uint8), **arguments)[0].tolist() == after


def test_no_saturation_is_gray_in_three_channels() -> None:
    image = noise(30, 30)
    faded = ops.colour(image, saturation=0)
    assert np.abs(faded.astype(int) - ops.gray(image)[..., None]).max() <= 1


def test_saturation_leaves_brightness_alone() -> None:
    image = 100 + noise(30, 30) // 8
    assert np.abs(ops.gray(ops.colour(image, saturation=1.5)).astype(int) - ops.gray(image)).max() <= 2


def test_what_says_how_transparent_it_is_stays() -> None:
    image = noise(20, 20, 4)
    brighter = ops.colour(image, brightness=0.5, saturation=2)
    assert np.array_equal(brighter[..., 3], image[..., 3])
    assert brighter[..., :3].mean() > image[..., :3].mean()


@given(
    images(("uint8", "uint16", "float32", "float64")),
    st.floats(-1, 1),
    st.floats(0, 10),
    st.floats(0, 10),
    st.floats(0.1, 10),
)
def test_any_picture_keeps_its_kind(
    image: Array, brightness: float, contrast: float, colour: float, gamma: float
) -> None:
    result = ops.colour(image, brightness=brightness, contrast=contrast, saturation=colour, gamma=gamma)
    assert (result.shape, result.dtype) == (image.shape, image.dtype)


# maps -------------------------------------------------------------------------------------------------------


def test_a_map_gives_colours_to_brightness() -> None:
    coloured = ops.colourmap(np.array([[0, 255]], np.uint8), "viridis")
    assert coloured.shape == (1, 2, 3)
    violet, yellow = coloured[0].astype(int)
    assert violet[0] > violet[1]
    assert yellow[1] > yellow[0]


def test_deep_pictures_use_the_whole_map() -> None:
    deep = np.linspace(1000, 1100, 64).astype(np.uint16).reshape(8, 8)
    assert np.array_equal(ops.colourmap(deep, "hot"), ops.colourmap(ops.normalise(deep), "hot"))


@given(images(channels=(None, 1, 2, 3, 4)))
def test_any_picture_gets_colours(image: Array) -> None:
    result = ops.colourmap(image)
    assert (result.shape, result.dtype) == ((*image.shape[:2], 3), np.dtype("uint8"))


def test_a_map_that_does_not_exist_names_the_nearest() -> None:
    with pytest.raises(OptionError, match="did you mean inferno"):
        ops.colourmap(noise(2, 2), "infreno")


# equalise ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["global", "local"])
def test_equalising_uses_the_whole_range(method: str) -> None:
    dull = 100 + smooth(128, 128, None) // 16
    assert np.ptp(ops.equalise(dull, method, limit=40)) > 2 * np.ptp(dull)


def test_colours_keep_their_hue() -> None:
    reddish = np.stack([smooth(64, 64, None) // 8 + shift for shift in (20, 20, 60)], axis=2).astype(np.uint8)
    result = ops.equalise(reddish).astype(int)
    assert (result[..., 2] >= result[..., 0]).all()


@given(images(("uint8",), channels=(None, 1, 3)), st.sampled_from(("global", "local")))
def test_any_picture_can_be_equalised(image: Array, method: str) -> None:
    result = ops.equalise(image, method)
    assert (result.shape, result.dtype) == (image.shape, image.dtype)


def test_deep_pictures_are_equalised_locally() -> None:
    deep = smooth(64, 64, None).astype(np.uint16) * 16
    assert ops.equalise(deep, "local").dtype == np.uint16
    with pytest.raises(BadFrame, match="equalise works on uint8, not on uint16"):
        ops.equalise(deep)


def test_four_channels_cannot_be_equalised() -> None:
    with pytest.raises(BadFrame, match="3 channels, not on 4"):
        ops.equalise(noise(4, 4, 4))


# formats ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("format", ["bgr24", "rgb24", "gray8", "gray16", "i420"])
def test_a_frame_travels_in_the_format(format: str) -> None:
    image = noise(8, 8)
    frame = ops.convert(Frame.of(image, stream="cam", seq=4), format)
    assert (frame.format, frame.seq, frame.stream) == (format, 4, "cam")
    assert np.array_equal(frame.data, convert(image, "bgr24", format))


def test_functions_after_it_see_red_first() -> None:
    image = noise(8, 8)
    frame = ops.convert(Frame.of(image), "rgb24")
    assert np.array_equal(frame.image, image[..., ::-1])
    assert np.array_equal(ops.convert(frame, "bgr24").image, image)


def test_arrays_count_as_what_they_look_like() -> None:
    image = noise(8, 8)
    assert np.array_equal(ops.convert(image, "rgb24"), image[..., ::-1])
    assert ops.convert(noise(8, 8, None), "bgr24").shape == (8, 8, 3)


def test_what_has_no_format_does_not_convert() -> None:
    with pytest.raises(BadFrame, match="do not convert to gray8"):
        ops.convert(np.zeros((4, 4), np.float32), "gray8")
    with pytest.raises(BadFrame, match="even width and height"):
        ops.convert(noise(5, 5), "i420")


def test_a_format_is_one_that_travels() -> None:
    with pytest.raises(OptionError, match="did you mean"):
        ops.convert(noise(2, 2), "rgb")


@pytest.mark.parametrize("arguments", [{"brightness": 2}, {"contrast": -1}, {"gamma": 0}, {"saturation": "full"}])
def test_bad_arguments_say_what_is_allowed(arguments: dict[str, Any]) -> None:
    with pytest.raises(OptionError, match=r"^colour: .*give a number from"):
        ops.colour(noise(2, 2), **arguments)
