"""Pictures as files: which pixels, which bytes, and whole or not at all."""

from __future__ import annotations

import errno
import os
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from framebus.batch.writing.eight_bits import eight_bits, opaque
from framebus.batch.writing.encoders import SUBSAMPLINGS, Style, encode
from framebus.batch.writing.files import Files, is_partial
from framebus.core.batch_options import SUBSAMPLINGS as OFFERED
from framebus.core.errors import BadFrame, Unavailable
from framebus.core.frame import Frame
from tests.batch.photos import picture

BGR = picture()[..., ::-1].copy()
GRAY = picture()[..., 0].copy()


def decoded(frame: Frame, format: str, style: Style | None = None) -> Any:
    with Image.open(BytesIO(encode(frame, format, style or Style()))) as image:
        assert image.format is not None
        assert image.format.lower() == format
        return np.array(image)


# pixels --------------------------------------------------------------------------------------------------------------


def test_sixteen_bits_become_eight_by_rounding() -> None:
    frame = Frame.of(np.array([[0, 128, 129, 257, 65535]], np.uint16))
    assert eight_bits(frame)[0].tolist() == [[0, 0, 1, 1, 255]]


def test_truth_is_white() -> None:
    assert eight_bits(Frame.of(GRAY > 99))[0].tolist() == np.where(GRAY > 99, 255, 0).tolist()


def test_transparency_lies_over_white() -> None:
    rgba = np.array([[[10, 20, 30, 255], [10, 20, 30, 0], [0, 100, 255, 128]]], np.uint8)
    assert opaque(rgba, "RGBA")[0].tolist() == [[[10, 20, 30], [255, 255, 255], [127, 177, 255]]]


def test_one_channel_is_gray_and_two_are_gray_with_opacity() -> None:
    assert eight_bits(Frame.of(GRAY[..., np.newaxis]))[1] == "GRAY"
    pixels, order = eight_bits(Frame.of(np.dstack([GRAY, GRAY])))
    assert (order, pixels.shape[2]) == ("RGBA", 4)


@pytest.mark.parametrize(
    "array",
    [np.zeros((4, 4), np.float32), np.zeros((4, 4), np.int32), np.zeros((4, 4, 5), np.uint8), np.zeros(4, np.uint8)],
)
@pytest.mark.parametrize("format", ["jpeg", "png", "bmp", "webp", "gif"])
def test_what_is_no_picture_of_eight_bits_is_refused_in_words(array: Any, format: str) -> None:
    with pytest.raises(BadFrame, match=rf"{array.dtype} of shape"):
        encode(Frame.of(array), format, Style())


@pytest.mark.parametrize("format", ["jpeg", "png", "tiff", "bmp", "webp", "gif"])
def test_an_empty_array_makes_no_file(format: str) -> None:
    with pytest.raises(BadFrame):
        encode(Frame.of(np.zeros((0, 5, 3), np.uint8)), format, Style())


# files of every format -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("format", ["jpeg", "png", "tiff", "bmp", "webp", "gif"])
@pytest.mark.parametrize(("array", "given"), [(BGR, "bgr24"), (BGR[..., ::-1].copy(), "rgb24")])
def test_colours_are_what_they_were(format: str, array: Any, given: str) -> None:
    found = decoded(Frame.of(array, format=given), format, Style(98, "444"))
    if format == "gif":
        with Image.open(BytesIO(encode(Frame.of(array, format=given), format, Style()))) as image:
            found = np.array(image.convert("RGB"))
    assert np.abs(found[..., :3].astype(int) - picture()).mean() < (12 if format == "gif" else 4)


@pytest.mark.parametrize("format", ["jpeg", "png", "tiff", "bmp"])
def test_gray_stays_gray(format: str) -> None:
    found = decoded(Frame.of(GRAY), format)
    assert found.shape == GRAY.shape
    assert np.abs(found.astype(int) - GRAY).mean() < 2


@pytest.mark.parametrize("format", ["png", "tiff"])
def test_depth_is_kept_where_it_can_be(format: str) -> None:
    deep = GRAY.astype(np.uint16) * 200
    assert np.array_equal(decoded(Frame.of(deep), format), deep)


