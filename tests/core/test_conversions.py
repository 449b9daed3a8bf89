"""Pixels after conversion are the exact value, rounded once: compared with exact arithmetic."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import product
from math import floor
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_np

from framebus.core import swscale
from framebus.core.conversions import exact_colour
from framebus.core.errors import BadFrame
from framebus.core.formats import FORMATS, convert, guess_format

Array = npt.NDArray[Any]

PICTURES = [format for format in FORMATS if format != "array"]
CORNERS = list(product((0, 255), repeat=3))
RED, GREEN, BLUE = Fraction(299, 1000), Fraction(587, 1000), Fraction(114, 1000)


def nearest(value: Fraction) -> int:
    return min(255, max(0, floor(value + Fraction(1, 2))))


def luma(rgb: tuple[int, ...]) -> Fraction:
    red, green, blue = rgb
    return RED * red + GREEN * green + BLUE * blue


def picture(format: str, height: int = 6, width: int = 8, seed: int = 1) -> Array:
    random = np.random.default_rng(seed)
    shapes = {"gray8": (height, width), "gray16": (height, width), "i420": (height * 3 // 2, width)}
    dtype = np.uint16 if format == "gray16" else np.uint8
    return random.integers(0, np.iinfo(dtype).max, shapes.get(format, (height, width, 3)), dtype, endpoint=True)


@pytest.mark.parametrize(("source", "target"), list(product(PICTURES, PICTURES)))
def test_every_picture_converts_to_every_format_and_stays_untouched(source: str, target: str) -> None:
    array = picture(source)
    before = array.copy()
    array.flags.writeable = False
    result = convert(array, source, target)
    assert guess_format(result.shape, result.dtype, target) == target
    assert result.shape[:2] == picture(target).shape[:2]
    assert np.array_equal(array, before)


@pytest.mark.parametrize(("source", "target"), list(product(PICTURES, PICTURES)))
def test_how_an_array_lies_in_memory_does_not_matter(source: str, target: str) -> None:
    array = picture(source)
    apart = np.zeros((array.shape[0] * 2, array.shape[1] * 3, *array.shape[2:]), array.dtype)[::2, ::3]
    apart[...] = array
    assert not apart.flags.c_contiguous
    assert np.array_equal(convert(apart, source, target), convert(array, source, target))


@given(st_np.arrays(np.uint8, st.tuples(st.integers(1, 5), st.integers(1, 5), st.just(3))))
def test_bgr_and_rgb_are_each_others_mirror(colour: Array) -> None:
    mirrored = convert(colour, "bgr24", "rgb24")
    assert np.array_equal(mirrored, colour[..., ::-1])
    assert np.array_equal(convert(mirrored, "rgb24", "bgr24"), colour)
    assert mirrored.flags.c_contiguous


def all_colours() -> Iterator[tuple[Array, Array]]:
    """All 2**24 colours as RGB pictures of 256 × 256, each with a thousand times its luma."""
    green, blue = np.meshgrid(np.arange(256), np.arange(256))
    for red in range(256):
        rgb = np.stack([np.full_like(green, red), green, blue], axis=-1)
        yield rgb.astype(np.uint8), 299 * red + 587 * green + 114 * blue


class TestGray:
    def test_of_every_colour_is_the_nearest(self) -> None:
        for rgb, thousandfold in all_colours():
            assert np.array_equal(convert(rgb, "rgb24", "gray8"), (2 * thousandfold + 1000) // 2000)

    @given(st.lists(st.tuples(*[st.integers(0, 255)] * 3), min_size=1, max_size=20))
    def test_is_the_luma_of_a_colour(self, colours: list[tuple[int, int, int]]) -> None:
        rgb = np.array([colours + CORNERS], np.uint8)
        wanted = [nearest(luma(colour)) for colour in colours + CORNERS]
        assert convert(rgb, "rgb24", "gray8")[0].tolist() == wanted
        assert convert(rgb[..., ::-1], "bgr24", "gray8")[0].tolist() == wanted

    def test_of_sixteen_bits_is_the_nearest_of_eight(self) -> None:
        deep = np.arange(65536, dtype=np.uint16).reshape(256, 256)
        wanted = np.array([nearest(Fraction(value, 257)) for value in range(65536)])
        assert np.array_equal(convert(deep, "gray16", "gray8").reshape(-1), wanted)

    def test_of_eight_bits_spans_sixteen_and_comes_back(self) -> None:
        gray = np.arange(256, dtype=np.uint8).reshape(16, 16)
        deep = convert(gray, "gray8", "gray16")
        assert (deep.min(), deep.max()) == (0, 65535)
        assert np.array_equal(convert(deep, "gray16", "gray8"), gray)

    @pytest.mark.parametrize("colour", ["bgr24", "rgb24"])
    def test_survives_being_coloured(self, colour: str) -> None:
        gray = np.arange(256, dtype=np.uint8).reshape(16, 16)
        assert np.array_equal(convert(convert(gray, "gray8", colour), colour, "gray8"), gray)

    def test_in_colour_has_three_equal_channels(self) -> None:
        assert convert(np.array([[7]], np.uint8), "gray8", "bgr24").tolist() == [[[7, 7, 7]]]


class TestFromI420:
    def test_all_triples_become_the_nearest_colour(self) -> None:
        """256 × 256 chroma pairs as 2×2 blocks, four lumas at a time."""
        u, v = np.meshgrid(np.arange(256), np.arange(256))
        for lumas in np.arange(256).reshape(64, 4):
            y = np.tile(lumas.reshape(2, 2), (256, 256))
            i420 = np.concatenate([y.reshape(-1), u.reshape(-1), v.reshape(-1)]).astype(np.uint8).reshape(768, 512)
            wanted = exact_rgb(y, u.repeat(2, 0).repeat(2, 1), v.repeat(2, 0).repeat(2, 1))
            assert np.array_equal(exact_colour(i420, "rgb24"), wanted)
            assert np.array_equal(exact_colour(i420, "bgr24"), wanted[..., ::-1])

    def test_a_large_picture_is_near_the_exact_one_and_a_small_one_is_exact(self) -> None:
        random = np.random.default_rng(1)
        for height, width, most in ((720, 1280, 3), (1080, 1922, 3), (16, 16, 0)):
            i420 = random.integers(0, 256, (height * 3 // 2, width), np.uint8)
            i420.setflags(write=False)
            for format in ("bgr24", "rgb24"):
                difference = convert(i420, "i420", format).astype(np.int16) - exact_colour(i420, format)
                assert np.abs(difference).max() <= most

    def test_without_pyav_a_large_picture_is_exact(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(swscale, "converter", lambda: None)
        i420 = np.random.default_rng(2).integers(0, 256, (720, 640), np.uint8)
        assert np.array_equal(convert(i420, "i420", "bgr24"), exact_colour(i420, "bgr24"))

    def test_bgr_is_rgb_backwards(self) -> None:
        i420 = picture("i420")
        assert np.array_equal(convert(i420, "i420", "bgr24"), convert(i420, "i420", "rgb24")[..., ::-1])

    def test_gray_is_luma_made_full_range(self) -> None:
        i420 = np.zeros((384, 256), np.uint8)
        i420[:256] = np.arange(256)
        wanted = [nearest(Fraction(255, 219) * (y - 16)) for y in range(256)]
        assert convert(i420, "i420", "gray8")[5].tolist() == wanted


class TestToI420:
    def test_the_luma_of_every_colour_is_the_nearest(self) -> None:
        for rgb, thousandfold in all_colours():
            wanted = 16 + (2 * 219 * thousandfold + 255_000) // 510_000
            assert np.array_equal(convert(rgb, "rgb24", "i420")[:256], wanted)

    @given(st_np.arrays(np.uint8, (2, 2, 3)))
    def test_a_block_becomes_four_lumas_and_its_mean_chroma(self, rgb: Array) -> None:
        pixels = [tuple(int(value) for value in pixel) for pixel in rgb.reshape(4, 3)]
        scale = Fraction(224, 255)
        blue = Fraction(sum(pixel[2] - luma(pixel) for pixel in pixels)) / 4
        red = Fraction(sum(pixel[0] - luma(pixel) for pixel in pixels)) / 4
        u, v = scale * blue / Fraction("1.772"), scale * red / Fraction("1.402")
        ys = [nearest(16 + Fraction(219, 255) * luma(pixel)) for pixel in pixels]
        wanted = [ys[:2], ys[2:], [nearest(128 + u), nearest(128 + v)]]
        assert convert(rgb, "rgb24", "i420").tolist() == wanted
        assert convert(rgb[..., ::-1], "bgr24", "i420").tolist() == wanted

    def test_planes_lie_below_each_other(self) -> None:
        red = np.zeros((4, 8, 3), np.uint8)
        red[..., 0] = 255
        i420 = convert(red, "rgb24", "i420")
        assert i420.shape == (6, 8)
        assert (i420[:4] == 81).all()
        assert (i420[4] == 90).all()
        assert (i420[5] == 240).all()

    def test_gray_is_luma_alone(self) -> None:
        i420 = convert(np.array([range(256)] * 2, np.uint8), "gray8", "i420")
        assert i420[0].tolist() == [nearest(16 + Fraction(219 * gray, 255)) for gray in range(256)]
        assert (i420[2] == 128).all()

    def test_gray_survives_the_way_there_and_back_within_one_step(self) -> None:
        gray = np.arange(256, dtype=np.uint8).reshape(16, 16)
        back = convert(convert(gray, "gray8", "i420"), "i420", "gray8")
        assert np.abs(back.astype(int) - gray).max() <= 1

    @pytest.mark.parametrize("shape", [(3, 4), (4, 3)])
    @pytest.mark.parametrize("source", ["bgr24", "rgb24", "gray8", "gray16"])
    def test_odd_pictures_are_refused_by_their_size(self, source: str, shape: tuple[int, int]) -> None:
        with pytest.raises(BadFrame, match=f"{shape[1]}x{shape[0]} cannot be i420.*even"):
            convert(picture(source, *shape), source, "i420")


def exact_rgb(y: Array, u: Array, v: Array) -> Array:
    """BT.601, limited range, in integers over the common denominator 219 × 224 × 587000."""
    luma = 255 * (y - 16) * 224 * 587_000
    blue = luma + 255 * 1772 * (u - 128) * 219 * 587
    red = luma + 255 * 1402 * (v - 128) * 219 * 587
    green = luma - 255 * 219 * (1772 * 114 * (u - 128) + 1402 * 299 * (v - 128))
    whole = 219 * 224 * 587_000
    rgb = (2 * np.stack([red, green, blue], axis=-1) + whole) // (2 * whole)
    clipped: Array = np.clip(rgb, 0, 255).astype(np.uint8)
    return clipped
