"""Pictures out of `multipart/x-mixed-replace`, however it is written and cut into pieces."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from framebus.core.errors import BadFrame
from framebus.sources.cameras.jpeg_end import EndFinder
from framebus.sources.cameras.multipart import MAX_HEAD_BYTES, MAX_PART_BYTES, Multipart, Part, boundary_of


def jpeg(number: int, *, thumbnail: bool = False) -> bytes:
    """A JPEG, with another inside it where asked for."""
    noise = np.random.default_rng(number).integers(0, 255, (24, 32, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise).save(file, "jpeg", quality=95, progressive=number % 2 == 0)
    whole = file.getvalue()
    if not thumbnail:
        return whole
    inside = jpeg(number + 1)
    return whole[:2] + b"\xff\xe1" + (len(inside) + 2).to_bytes(2, "big") + inside + whole[2:]


PICTURES = [jpeg(number, thumbnail=number == 2) for number in range(4)]


def body(
    pictures: list[bytes], *, boundary: bytes = b"frame", end: bytes = b"\r\n", length: bool = True, last: bool = False
) -> bytes:
    """What a camera sends."""
    parts = []
    for picture in pictures:
        head = b"Content-Type: image/jpeg" + end
        if length:
            head += b"content-length:  %d" % len(picture) + end
        parts.append(b"--" + boundary + end + head + end + picture + end)
    return b"".join(parts) + (b"--" + boundary + b"--" + end if last else b"")


def fed(parser: Multipart, data: bytes, sizes: list[int]) -> list[Part]:
    """The parts of `data` in pieces of these sizes, over and over; piece n arrives at time n."""
    parts: list[Part] = []
    at = number = 0
    while at < len(data):
        size = sizes[number % len(sizes)]
        parts += parser.feed(data[at : at + size], 1000 + number, 1 + number)
        at, number = at + size, number + 1
    return parts


@pytest.mark.parametrize("length", [True, False])
@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
@pytest.mark.parametrize("announced", ["frame", "--frame", '"frame"', ""])
@given(sizes=st.lists(st.integers(1, 700), min_size=1, max_size=8))
@settings(max_examples=15)
def test_all_pictures_come_whole_however_they_are_cut(
    length: bool, end: bytes, announced: str, sizes: list[int]
) -> None:
    boundary = boundary_of(f"multipart/x-mixed-replace; boundary={announced}" if announced else "multipart/mixed")
    parts = fed(Multipart(boundary), body(PICTURES, end=end, length=length), sizes)
    assert [part.data for part in parts] == PICTURES
    assert {part.kind for part in parts} == {"image/jpeg"}


@pytest.mark.parametrize("length", [True, False])
def test_a_picture_comes_with_its_last_byte_and_not_with_the_next_boundary(length: bool) -> None:
    parser = Multipart(b"frame")
    data = body(PICTURES[:1], length=length).removesuffix(b"\r\n")
    assert parser.feed(data[:-1], 1, 1) == []
    assert [part.data for part in parser.feed(data[-1:], 2, 2)] == PICTURES[:1]


def test_a_picture_carries_the_time_of_its_first_byte() -> None:
    parser = Multipart(b"frame")
    data = body(PICTURES[:1])
    start = data.index(b"\xff\xd8")
    parser.feed(data[:start], 1, 10)
    parser.feed(data[start : start + 1], 2, 20)
    (part,) = parser.feed(data[start + 1 :], 3, 30)
    assert (part.utc_ns, part.mono_ns) == (2, 20)


def test_the_last_boundary_ends_it() -> None:
    parser = Multipart(b"frame")
    assert len(parser.feed(body(PICTURES, last=True) + b"more", 1, 1)) == 4
    assert parser.ended


def test_what_is_between_the_parts_is_skipped() -> None:
    data = b"hello\r\n" + body(PICTURES[:2]) + b"noise\xff\xd8noise\r\n" + body(PICTURES[2:])
    assert [part.data for part in Multipart(b"frame").feed(data, 1, 1)] == PICTURES


def test_a_length_that_is_too_short_costs_one_picture_only() -> None:
    wrong = body(PICTURES[:1]).replace(b"%d" % len(PICTURES[0]), b"10")
    parts = Multipart(b"frame").feed(wrong + body(PICTURES[1:]), 1, 1)
    assert [part.data for part in parts] == [PICTURES[0][:10], *PICTURES[1:]]


def test_parts_that_are_no_pictures_come_too() -> None:
    data = b"--frame\r\nContent-Type: Text/Plain; x=y\r\n\r\nhello\r\n" + body(PICTURES[:1])
    parts = Multipart(b"frame").feed(data, 1, 1)
    assert [(part.kind, part.data) for part in parts] == [("text/plain", b"hello"), ("image/jpeg", PICTURES[0])]


def test_a_part_without_a_head_is_a_part() -> None:
    data = b"--frame\r\n\r\n" + PICTURES[0] + b"\r\n--frame\r\n"
    assert [part.data for part in Multipart(b"frame").feed(data, 1, 1)] == PICTURES[:1]


class TestLimits:
    def test_a_head_without_end_is_refused(self) -> None:
        with pytest.raises(BadFrame, match="no stream of JPEG"):
            Multipart(b"frame").feed(b"--frame\r\n" + b"a: b\r\n" * MAX_HEAD_BYTES, 1, 1)

    def test_so_is_a_body_without_any_boundary_where_none_was_announced(self) -> None:
        with pytest.raises(BadFrame, match="no stream of JPEG"):
            Multipart(b"").feed(b"x" * (MAX_HEAD_BYTES + 1), 1, 1)

    def test_what_comes_before_an_announced_boundary_is_not_kept(self) -> None:
        parser = Multipart(b"frame")
        parser.feed(b"x" * 1_000_000, 1, 1)
        assert len(parser._data) < 100

    def test_an_announced_length_above_the_limit_is_refused_at_once(self) -> None:
        head = b"--frame\r\nContent-Length: %d\r\n\r\n" % (MAX_PART_BYTES + 1)
        with pytest.raises(BadFrame, match="refused"):
            Multipart(b"frame").feed(head, 1, 1)

    def test_so_is_a_part_that_grows_beyond_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("framebus.sources.cameras.multipart.MAX_PART_BYTES", 1000)
        with pytest.raises(BadFrame, match="refused"):
            Multipart(b"frame").feed(b"--frame\r\n\r\n\xff\xd8" + b"\xff\xda\x00\x02" + b"x" * 2000, 1, 1)

    @given(st.lists(st.binary(max_size=200), max_size=20), st.sampled_from([b"", b"frame"]))
    def test_anything_is_parts_or_a_named_error(self, pieces: list[bytes], boundary: bytes) -> None:
        parser = Multipart(boundary)
        try:
            for piece in pieces:
                parser.feed(piece, 1, 1)
        except BadFrame:
            pass

    @given(st.lists(st.sampled_from([b"--frame", b"\r\n", b"\n", b"-", b"\xff", b"\xd8", b"\xd9", b"a: b", b"x"])))
    def test_also_where_it_looks_like_some(self, pieces: list[bytes]) -> None:
        parser = Multipart(b"frame")
        for piece in pieces:
            parser.feed(piece, 1, 1)


class TestBoundary:
    @pytest.mark.parametrize(
        ("text", "boundary"),
        [
            ("multipart/x-mixed-replace; boundary=frame", b"frame"),
            ('multipart/x-mixed-replace;boundary="--my boundary"', b"my boundary"),
            ("multipart/x-mixed-replace; BOUNDARY=--frame--", b"frame--"),
            ("multipart/x-mixed-replace", b""),
            ("", b""),
        ],
    )
    def test_is_taken_without_quotes_and_dashes(self, text: str, boundary: bytes) -> None:
        assert boundary_of(text) == boundary


class TestEndFinder:
    @pytest.mark.parametrize("picture", PICTURES)
    @given(tail=st.binary(max_size=50), steps=st.lists(st.integers(1, 300), min_size=1, max_size=5))
    @settings(max_examples=15)
    def test_finds_the_end_while_it_arrives(self, picture: bytes, tail: bytes, steps: list[int]) -> None:
        finder, data, at, number = EndFinder(), bytearray(), 0, 0
        while (found := finder.find(data)) is None:
            assert not finder.lost
            assert at < len(picture + tail), "the end was missed"
            data += (picture + tail)[at : at + steps[number % len(steps)]]
            at, number = len(data), number + 1
        assert found == len(picture)

    def test_says_when_it_is_no_jpeg(self) -> None:
        finder = EndFinder()
        assert finder.find(bytearray(b"GIF89a")) is None
        assert finder.lost
