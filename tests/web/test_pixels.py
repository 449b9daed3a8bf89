"""From frames of every kind to what a tile shows."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import simplejpeg

from framebus.core.errors import BadFrame, OptionError
from framebus.core.frame import Frame
from framebus.web import colour_maps, pixels
from framebus.web.page_messages import Look
from framebus.web.pixels import Levels, extremes, factor_for, rendered
from framebus.wire.encodings.jpeg import Jpeg

Array = npt.NDArray[Any]


def shown(image: Array, factor: int = 1, **look: Any) -> Array:
    rendering = rendered(Frame.of(image), factor, Look(**look), Levels())
    gray = simplejpeg.decode_jpeg_header(rendering.data)[2] == "Gray"
    decoded: Array = simplejpeg.decode_jpeg(rendering.data, "GRAY" if gray else "BGR")
    return decoded[..., 0] if gray else decoded


@pytest.mark.parametrize(
    ("width", "wanted", "factor"),
    [(1280, 640, 2), (1280, 641, 1), (1280, 1280, 1), (640, 1280, 1), (4000, 300, 13), (9, 0, 9)],
)
def test_pictures_are_made_smaller_by_whole_numbers_and_never_smaller_than_the_tile(
    width: int, wanted: int, factor: int
) -> None:
    assert factor_for(width, wanted) == factor


@pytest.mark.parametrize(
    ("shape", "dtype"),
    [
        ((40, 60, 3), "uint8"),
        ((40, 60), "uint8"),
        ((40, 60), "uint16"),
        ((40, 60), "int32"),
        ((40, 60), "float32"),
        ((40, 60), "float64"),
        ((40, 60), "complex64"),
        ((40, 60), "bool"),
        ((40, 60, 2), "uint8"),
        ((40, 60, 4), "uint8"),
        ((40, 60, 7), "float16"),
    ],
)
@pytest.mark.parametrize("factor", [1, 2, 7, 1000])
def test_every_picture_can_be_shown(shape: tuple[int, ...], dtype: str, factor: int) -> None:
    image = np.random.default_rng(1).integers(0, 2, shape).astype(dtype)
    seen = shown(image, factor)
    assert seen.dtype == np.uint8
    assert max(seen.shape[:2]) <= -(-60 // min(factor, 40))


@pytest.mark.parametrize("shape", [(3,), (2, 2, 2, 2)])
def test_what_is_no_picture_says_so(shape: tuple[int, ...]) -> None:
    with pytest.raises(BadFrame, match="cannot be shown"):
        shown(np.zeros(shape, np.float32))


def test_a_window_says_what_is_black_and_white() -> None:
    image = np.repeat(np.array([[0, 1000, 2000, 3000, 4000]], np.uint16), 64, 0).repeat(64, 1)
    seen = shown(image, low=1000.0, high=3000.0)
    assert [int(seen[32, 32 + 64 * n]) for n in range(5)] == [0, 0, 128, 255, 255]


def test_without_one_the_picture_itself_does() -> None:
    image = np.repeat(np.linspace(500, 900, 256, dtype=np.float32)[np.newaxis], 64, 0)
    image[0, 0] = np.nan
    seen = shown(image)
    assert seen.min() < 8
    assert seen.max() > 247


def test_limits_follow_slowly() -> None:
    levels = Levels()
    assert levels.follow(np.full((8, 8), 100.0)) == (100, 100)
    low, high = levels.follow(np.full((8, 8), 200.0))
    assert 100 < low == high < 130


def test_a_hot_pixel_does_not_darken_the_rest() -> None:
    image = np.random.default_rng(1).integers(100, 200, (256, 256)).astype(np.uint16)
    image[5, 5] = 65_535
    assert Levels().follow(image)[1] < 210


@pytest.mark.parametrize("name", colour_maps.NAMES)
def test_colour_maps_go_from_dark_to_light(name: str) -> None:
    table = colour_maps.table(name)
    assert table.shape == (256, 3)
    assert len(np.unique(table, axis=0)) > 200
    assert shown(np.full((16, 16), 255, np.uint8), colours=name).shape == (16, 16, 3)


def test_an_unknown_colour_map_is_answered_with_the_nearest() -> None:
    with pytest.raises(OptionError, match="viridis"):
        colour_maps.table("viridid")


def test_a_jpeg_of_the_right_size_is_passed_on_untouched() -> None:
    coded = Jpeg(50).encode(np.zeros((16, 16, 3), np.uint8), "bgr24")
    frame = Frame.of(coded, format="bgr24")
    assert rendered(frame, 1, Look(), Levels()).data == bytes(coded.data)
    assert rendered(frame, 2, Look(), Levels()).data != bytes(coded.data)


def test_values_are_those_of_the_array() -> None:
    plane = np.arange(20, dtype=np.float32).reshape(4, 5)
    plane[1, 2] = np.nan
    assert pixels.values(plane, (1, 0, 2, 2)) == [[1, 2], [6, None]]
    with pytest.raises(BadFrame, match="outside"):
        pixels.values(plane, (9, 9, 2, 2))
    with pytest.raises(BadFrame, match="too many"):
        pixels.values(plane, (0, 0, 200, 200))


def test_a_histogram_counts_what_is_there() -> None:
    told = pixels.histogram(np.full((10, 10), 7, np.uint8))
    assert told["counts"][7] == 100
    assert sum(told["counts"]) == 100
    assert told["mean"] == 7
    assert pixels.histogram(np.full((4, 4), np.nan))["counts"] == []


def test_extremes_are_finite() -> None:
    assert extremes(np.array([np.nan, -2.0, np.inf, 3.0])) == (-2, 3)
    assert extremes(np.array([np.nan])) == (0, 0)
    assert extremes(np.array([[1, 9]], np.int16)) == (1, 9)
