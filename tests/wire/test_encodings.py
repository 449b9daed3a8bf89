"""Encoded pictures: what each encoding holds, what it refuses, and what damaged bytes become (an error)."""

from __future__ import annotations

import base64
import re
import struct
import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import lz4.frame
import numpy as np
import pytest
import simplejpeg
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from framebus.core.contracts import Encoding
from framebus.core.errors import BadFrame, OptionError
from framebus.core.frame import Coded, Frame
from framebus.core.registry import ENCODINGS
from framebus.wire import limits
from framebus.wire.encodings import EncodedImage, Tunable, encode, from_bytes
from tests.wire.arrivals import arrays, measured, picture, same, settle

JPEG = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoHBwYIDAoMDAsKCwsNDhIQDQ4RDgsLEBYQERMUFRUVDA8X"
    "GBYUGBIUFRT/wAALCAAIAAgBAREA/8QAHwAAAQUBAQEBAQEAAAAAAAAAAAECAwQFBgcICQoL/8QAtRAAAgEDAwIEAwUFBAQAAAF9AQIDAAQR"
    "BRIhMUEGE1FhByJxFDKBkaEII0KxwRVS0fAkM2JyggkKFhcYGRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4"
    "eXqDhIWGh4iJipKTlJWWl5iZmqKjpKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi4+Tl5ufo6erx8vP09fb3+Pn6/9oACAEB"
    "AAA/AIvDX/BNv7n/ABK//Idf/9k="
)
"""Eight by eight gray pixels, 0, 4, 8 … 252 in reading order, encoded by another program."""