def test_a_tiff_holds_any_number() -> None:
    real = GRAY.astype(np.float64) / 7
    assert np.array_equal(tifffile.imread(BytesIO(encode(Frame.of(real), "tiff", Style()))), real)


def test_deep_colours_fit_into_no_png() -> None:
    with pytest.raises(BadFrame, match=r"fits into no PNG: write \.tif"):
        encode(Frame.of(np.zeros((4, 4, 3), np.uint16)), "png", Style())


@pytest.mark.parametrize(("format", "channels"), [("png", 4), ("webp", 4), ("jpeg", 3), ("bmp", 3)])
def test_transparency_is_kept_where_it_can_be(format: str, channels: int) -> None:
    rgba = np.dstack([picture(), GRAY])
    assert decoded(Frame.of(rgba), format).shape == (*GRAY.shape, channels)


def test_quality_and_subsampling_are_as_asked() -> None:
    frame = Frame.of(BGR)
    assert len(encode(frame, "jpeg", Style(30))) < len(encode(frame, "jpeg", Style(95)))
    assert len(encode(frame, "webp", Style(30))) < len(encode(frame, "webp", Style(95)))
    for subsampling, expected in (("444", 0), ("422", 1), ("420", 2)):
        from PIL import JpegImagePlugin

        with Image.open(BytesIO(encode(frame, "jpeg", Style(95, subsampling)))) as image:
            assert JpegImagePlugin.get_sampling(image) == expected
    assert SUBSAMPLINGS == OFFERED


def test_what_is_too_long_for_a_format_is_refused() -> None:
    with pytest.raises(BadFrame, match="JPEG cannot hold 1x65,536 pixels"):
        encode(Frame.of(np.zeros((65_536, 1), np.uint8)), "jpeg", Style())


# put in their places -------------------------------------------------------------------------------------------------


def test_a_file_is_there_whole_and_nothing_else_is(tmp_path: Path) -> None:
    files = Files(str(tmp_path))
    files.put("x/y/a.jpg", b"one")
    files.put("x/y/a.jpg", memoryview(b"other"))
    assert [path.name for path in (tmp_path / "x/y").iterdir()] == ["a.jpg"]
    assert (tmp_path / "x/y/a.jpg").read_bytes() == b"other"


def test_what_goes_wrong_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(Unavailable, match=r"a.jpg cannot be written \(5 bytes\): No space left on device: make room"):
        Files(str(tmp_path)).put("a.jpg", b"12345")
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_cannot_be_is_the_fault_of_one_input(tmp_path: Path) -> None:
    with pytest.raises(BadFrame, match="File name too long"):
        Files(str(tmp_path)).put("a" * 300 + ".jpg", b"")
    (tmp_path / "taken.jpg").mkdir()
    with pytest.raises(BadFrame, match="Is a directory"):
        Files(str(tmp_path)).put("taken.jpg", b"")
    assert [path.name for path in tmp_path.iterdir()] == ["taken.jpg"]


def test_the_longest_name_there_can_be(tmp_path: Path) -> None:
    name = "ü" * 125 + ".jpg"
    Files(str(tmp_path)).put(name, b"there")
    assert (tmp_path / name).read_bytes() == b"there"


def test_a_link_does_not_lead_out(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "root/x").symlink_to(tmp_path)
    with pytest.raises(Unavailable, match="leads out of"):
        Files(str(tmp_path / "root")).put("x/a.jpg", b"")
    assert not (tmp_path / "a.jpg").exists()


def test_what_was_there_before_the_job_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "old.jpg").touch()
    began_ns = (tmp_path / "old.jpg").stat().st_mtime_ns + 1
    files = Files(str(tmp_path), began_ns=began_ns)
    with pytest.raises(BadFrame, match=r"old.jpg was there before this job began: .*--overwrite"):
        files.check_free("old.jpg")
    files.check_free("new.jpg")
    os.utime(tmp_path / "old.jpg", ns=(began_ns, began_ns))
    files.check_free("old.jpg")
    Files(str(tmp_path), began_ns=began_ns * 2, overwrite=True).check_free("old.jpg")


def test_names_of_files_being_written_are_known() -> None:
    assert is_partial(".a.jpg.12345678.partial")
    assert not is_partial("a.partial")
    assert not is_partial(".hidden")
