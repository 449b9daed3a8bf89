"""Pictures cut, turned and resized: what is where afterwards, in every pixel format."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from framebus.core.areas import Area, area
from framebus.core.errors import BadFrame, OptionError
from framebus.core.frame import Frame
from framebus.sources.cameras.shaping import Shape, resized
from framebus.wire.encodings import encode

Array = npt.NDArray[Any]


def gradient(width: int, height: int) -> Array:
    """A colour picture in which blue tells the column and green the row."""
    rows, columns = np.mgrid[:height, :width]
    return np.stack([columns * 255 // width, rows * 255 // height, np.full_like(rows, 90)], axis=2).astype(np.uint8)


def planes(width: int, height: int, y: int = 0, u: int = 0, v: int = 0) -> Array:
    """Evenly coloured planes, one below the other."""
    flat = [np.full(width * height, y), np.full(width * height // 4, u), np.full(width * height // 4, v)]
    return np.concatenate(flat).astype(np.uint8).reshape(height * 3 // 2, width)


def shaped(array: Array, format: str | None = None, **options: Any) -> Frame:
    return Shape.parse(**options).of(Frame.of(array, format=format))


class TestCropping:
    def test_takes_the_part_at_its_place(self) -> None:
        image = gradient(64, 48)
        assert np.array_equal(shaped(image, crop="20x10+30+5").data, image[5:15, 30:50])

    def test_takes_the_middle_without_a_place(self) -> None:
        image = gradient(64, 48)
        assert np.array_equal(shaped(image, crop="20x10").data, image[19:29, 22:42])

    def test_what_does_not_fit_is_refused(self) -> None:
        with pytest.raises(BadFrame, match=r"crop=20x10\+50\+5 does not fit into its picture of 64x48"):
            shaped(gradient(64, 48), crop="20x10+50+5")

    def test_keeps_no_hold_of_the_whole_picture(self) -> None:
        assert shaped(gradient(64, 48), crop="20x10").data.flags.c_contiguous


class TestTurning:
    @pytest.mark.parametrize(("turn", "corner"), [(90, (0, -1)), (180, (-1, -1)), (270, (-1, 0))])
    def test_is_clockwise(self, turn: int, corner: tuple[int, int]) -> None:
        image = np.zeros((4, 6), np.uint8)
        image[0, 0] = 255
        turned = shaped(image, turn=turn).data
        assert turned.shape == ((6, 4) if turn != 180 else (4, 6))
        assert turned[corner] == 255
        assert turned.sum() == 255

    def test_comes_after_cropping_and_before_resizing(self) -> None:
        frame = shaped(gradient(64, 48), crop="40x20", turn=90, resize="10x30")
        assert frame.data.shape == (30, 10, 3)


class TestResizing:
    def test_smaller_is_the_mean_of_what_each_pixel_covers(self) -> None:
        board = (np.indices((64, 64)).sum(axis=0) % 2 * 255).astype(np.uint8)
        small = resized(board, 16, 16)
        assert np.all((small >= 127) & (small <= 128)), "every other pixel would give black or white"

    def test_larger_goes_between_pixels(self) -> None:
        row = np.array([[0, 100]], np.uint8).repeat(2, axis=0)
        assert list(np.diff(resized(row, 8, 2)[0].astype(int)) >= 0) == [True] * 7

    @pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.int16])
    def test_keeps_depth_and_type(self, dtype: type) -> None:
        image: Array = np.full((40, 60), 117, dtype)
        small = resized(image, 13, 7)
        assert (small.dtype, small.shape) == (image.dtype, (7, 13))
        assert np.all(small == 117)

    def test_sixteen_bits_keep_their_depth(self) -> None:
        image = np.array([[1000, 1003], [1001, 1004]], np.uint16)
        assert resized(image, 1, 1)[0, 0] == 1002

    def test_colour_stays_where_it_is(self) -> None:
        small = shaped(gradient(64, 48), resize="32x24").data.astype(int)
        assert np.abs(small - gradient(32, 24)).max() <= 5

    def test_an_encoded_picture_is_decoded_for_it(self) -> None:
        frame = encode(Frame.of(gradient(64, 48)), "jpeg=95")
        assert Shape.parse(resize="32x24").of(frame).data.shape == (24, 32, 3)


class TestPlanes:
    @pytest.mark.parametrize(
        ("options", "shape"),
        [
            ({"resize": "32x20"}, (30, 32)),
            ({"crop": "20x10+2+4"}, (15, 20)),
            ({"turn": 90}, (96, 48)),
            ({"crop": "40x20", "turn": 270, "resize": "16x8"}, (12, 16)),
        ],
    )
    def test_stay_planes(self, options: dict[str, Any], shape: tuple[int, int]) -> None:
        frame = shaped(planes(64, 48, 150, 90, 200), "i420", **options)
        assert (frame.format, frame.data.shape) == ("i420", shape)
        width, height = shape[1], shape[0] * 2 // 3
        assert np.array_equal(frame.data, planes(width, height, 150, 90, 200)), "colours stay what they are"

    def test_show_the_same_as_pixels_do(self) -> None:
        rng = np.random.default_rng(1)
        coarse = rng.integers(30, 220, (6, 8), np.uint8).repeat(8, 0).repeat(8, 1)
        image = np.concatenate([coarse.ravel(), np.full(64 * 48 // 2, 128, np.uint8)]).reshape(72, 64)
        frame = shaped(image, "i420", crop="32x16+16+8", turn=90)
        assert np.array_equal(frame.data[:32], np.rot90(coarse[8:24, 16:48], -1))

    @pytest.mark.parametrize("options", [{"crop": "21x10"}, {"crop": "20x10+1+0"}, {"resize": "31x20"}])
    def test_become_pixels_where_colour_would_move(self, options: dict[str, Any]) -> None:
        assert shaped(planes(64, 48, 150, 128, 128), "i420", **options).format == "bgr24"


def test_nothing_asked_is_nothing_done() -> None:
    frame = Frame.of(gradient(8, 6))
    assert Shape().of(frame) is frame
    assert Shape.parse(turn=0).plain


@pytest.mark.parametrize(
    "options", [{"crop": "10"}, {"crop": "10x10+1"}, {"turn": 45}, {"resize": "half"}, {"resize": "0x5"}]
)
def test_what_cannot_be_meant_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(OptionError, match=f"{next(iter(options))}="):
        Shape.parse(**options)


def test_an_area_is_written_as_it_is_read() -> None:
    assert area(" 640 X 480+10+0") == Area(640, 480, 10, 0)
    for text in ("640x480", "640x480+10+0"):
        assert str(area(text)) == text