def png(width: int, height: int, depth: int, colours: int, rows: bytes) -> bytes:
    """A PNG file made by hand; `rows` begin with their filter byte."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, depth, colours, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


RED_GREEN = png(2, 1, 8, 2, b"\0" + bytes([255, 0, 0, 0, 255, 0]))
GRAY16 = png(2, 2, 16, 0, b"\0\x01\x02\x03\x04" + b"\0\xff\xff\0\0")


def frame(array: Any, format: str | None = None) -> Frame:
    return Frame.of(array, stream="x", format=format)


def smooth(*shape: int) -> Any:
    """A picture that JPEG keeps nearly as it is."""
    rows = np.linspace(0, 200, shape[0])[:, None] + np.linspace(0, 55, shape[1])[None, :]
    return np.ascontiguousarray(np.broadcast_to(rows.reshape(*shape[:2], *[1] * (len(shape) - 2)), shape)).astype("u1")


def code(name: str, data: bytes, shape: tuple[int, ...], dtype: str = "u1", format: str = "array") -> EncodedImage:
    return EncodedImage(name, memoryview(data), shape, np.dtype(dtype), format)


def sampled_as_441() -> bytes:
    """A JPEG whose frame header says so, which libjpeg-turbo knows and its Python binding does not."""
    data = bytearray(simplejpeg.encode_jpeg(np.zeros((8, 32, 3), np.uint8), 85, "BGR", "444"))
    data[data.index(b"\xff\xc0") + 11] = 0x14
    return bytes(data)


class TestGolden:
    def test_jpeg(self) -> None:
        image = from_bytes(JPEG)
        assert (image.encoding, image.shape, image.dtype, image.format) == ("jpeg", (8, 8), np.dtype("u1"), "gray8")
        assert np.abs(image.decode().astype(int) - picture(8, 8) * 4.0).max() <= 4

    def test_png_colour_is_blue_first(self) -> None:
        image = from_bytes(RED_GREEN)
        assert (image.encoding, image.shape, image.format) == ("png", (1, 2, 3), "bgr24")
        assert image.decode().tolist() == [[[0, 0, 255], [0, 255, 0]]]
        assert code("png", RED_GREEN, (1, 2, 3), format="rgb24").decode().tolist() == [[[255, 0, 0], [0, 255, 0]]]

    def test_png_gray_of_16_bits(self) -> None:
        image = from_bytes(GRAY16)
        assert (image.shape, image.dtype, image.format) == ((2, 2), np.dtype("u2"), "gray16")
        assert image.decode().tolist() == [[0x0102, 0x0304], [0xFFFF, 0]]

    def test_lz4_is_a_standard_frame_of_regrouped_bytes(self) -> None:
        array = np.array([[1, 2], [3, 0x0405]], "<u2")
        data = lz4.frame.compress(bytes([1, 2, 3, 5, 0, 0, 0, 4]), store_size=True)
        assert same(code("lz4", data, (2, 2), "<u2").decode(), array)
        assert lz4.frame.decompress(encode(frame(array), "lz4").content.data) == bytes([1, 2, 3, 5, 0, 0, 0, 4])

    def test_raw(self) -> None:
        assert code("raw", bytes(range(6)), (2, 3)).decode().tolist() == [[0, 1, 2], [3, 4, 5]]


class TestRegistry:
    @pytest.mark.parametrize("name", ["raw", "jpeg", "png", "lz4"])
    def test_each_encoding_keeps_the_contract(self, name: str) -> None:
        encoding: Encoding = ENCODINGS.get(name)
        assert isinstance(encoding, Encoding)
        image = encoding.encode(smooth(16, 24, 3), "bgr24")
        assert isinstance(image, Coded)
        assert (image.encoding, image.shape, image.dtype) == (name, (16, 24, 3), np.dtype("u1"))
        pixels = encoding.decode(image.data, image.shape, image.dtype, "bgr24")
        assert (pixels.shape, pixels.dtype) == ((16, 24, 3), np.dtype("u1"))
        assert encoding.lossless == (name != "jpeg")
        assert isinstance(encoding, Tunable) == (name == "jpeg")


class TestLossless:
    @given(arrays)
    def test_lz4_keeps_every_numeric_array(self, array: Any) -> None:
        assert same(encode(frame(array), "lz4").data, array)

    def test_lz4_makes_pictures_of_16_bits_smaller(self) -> None:
        array = (smooth(64, 64).astype("<u2") * 16) + 7
        assert encode(frame(array), "lz4").nbytes < array.nbytes / 3

    @pytest.mark.parametrize(
        ("array", "format"),
        [
            (picture(5, 7), "gray8"),
            (picture(5, 7, dtype="u2") * 1000, "gray16"),
            (picture(5, 7, 3), "bgr24"),
            (picture(5, 7, 3), "rgb24"),
            (picture(5, 7, 4), "array"),
            (picture(10, 14)[::2, ::2], "gray8"),
        ],
    )
    def test_png_keeps_pictures(self, array: Any, format: str) -> None:
        coded = encode(frame(array, format), "png")
        assert same(coded.data, array)
        assert coded.format == format

    def test_png_looks_right_to_others(self) -> None:
        blue = encode(frame(np.full((2, 2, 3), (255, 0, 0), "u1")), "png").content
        assert not isinstance(blue, np.ndarray)
        assert Image.open(BytesIO(blue.data)).getpixel((0, 0)) == (0, 0, 255)

    @pytest.mark.parametrize(
        ("array", "format"),
        [
            (picture(6, 4), "i420"),
            (picture(4, 4, dtype="f4"), "array"),
            (picture(4, 4, dtype=">u2"), "array"),
            (picture(4, 4, 2), "array"),
            (picture(4), "array"),
            (np.zeros((0, 4, 4), "u1"), "array"),
        ],
    )
    def test_png_names_lz4_for_the_rest(self, array: Any, format: str) -> None:
        with pytest.raises(BadFrame, match=r"png cannot hold .* use lz4"):
            encode(frame(array, format), "png")


class TestJpeg:
    @pytest.mark.parametrize(("shape", "format"), [((32, 48), "gray8"), ((32, 48, 3), "bgr24"), ((32, 48, 3), "rgb24")])
    def test_keeps_pictures_nearly(self, shape: tuple[int, ...], format: str) -> None:
        array = smooth(*shape)
        coded = encode(frame(array, format), "jpeg=95")
        assert np.abs(coded.data.astype(int) - array).max() <= 6

    def test_keeps_the_order_of_colours(self) -> None:
        blue = np.full((16, 16, 3), (255, 0, 0), "u1")
        coded = encode(frame(blue), "jpeg").content
        assert not isinstance(coded, np.ndarray)
        assert Image.open(BytesIO(coded.data)).getpixel((8, 8)) == (0, 0, 254)
        assert coded.decode()[8, 8].tolist() == [254, 0, 0]

    def test_quality_85_unless_told_otherwise(self) -> None:
        array = frame(np.random.default_rng(1).integers(0, 256, (64, 64, 3), "u1"))
        assert encode(array, "jpeg").nbytes == encode(array, "jpeg=85").nbytes
        assert encode(array, "jpeg=20").nbytes < encode(array, "jpeg=85").nbytes < encode(array, "jpeg=100").nbytes

    @pytest.mark.parametrize("spec", ["jpeg=0", "jpeg=101", "jpeg=fine", "jpeg=", "jpeg=8.5", "jpeg=٣"])
    def test_other_qualities_are_refused(self, spec: str) -> None:
        with pytest.raises(OptionError, match=r"1 .* to 100"):
            encode(frame(smooth(8, 8)), spec)

    @pytest.mark.parametrize("array", [picture(4, 4, dtype="u2"), picture(4, 4, 4), picture(4), picture(2, 2, 1)])
    def test_names_lz4_for_what_it_cannot_hold(self, array: Any) -> None:
        with pytest.raises(BadFrame, match="use lz4"):
            encode(frame(array), "jpeg")

    def test_takes_i420_as_bgr24(self) -> None:
        planes = np.full((24, 16), 128, "u1")
        coded = encode(frame(planes, "i420"), "jpeg")
        assert (coded.shape, coded.format) == ((16, 16, 3), "bgr24")


class TestSpec:
    def test_what_is_encoded_already_passes_untouched(self) -> None:
        once = encode(frame(smooth(16, 16)), "jpeg=30")
        assert encode(once, "jpeg") is once
        assert encode(once, "jpeg=90").content is not once.content
        assert isinstance(again := encode(once, "png").content, EncodedImage)
        assert again.encoding == "png"

    def test_raw_gives_plain_pixels(self) -> None:
        array = picture(4, 4)
        plain = frame(array)
        assert encode(plain, "raw") is plain
        assert same(encode(encode(plain, "png"), "raw").content, array)  # type: ignore[arg-type]

    def test_the_rest_of_the_frame_stays(self) -> None:
        before = Frame.of(smooth(8, 8), stream="x", seq=4, run=9, meta={"a": 1}, arrays={"depth": picture(3)})
        after = encode(before, "png")
        assert (after.identity, after.meta, after.captured_ns) == (before.identity, before.meta, before.captured_ns)
        assert same(after.arrays["depth"], picture(3))
        assert same(after.image, before.image)

    def test_pixels_looked_at_before_encoding_are_not_taken_for_the_result(self) -> None:
        before = frame(smooth(16, 16, 3))
        assert before.image.size
        after = encode(before, "jpeg=1")
        assert not same(after.image, before.image)

    @pytest.mark.parametrize(("spec", "text"), [("jpg", "jpeg"), ("", "encoding"), ("png=3", "png takes no value")])
    def test_unknown(self, spec: str, text: str) -> None:
        with pytest.raises(OptionError, match=text):
            encode(frame(smooth(8, 8)), spec)


def cut(data: bytes) -> Iterator[bytes]:
    yield from (data[:length] for length in range(0, len(data), max(1, len(data) // 60)))
    yield data[:-1]


class TestDamage:
    def test_a_truncated_jpeg_is_an_error_and_not_half_a_picture(self) -> None:
        for data in (JPEG, bytes(encode(frame(smooth(40, 40, 3)), "jpeg").content.data)):
            shape = from_bytes(data).shape
            format = "gray8" if len(shape) == 2 else "bgr24"
            pieces = [*cut(data), data[:-2], *(piece + b"\xff\xd9" for piece in cut(data[:-3]))]
            for piece in pieces:
                with pytest.raises(BadFrame, match="jpeg"):
                    code("jpeg", piece, shape, format=format).decode()

    @pytest.mark.parametrize("data", [RED_GREEN, GRAY16], ids=["colour", "gray16"])
    def test_a_damaged_png_is_an_error(self, data: bytes) -> None:
        whole = from_bytes(data)
        for piece in cut(data):
            with pytest.raises(BadFrame, match="png"):
                code("png", piece, whole.shape, str(whole.dtype), whole.format).decode()
        for at in range(len(data)):
            changed = data[:at] + bytes([data[at] ^ 0x10]) + data[at + 1 :]
            with pytest.raises(BadFrame, match="png"):
                code("png", changed, whole.shape, str(whole.dtype), whole.format).decode()

    def test_a_damaged_lz4_is_an_error(self) -> None:
        data = bytes(encode(frame(picture(20, 30, dtype="u2")), "lz4").content.data)
        for piece in (*cut(data), data + b"x", data + data):
            with pytest.raises(BadFrame, match="lz4"):
                code("lz4", piece, (20, 30), "u2").decode()
        for at in range(0, len(data), 7):
            changed = data[:at] + bytes([data[at] ^ 0x40]) + data[at + 1 :]
            with pytest.raises(BadFrame, match="lz4"):
                code("lz4", changed, (20, 30), "u2").decode()

    @pytest.mark.parametrize(
        ("image", "text"),
        [
            (code("jpeg", JPEG, (8, 9), format="gray8"), "is gray8 of shape"),
            (code("jpeg", JPEG, (8, 8, 3), format="bgr24"), "is gray8 of shape"),
            (code("jpeg", JPEG, (8, 8), "u2", "gray16"), "is gray8 of shape"),
            (code("jpeg", JPEG, (8, 8), format="array"), "its header said array"),
            (code("png", RED_GREEN, (2, 1, 3), format="bgr24"), "the png is"),
            (code("png", RED_GREEN, (1, 2), format="gray8"), "the png is"),
            (code("png", GRAY16, (2, 2), "u1", "gray8"), "the png is"),
            (code("png", GRAY16, (2, 2), ">u2", "array"), "the png is"),
            (code("png", JPEG, (8, 8), format="gray8"), "no header"),
            (code("jpeg", RED_GREEN, (1, 2, 3), format="bgr24"), "damaged jpeg"),
            (code("lz4", lz4.frame.compress(bytes(9), store_size=True), (10,)), "say they hold 9: 10 are needed"),
            (code("lz4", lz4.frame.compress(bytes(9), store_size=False), (9,)), "say they hold 0: 9 are needed"),
            (code("raw", bytes(9), (10,)), "9 arrived"),
            (code("webp", b"", (8, 8)), "unknown encoding 'webp'"),
            (code("../jpeg", b"", (8, 8)), "unknown encoding"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_bytes_that_are_another_picture(self, image: EncodedImage, text: str) -> None:
        with pytest.raises(BadFrame, match=text):
            image.decode()

    @pytest.mark.parametrize(
        ("data", "text"),
        [
            (b"", "neither a JPEG nor a PNG"),
            (b"GIF89a", "neither a JPEG nor a PNG"),
            (b"\xff\xd8\xff", "damaged jpeg"),
            (sampled_as_441(), "sampled as 4:4:1"),
            (b"\x89PNG\r\n\x1a\n", "damaged png"),
            (png(2, 1, 8, 3, b""), "colour type 3"),
            (png(2, 1, 16, 2, b""), "colour type 2"),
            (png(0, 1, 8, 0, b""), "0x1 pixels"),
        ],
    )
    def test_files_that_are_no_picture(self, data: bytes, text: str) -> None:
        with pytest.raises(BadFrame, match=text):
            from_bytes(data)

    def test_a_picture_made_for_printing(self) -> None:
        out = BytesIO()
        Image.new("CMYK", (8, 8)).save(out, "JPEG")
        with pytest.raises(BadFrame, match="made for printing"):
            from_bytes(out.getvalue())

    def test_the_callers_limit(self) -> None:
        assert from_bytes(JPEG, max_pixels=64).shape == (8, 8)
        with pytest.raises(BadFrame, match="8x8 pixels: the limit is 63"):
            from_bytes(JPEG, max_pixels=63)
        with pytest.raises(BadFrame, match="2x1 pixels: the limit is 1"):
            from_bytes(RED_GREEN, max_pixels=1)


class TestBombs:
    """Small messages that claim to be large."""

    def huge(self) -> Iterator[EncodedImage]:
        side = 9000
        jpeg = JPEG.replace(b"\x08\x00\x08\x00\x08\x01", struct.pack(">BHHB", 8, side, side, 1))
        assert jpeg != JPEG
        yield code("jpeg", jpeg, (side, side), format="gray8")
        yield code("png", png(side, side, 8, 0, bytes(1000)), (side, side), format="gray8")
        yield code("png", png(2**31, 2**31, 8, 0, b""), (2**31, 2**31), format="gray8")
        claim = bytearray(lz4.frame.compress(bytes(1000), store_size=True))
        claim[6:14] = struct.pack("<Q", side * side)
        claim[14] = xxh32_header(bytes(claim[4:14]))
        yield code("lz4", bytes(claim), (side, side), format="gray8")
        yield code("raw", bytes(9), (side, side), format="gray8")
        yield code("lz4", b"", (limits.MAX_DECODED_BYTES + 1,))

    def test_are_refused_before_memory_is_touched(self) -> None:
        for image in self.huge():
            ENCODINGS.get(image.encoding)
            peak, outcome = measured(image.decode)
            assert isinstance(outcome, BadFrame)
            assert re.search("cannot hold|the limit is|arrived|say they hold 81000000", str(outcome))
            assert peak < 1_000_000

    def test_lz4_that_grows_beyond_its_claim(self) -> None:
        bomb = bytearray(lz4.frame.compress(bytes(50_000_000), store_size=True))
        bomb[6:14] = struct.pack("<Q", 1000)
        bomb[14] = xxh32_header(bytes(bomb[4:14]))
        image = code("lz4", bytes(bomb), (1000,))
        peak, outcome = measured(image.decode)
        assert isinstance(outcome, BadFrame)
        assert "damaged lz4: 1001 bytes of 1000" in str(outcome)
        assert peak < 1_000_000


def xxh32_header(data: bytes) -> int:
    """The checksum byte of an LZ4 frame's header: xxHash-32 of fewer than 16 bytes, its second byte."""
    mask = 0xFFFFFFFF
    p1, p2, p3, p4, p5 = 2654435761, 2246822519, 3266489917, 668265263, 374761393
    value = (p5 + len(data)) & mask
    rest = data
    while len(rest) >= 4:
        value = (value + int.from_bytes(rest[:4], "little") * p3) & mask
        value = ((value << 17 | value >> 15) * p4) & mask
        rest = rest[4:]
    for byte in rest:
        value = (value + byte * p5) & mask
        value = ((value << 11 | value >> 21) * p1) & mask
    value = ((value ^ value >> 15) * p2) & mask
    value = ((value ^ value >> 13) * p3) & mask
    return (value ^ value >> 16) >> 8 & 0xFF


