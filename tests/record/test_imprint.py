"""Headers inside coded video: found again in whatever a container makes of it, and never taken from anything else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framebus.core.errors import BadFrame
from framebus.testing import clip, samples
from framebus.wire.encodings import encode
from framebus.wire.recordings import imprint
from framebus.wire.recordings.imprint import MARK, Imprint
from tests.record.films import packets

FIRST = samples(1)[0]
TEXT = st.text(st.characters(codec="utf-8"), max_size=300)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT,
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=5,
)
SLICE = b"\0\0\0\1\x65" + bytes(range(1, 50))


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A coded picture."""
    return bytes(next(packets(clip(tmp_path_factory.mktemp("film") / "film.mp4", 1, "64x48"))).data)


@given(st.dictionaries(TEXT, JSON, max_size=4), st.integers(0, 2**63 - 1), st.integers(0, 2**62))
def test_what_is_put_in_is_found(meta: dict[str, object], captured_ns: int, seq: int) -> None:
    given_ = Imprint.of(FIRST.replace(meta=meta, captured_ns=captured_ns, seq=seq))
    for codec, data in (("h264", SLICE), ("h265", b"\0\0\0\1\x26\x01" + SLICE[5:]), ("mjpeg", b"\xff\xd8\xff\xd9")):
        marked = imprint.put(data, codec, given_)
        assert imprint.find(marked) == given_
        if codec != "mjpeg":
            message = marked.removesuffix(data)
            assert re.search(rb"\x00\x00[\x00-\x03]", message[4:]) is None, "nothing that would have to be escaped"
            assert marked.endswith(data), "what the camera coded stays as it is"


def test_it_goes_before_the_first_slice_and_behind_the_parameter_sets(picture: bytes) -> None:
    marked = imprint.put(picture, "h264", Imprint.of(FIRST))
    kinds = [unit[0] & 31 for unit in re.split(rb"\x00{2,}\x01", marked)[1:]]
    assert kinds[kinds.index(5) - 1] == 6
    assert 7 in kinds[: kinds.index(5) - 1]


def test_the_latest_of_several_counts(picture: bytes) -> None:
    once = imprint.put(picture, "h264", Imprint.of(FIRST))
    twice = imprint.put(once, "h264", Imprint.of(FIRST.replace(seq=99)))
    found = imprint.find(twice)
    assert found is not None
    assert found.seq == 99


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"zzzz{}",
        b"0002{}",
        b"00ff{",
        b'0005{"a":',
        b'0051{"stream":"../etc","run":"1","seq":0,"captured_ns":0}',
        b'0034{"stream":"a","run":"x","seq":0,"captured_ns":0}   ',
        b'0033{"stream":"a","run":"1","seq":0,"captured_ns":-1}  ',
    ],
)
def test_what_only_looks_like_one_is_none(text: bytes) -> None:
    assert imprint.find(b"\0\0\0\1\x06\x05\x40" + MARK + text + SLICE) is None


@given(st.binary(max_size=200), st.binary(max_size=100))
def test_any_bytes_are_read_without_harm(before: bytes, after: bytes) -> None:
    imprint.find(before + MARK + after)


def test_what_is_no_picture_is_refused() -> None:
    header = Imprint.of(FIRST)
    for codec, data in (("h264", b"\0\0\0\1\x67abc"), ("mjpeg", b"none"), ("vp8", SLICE), ("h264", b"")):
        with pytest.raises(BadFrame, match=f"{codec.upper() if codec == 'mjpeg' else codec}"):
            imprint.put(data, codec, header)
    with pytest.raises(BadFrame, match="meta"):
        imprint.put(SLICE, "h264", Imprint.of(FIRST.replace(meta={"a": "x" * 17_000})))


def test_a_jpeg_with_one_is_still_that_jpeg(tmp_path: Path) -> None:
    from PIL import Image

    data = bytes(encode(FIRST, "jpeg=80").content.data)
    (tmp_path / "a.jpg").write_bytes(data)
    (tmp_path / "b.jpg").write_bytes(imprint.put(data, "mjpeg", Imprint.of(FIRST)))
    with Image.open(tmp_path / "a.jpg") as one, Image.open(tmp_path / "b.jpg") as other:
        assert one.tobytes() == other.tobytes()
