"""Image folders: every file a frame, in its own depth, and bad ones named."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import tifffile
from PIL import Image

from framebus.core.addresses import Path as Place
from framebus.core.contracts import Maker
from framebus.core.errors import BadFrame, OptionError, Unavailable
from framebus.core.frame import Frame
from framebus.core.registry import SOURCES
from framebus.sources.folder.images import Images, open_source
from framebus.testing import SourceConformance
from framebus.testing.samples import pictures

RGB = pictures()["rgb24"][0]
GRAY = pictures()["gray8"][0]
DEEP = pictures()["gray16"][0]


def save(folder: Path, name: str, array: npt.NDArray[Any], **options: Any) -> Path:
    path = folder / name
    if path.suffix == ".tif":
        tifffile.imwrite(path, array, **options)
    else:
        Image.fromarray(array).save(path, **options)
    return path


def only(place: Path | str) -> Frame:
    (frame,) = Images(str(place))
    return frame


class TestFolder(SourceConformance):
    def make(self, tmp_path: Path) -> Maker:
        save(tmp_path, "a1.png", RGB)
        save(tmp_path, "a2.jpg", RGB)
        save(tmp_path, "a3.tif", DEEP)
        save(tmp_path, "a10.bmp", GRAY)
        return open_source(Place(f"{tmp_path}/"), fps=1000)


def test_is_what_folders_and_image_files_open() -> None:
    assert all(SOURCES.get(name) is open_source for name in ("folder", "images", "png", "jpg"))


def test_frames_come_in_natural_order_with_their_path(tmp_path: Path) -> None:
    for number in (10, 9, 1):
        save(tmp_path, f"x{number}.png", np.full((4, 4), number, np.uint8))
    (tmp_path / "readme.txt").write_text("not an image")
    frames = list(Images(f"{tmp_path}/"))
    assert [int(frame.data[0, 0]) for frame in frames] == [1, 9, 10]
    assert [frame.meta for frame in frames] == [{"path": f"{tmp_path}/x{number}.png"} for number in (1, 9, 10)]
    assert not Images(str(tmp_path)).live


@pytest.mark.parametrize(
    ("place", "name"),
    [("{0}/my photos/", "my-photos"), ("{0}/my photos/*.png", "my-photos"), ("{0}/my photos/a b.png", "a-b")],
)
def test_the_stream_is_called_after_the_folder_or_file(tmp_path: Path, place: str, name: str) -> None:
    (tmp_path / "my photos").mkdir()
    save(tmp_path / "my photos", "a b.png", GRAY)
    assert Images(place.format(tmp_path)).name == name


# every kind of file, pixel for pixel ----------------------------------------------------------------------------


@pytest.mark.parametrize("extension", ["png", "bmp", "webp"])
def test_colour(tmp_path: Path, extension: str) -> None:
    options = {"lossless": True} if extension == "webp" else {}
    frame = only(save(tmp_path, f"x.{extension}", RGB, **options))
    assert frame.format == "rgb24"
    assert np.array_equal(frame.rgb, RGB)
    assert np.array_equal(frame.image, RGB[..., ::-1])


@pytest.mark.parametrize("name", ["x.png", "x.tif", "x.bmp"])
def test_gray(tmp_path: Path, name: str) -> None:
    frame = only(save(tmp_path, name, GRAY))
    assert frame.format == "gray8"
    assert np.array_equal(frame.image, GRAY)


@pytest.mark.parametrize("name", ["x.png", "x.tif"])
def test_sixteen_bits_stay_sixteen_bits(tmp_path: Path, name: str) -> None:
    frame = only(save(tmp_path, name, DEEP))
    assert (frame.format, frame.dtype) == ("gray16", np.dtype(np.uint16))
    assert np.array_equal(frame.image, DEEP)


@pytest.mark.parametrize("kind", ["deep colour", "float", "signed", "four channels", "mask"])
def test_tiff_keeps_every_type(tmp_path: Path, kind: str) -> None:
    array = pictures()[kind][0]
    frame = only(save(tmp_path, "x.tif", array, photometric="rgb" if array.ndim == 3 else "minisblack"))
    assert (frame.dtype, frame.format) == (array.dtype, "array")
    assert np.array_equal(frame.data, array)


def test_tiff_of_another_byte_order_becomes_this_machines(tmp_path: Path) -> None:
    frame = only(save(tmp_path, "x.tif", DEEP, byteorder=">"))
    assert (frame.format, frame.dtype.isnative) == ("gray16", True)
    assert np.array_equal(frame.data, DEEP)


def test_tiff_with_white_as_zero_is_turned_round(tmp_path: Path) -> None:
    assert np.array_equal(only(save(tmp_path, "x.tif", DEEP, photometric="miniswhite")).data, 65535 - DEEP)


def test_tiff_with_colours_in_separate_planes_is_put_together(tmp_path: Path) -> None:
    path = save(tmp_path, "x.tif", np.moveaxis(RGB, -1, 0), photometric="rgb", planarconfig="separate")
    assert np.array_equal(only(path).rgb, RGB)


def test_every_page_of_a_tiff_is_a_frame(tmp_path: Path) -> None:
    stack = np.stack([DEEP, DEEP // 2, DEEP // 3])
    frames = list(Images(str(save(tmp_path, "stack.tif", stack, photometric="minisblack"))))
    assert np.array_equal([frame.data for frame in frames], stack)
    assert [frame.seq for frame in frames] == [0, 1, 2]
    assert [frame.meta.get("page", 0) for frame in frames] == [0, 1, 2]


def test_a_stack_that_lists_only_its_first_page_is_read_whole(tmp_path: Path) -> None:
    stack = np.stack([DEEP, DEEP // 2, DEEP // 3])
    path = save(tmp_path, "stack.tif", stack, imagej=True, metadata={"axes": "ZYX"}, truncate=True)
    assert np.array_equal([frame.data for frame in Images(str(path))], stack)


def test_tiff_compressed_by_lzw(tmp_path: Path) -> None:
    Image.fromarray(DEEP).save(tmp_path / "x.tif", compression="tiff_lzw")
    assert np.array_equal(only(tmp_path / "x.tif").data, DEEP)


def test_palettes_become_colours(tmp_path: Path) -> None:
    picture = Image.fromarray(RGB).quantize(16)
    picture.save(tmp_path / "x.png")
    picture.save(tmp_path / "y.bmp")
    for name in ("x.png", "y.bmp"):
        assert np.array_equal(only(tmp_path / name).rgb, np.asarray(picture.convert("RGB")))


def test_opacity_is_a_fourth_channel(tmp_path: Path) -> None:
    rgba = np.dstack((RGB, GRAY))
    frame = only(save(tmp_path, "x.png", rgba))
    assert frame.format == "array"
    assert np.array_equal(frame.data, rgba)


def test_black_and_white_becomes_gray(tmp_path: Path) -> None:
    Image.fromarray(GRAY).convert("1", dither=Image.Dither.NONE).save(tmp_path / "x.png")
    assert np.array_equal(only(tmp_path / "x.png").data, np.where(GRAY > 127, 255, 0))


# JPEG ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("array", "format"), [(RGB, "bgr24"), (GRAY, "gray8")])
def test_jpeg_stays_encoded_until_somebody_looks(tmp_path: Path, array: npt.NDArray[Any], format: str) -> None:
    path = save(tmp_path, "x.jpg", array, quality=95)
    frame = only(path)
    assert not isinstance(frame.content, np.ndarray)
    assert frame.content.encoding == "jpeg"
    assert bytes(frame.content.data) == path.read_bytes()
    assert (frame.format, frame.shape) == (format, array.shape)
    expected = np.asarray(Image.open(path)).astype(int)
    shown = frame.image if format == "gray8" else frame.rgb
    assert np.abs(shown - expected).mean() < 1


def test_a_jpeg_called_png_is_a_jpeg(tmp_path: Path) -> None:
    path = save(tmp_path, "x.jpg", RGB).rename(tmp_path / "x.png")
    assert not isinstance(only(path).content, np.ndarray)


def test_photographs_are_turned_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # taken with the camera turned: the right side is up
    path = save(tmp_path, "x.jpg", RGB, exif=exif, quality=95)
    frame = only(path)
    assert frame.shape == (RGB.shape[1], RGB.shape[0], 3)
    assert np.abs(frame.rgb.astype(int) - np.rot90(RGB, -1)).mean() < 4


def test_damage_inside_a_jpeg_is_told_by_its_name_when_somebody_looks(tmp_path: Path) -> None:
    path = save(tmp_path, "x.jpg", np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8))
    data = bytearray(path.read_bytes())
    data[-900:-500] = bytes(400)
    path.write_bytes(data)
    frame = only(path)
    with pytest.raises(BadFrame, match=r"x\.jpg: damaged jpeg"):
        _ = frame.image


# bad files ------------------------------------------------------------------------------------------------------


def _cut(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 2 // 3])


def _text(path: Path) -> None:
    path.write_text("<html>not found</html>")


def _empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("name", ["x.png", "x.jpg", "x.tif", "x.bmp", "x.webp"])
@pytest.mark.parametrize(
    ("spoil", "said"),
    [(_cut, "damaged|cut short|truncated|ends in the middle"), (_text, "it contains text"), (_empty, "0 bytes")],
)
def test_a_bad_file_is_named_after_the_good_ones_before_it(
    tmp_path: Path, name: str, spoil: Callable[[Path], None], said: str
) -> None:
    save(tmp_path, "a.png", GRAY)
    spoil(save(tmp_path, name, np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8)))
    frames = iter(Images(str(tmp_path)))
    assert np.array_equal(next(frames).data, GRAY)
    with pytest.raises(BadFrame, match=rf"{name}.*({said})"):
        next(frames)


@pytest.mark.parametrize("step", range(1, 12))
def test_a_jpeg_cut_anywhere_is_refused(tmp_path: Path, step: int) -> None:
    path = save(tmp_path, "x.jpg", np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8))
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * step // 12])
    with pytest.raises(BadFrame, match=r"x\.jpg"):
        only(path)


def test_a_preview_inside_a_jpeg_does_not_hide_that_it_was_cut(tmp_path: Path) -> None:
    preview = io.BytesIO()
    Image.fromarray(RGB).save(preview, "JPEG")
    path = save(tmp_path, "x.jpg", RGB, exif=b"Exif\0\0" + preview.getvalue())
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(BadFrame, match="cut short"):
        only(path)


def test_a_png_that_would_lose_depth_is_refused(tmp_path: Path) -> None:
    path = save(tmp_path, "x.png", RGB)
    data = bytearray(path.read_bytes())
    data[24] = 16  # bits per colour, as in the header
    path.write_bytes(data)
    with pytest.raises(BadFrame, match=r"16 bits per colour.*save it as TIFF"):
        only(path)


def test_a_tiff_without_pictures_is_refused(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "x.tif").write_bytes(b"II*\x00\x08\x00\x00\x00\x00\x00\x00\x00\x00\x00")
    with pytest.raises(BadFrame, match=r"x\.tif"):
        only(tmp_path / "x.tif")


def test_a_file_that_vanished_after_the_start_is_named(tmp_path: Path) -> None:
    save(tmp_path, "a.png", GRAY)
    gone = save(tmp_path, "b.png", GRAY)
    frames = iter(Images(str(tmp_path)))
    next(frames)
    os.unlink(gone)
    with pytest.raises(Unavailable, match=r"b\.png"):
        next(frames)


def test_nothing_to_read_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="holds no images"):
        Images(f"{tmp_path}/")


def test_bad_fps_is_refused(tmp_path: Path) -> None:
    save(tmp_path, "a.png", GRAY)
    with pytest.raises(OptionError, match="fps='fast'"):
        open_source(Place(str(tmp_path)), fps="fast")