VALID = [
    code("jpeg", JPEG, (8, 8), format="gray8"),
    from_bytes(RED_GREEN),
    from_bytes(GRAY16),
    code("lz4", bytes(encode(frame(picture(4, 5, dtype="u2")), "lz4").content.data), (4, 5), "u2"),
    code("raw", bytes(12), (3, 4)),
]


@given(st.sampled_from(VALID), st.data())
def test_whatever_the_bytes_the_result_is_the_array_or_refused(image: EncodedImage, data: st.DataObject) -> None:
    whole = bytes(image.data)
    at = data.draw(st.integers(0, len(whole)))
    spoiled = whole[:at] + data.draw(st.binary(max_size=8)) + whole[at + data.draw(st.integers(0, 8)) :]
    outcome = settle(code(image.encoding, spoiled, image.shape, str(image.dtype), image.format).decode)
    if not isinstance(outcome, BadFrame):
        assert (outcome.shape, outcome.dtype) == (image.shape, image.dtype)


@given(st.sampled_from([b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", JPEG[:100], GRAY16[:33]]), st.binary(max_size=100))
def test_whatever_the_file_it_is_a_picture_or_refused(head: bytes, rest: bytes) -> None:
    image = settle(lambda: from_bytes(head + rest))
    if not isinstance(image, BadFrame):
        settle(image.decode)
