"""Reading pictures: one rule for each kind of file, depth, colour space, orientation and damage."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from framebus.batch.reading import Picture, Wish, frames_of, read
from framebus.core.errors import BadFrame, Error
from tests.batch.photos import encoded, jpeg, picture, png_bomb, with_exif_orientation
from tests.clips import make_clip

RGB = picture()
GRAY = RGB[..., 0]
DEEP = GRAY.astype(np.uint16) * 257
ALPHA = np.dstack([RGB, GRAY])


def only(data: bytes, wish: Wish | None = None, path: str = "there") -> Picture:
    (found,) = read(path, data, wish or Wish())
    return found


def refusal(data: bytes, wish: Wish | None = None, path: str = "there") -> str:
    with pytest.raises(BadFrame) as caught:
        list(read(path, data, wish or Wish()))
    return str(caught.value)


def tiff(path: Path, array: Any, **how: Any) -> tuple[str, bytes]:
    tifffile.imwrite(path, array, **how)
    return str(path), path.read_bytes()


# kinds of files ------------------------------------------------------------------------------------------------------


def test_a_jpeg_is_blue_first_like_every_frame() -> None:
    found = only(jpeg())
    assert (found.format, found.array.shape, found.damage) == ("bgr24", RGB.shape, "")
    assert np.abs(found.array[..., ::-1].astype(int) - RGB).mean() < 3


@pytest.mark.parametrize("format", ["PNG", "BMP", "GIF", "WEBP", "TIFF"])
def test_every_kind_is_known_by_its_first_bytes(format: str, tmp_path: Path) -> None:
    file = tmp_path / "called.jpg"
    file.write_bytes(encoded(RGB, format, **({"lossless": True} if format == "WEBP" else {})))
    found = only(file.read_bytes(), path=str(file))
    assert found.format == "rgb24"
    assert not found.several
    assert np.abs(found.array.astype(int) - RGB).max() <= (24 if format == "GIF" else 0)


@pytest.mark.parametrize(
    ("array", "format", "expected"),
    [
        (GRAY, "PNG", "gray8"),
        (GRAY, "BMP", "gray8"),
        (GRAY, "JPEG", "gray8"),
        (DEEP, "PNG", "gray16"),
        (ALPHA, "PNG", None),
        (ALPHA, "WEBP", None),
        (GRAY > 99, "PNG", "gray8"),
    ],
)
def test_gray_depth_and_transparency_are_kept(array: Any, format: str, expected: str | None) -> None:
    found = only(encoded(array, format, **({"lossless": True, "exact": True} if format == "WEBP" else {})))
    assert found.format == expected
    assert found.array.shape == array.shape
    if format != "JPEG":
        assert np.array_equal(found.array, array * np.uint8(255) if array.dtype == bool else array)


@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
def test_a_tiff_keeps_its_numbers(dtype: Any, tmp_path: Path) -> None:
    array = RGB.astype(dtype) * 3
    path, data = tiff(tmp_path / "x.tif", array, photometric="rgb")
    assert np.array_equal(only(data, path=path).array, array)


def test_a_png_of_16_bits_per_colour_keeps_them() -> None:
    cv2 = pytest.importorskip("cv2")
    deep = RGB.astype(np.uint16) * 257
    data = cv2.imencode(".png", deep[..., ::-1])[1].tobytes()
    assert np.array_equal(only(data).array, deep)


def test_a_palette_becomes_colours() -> None:
    image = Image.fromarray(RGB).quantize(64)
    found = only(encoded(image, "PNG"))
    assert found.format == "rgb24"
    assert np.array_equal(found.array, np.asarray(image.convert("RGB")))


def test_a_palette_with_a_transparent_colour_keeps_it() -> None:
    image = Image.fromarray(RGB).quantize(64)
    found = only(encoded(image, "PNG", transparency=3))
    assert found.array.shape == (*RGB.shape[:2], 4)
    assert np.array_equal(found.array[..., 3] == 0, np.asarray(image) == 3)


def test_colours_for_printing_become_those_of_a_screen() -> None:
    found = only(encoded(Image.fromarray(RGB).convert("CMYK"), "JPEG", quality=98, subsampling=0))
    assert found.format == "rgb24"
    assert np.abs(found.array.astype(int) - RGB).mean() < 4


def test_rare_sampling_of_colours_is_read_by_the_general_decoder() -> None:
    data = bytearray(jpeg())
    data[data.index(b"\xff\xc0") + 11] = 0x14  # 4:4:1
    assert only(bytes(data)).array.shape == RGB.shape


@pytest.mark.parametrize("format", ["TIFF", "GIF", "WEBP"])
def test_every_page_is_a_picture(format: str, tmp_path: Path) -> None:
    file = tmp_path / "pages"
    pages = [Image.fromarray(picture(number)) for number in range(3)]
    pages[0].save(file, format, save_all=True, append_images=pages[1:])
    found = list(read(str(file), file.read_bytes(), Wish()))
    assert [each.several for each in found] == [True, True, True]
    assert all(np.abs(each.array[..., :3].astype(int) - picture(n)).mean() < 12 for n, each in enumerate(found))


def test_every_frame_of_a_video_is_a_picture(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", frames=4)
    found = list(frames_of(str(clip), Wish()))
    assert [(each.several, each.array.shape[1]) for each in found] == [(True, 160)] * 4


# orientation ---------------------------------------------------------------------------------------------------------

TURNED = {
    1: lambda image: image,
    2: lambda image: image[:, ::-1],
    3: lambda image: image[::-1, ::-1],
    4: lambda image: image[::-1],
    5: lambda image: image.swapaxes(0, 1),
    6: lambda image: np.rot90(image, -1),
    7: lambda image: np.rot90(image, 2).swapaxes(0, 1),
    8: lambda image: np.rot90(image),
}


@pytest.mark.parametrize("orientation", TURNED)
def test_photographs_are_turned_upright(orientation: int) -> None:
    plain = only(jpeg()).array
    found = only(with_exif_orientation(jpeg(), orientation)).array
    assert np.array_equal(found, TURNED[orientation](plain))


@pytest.mark.parametrize("format", ["PNG", "WEBP", "TIFF"])
def test_so_is_everything_else_that_says_so(format: str, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    file = tmp_path / "turned"
    how = {"lossless": True} if format == "WEBP" else {}
    Image.fromarray(RGB).save(file, format, exif=exif, **how)
    assert np.array_equal(only(file.read_bytes(), path=str(file)).array, np.rot90(RGB, -1))


@given(st.binary(max_size=80))
def test_rubbish_in_exif_turns_nothing(rubbish: bytes) -> None:
    from framebus.batch.reading.orientation import orientation_in

    for start in (b"", b"II*\0", b"MM\0*"):
        assert 1 <= orientation_in(start + rubbish) <= 8


# no more than is needed ----------------------------------------------------------------------------------------------


def at_least(width: int, height: int) -> Any:
    return lambda full, small: small[0] >= width and small[1] >= height


@pytest.mark.parametrize(
    ("least", "expected"),
    [((400, 300), (300, 400)), ((200, 150), (150, 200)), ((100, 75), (75, 100)), ((10, 10), (38, 50))],
)
def test_a_jpeg_is_decoded_as_small_as_is_enough(least: tuple[int, int], expected: tuple[int, int]) -> None:
    found = only(jpeg(width=400, height=300), Wish(enough=at_least(*least)))
    assert found.array.shape[:2] == expected


def test_what_is_enough_is_asked_of_the_upright_picture() -> None:
    asked: list[tuple[int, int]] = []

    def enough(full: tuple[int, int], small: tuple[int, int]) -> bool:
        asked.append(full)
        return small[0] >= 150

    found = only(with_exif_orientation(jpeg(width=400, height=300), 6), Wish(enough=enough))
    assert found.array.shape[:2] == (200, 150)
    assert set(asked) == {(300, 400)}


def test_a_small_one_looks_like_a_large_one_made_small() -> None:
    cv2 = pytest.importorskip("cv2")
    data = jpeg(width=400, height=300)
    whole = cv2.resize(only(data).array, (100, 75), interpolation=cv2.INTER_AREA)
    assert np.abs(only(data, Wish(enough=at_least(100, 75))).array.astype(int) - whole).mean() < 2


def test_brightness_alone_is_that_of_the_colours() -> None:
    found = only(jpeg(), Wish(gray=True))
    assert found.format == "gray8"
    luma = RGB @ np.array([0.299, 0.587, 0.114])
    assert np.abs(found.array - luma).mean() < 3


# what is refused -----------------------------------------------------------------------------------------------------


def test_nothing_at_all() -> None:
    assert refusal(b"") == "it is empty (0 bytes): was it copied completely?"


def test_something_else_says_what_it_is(tmp_path: Path) -> None:
    file = tmp_path / "notes.jpg"
    file.write_text("buy milk")
    assert refusal(file.read_bytes(), path=str(file)) == "it cannot be read as an image: it contains text"


@pytest.mark.parametrize("size", [(30_000, 30_000), (65_535, 65_535)])
def test_a_bomb_is_refused_by_its_header(size: tuple[int, int]) -> None:
    text = refusal(png_bomb(*size))
    assert text.startswith(f"its header says {size[0]:,}x{size[1]:,} pixels, the limit is 100,000,000")
    assert "--max-pixels" in text


@pytest.mark.parametrize("format", ["JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF"])
def test_the_limit_is_for_every_kind(format: str, tmp_path: Path) -> None:
    file = tmp_path / "x"
    file.write_bytes(encoded(RGB, format))
    limit = RGB.shape[0] * RGB.shape[1]
    assert only(file.read_bytes(), Wish(max_pixels=limit), str(file)).array.shape == RGB.shape
    assert "pixels, the limit is" in refusal(file.read_bytes(), Wish(max_pixels=limit - 1), str(file))


def test_a_jpeg_that_claims_more_than_its_bytes_can_hold() -> None:
    data = bytearray(jpeg())
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = b"\x20\x00\x20\x00"
    assert "bytes cannot hold 8,192x8,192 pixels" in refusal(bytes(data))


def test_a_picture_of_no_size() -> None:
    assert refusal(png_bomb(0, 5)) == "its header says 0x5 pixels: nothing is in it"


def noisy(height: int = 160) -> bytes:
    noise = np.random.default_rng(0).integers(0, 256, (height, 120, 3), np.uint8)
    return encoded(noise, "JPEG", quality=90)


def test_a_jpeg_that_is_cut_short_says_where() -> None:
    data = noisy()
    text = refusal(data[: len(data) // 2])
    assert text.startswith(f"the JPEG is cut short: it ends after {len(data) // 2:,} bytes, at about row ")
    row = int(text.partition("row ")[2].partition(" of 160")[0])
    assert 60 <= row <= 100
    assert "(--tolerant) keeps what there is" in text


def test_tolerance_keeps_what_there_is_and_says_so() -> None:
    data = noisy()
    found = only(data[: len(data) // 2], Wish(tolerant=True))
    assert "cut short" in found.damage
    assert np.array_equal(found.array[:48], only(data).array[:48])


def test_a_jpeg_damaged_in_the_middle() -> None:
    data = bytearray(noisy())
    data[len(data) // 2 : len(data) // 2 + 40] = b"\xff\xd3" * 20
    assert "a damaged JPEG: " in refusal(bytes(data))
    assert "a damaged JPEG: " in only(bytes(data), Wish(tolerant=True)).damage


def test_filling_before_the_end_is_no_damage() -> None:
    assert only(jpeg()[:-2] + b"\0\0\0\xff\xd9").damage == ""


def test_a_progressive_one_says_that_passes_are_missing() -> None:
    data = encoded(picture(0, 200, 160), "JPEG", progressive=True)
    assert "before all passes over the picture were there" in refusal(data[: len(data) * 2 // 3])


def beginnings(data: bytes) -> Iterator[bytes]:
    return (data[:length] for length in range(1, len(data)))


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_no_beginning_of_a_file_is_taken_for_the_whole(format: str, tmp_path: Path) -> None:
    file = tmp_path / "x"
    accepted = []
    for part in beginnings(encoded(picture(1, 24, 16), format)):
        file.write_bytes(part)
        try:
            accepted += [each.array.shape for each in read(str(file), part, Wish())]
        except BadFrame:
            continue
    assert accepted == []


@settings(deadline=None)
@given(
    data=st.binary(max_size=400), magic=st.sampled_from([b"\xff\xd8\xff", b"GIF89a", b"BM", b"II*\0", b"RIFF0000WEBP"])
)
def test_rubbish_never_raises_anything_but_our_errors(data: bytes, magic: bytes) -> None:
    with suppress(Error):
        list(read("/nowhere", magic + data, Wish(max_pixels=10_000)))
