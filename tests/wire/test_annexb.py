"""Units of coded video: where they begin, what they are, and that the picture itself is not searched for more."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framebus.wire.annexb import START, first_slice, kind, parameter_sets, units

SPS, PPS, KEY = b"\x67ab", b"\x68c", b"\x65def"
VPS5, SPS5, PPS5, KEY5 = b"\x40\x01v", b"\x42\x01s", b"\x44\x01p", b"\x26\x01def"


def test_units_are_found_behind_short_and_long_start_codes() -> None:
    assert list(units(b"\0\0\1\x67ab\0\0\0\1\x68c\0\0\1\x65d")) == [b"\x67ab", b"\x68c", b"\x65d"]


@given(
    st.lists(st.sampled_from([b"\0", b"\0\0\1", b"\1", b"\x65", b"abc", b"\0\0\0\1\x67"]), max_size=12).map(b"".join)
)
def test_they_are_what_lies_between_start_codes(data: bytes) -> None:
    split = [unit.rstrip(b"\0") for unit in re.split(rb"\x00{2,}\x01", data)[1:]]
    assert list(units(data)) == [unit for unit in split if unit]


@pytest.mark.parametrize(("codec", "sets", "picture"), [("h264", (SPS, PPS), KEY), ("h265", (VPS5, SPS5, PPS5), KEY5)])
def test_parameter_sets_are_those_before_the_picture(codec: str, sets: tuple[bytes, ...], picture: bytes) -> None:
    described = b"".join(START + unit for unit in sets)
    assert parameter_sets(described + START + picture, codec) == described
    assert parameter_sets(b"\0\0\1" + picture + described, codec) == b""
    assert parameter_sets(b"", codec) == b""


@pytest.mark.parametrize(("codec", "sets", "picture"), [("h264", SPS, KEY), ("h265", SPS5, KEY5)])
@pytest.mark.parametrize("start", [b"\0\0\1", START, b"\0" + START])
def test_a_picture_begins_with_the_start_code_of_its_first_slice(
    codec: str, sets: bytes, picture: bytes, start: bytes
) -> None:
    before = START + sets
    assert first_slice(before + start + picture + start + picture, codec) == len(before)
    assert first_slice(before + start, codec) is None
    assert first_slice(b"", codec) is None


def test_kinds_are_those_of_the_standards() -> None:
    assert [kind(unit, "h264") for unit in (SPS, PPS, KEY)] == [7, 8, 5]
    assert [kind(unit, "h265") for unit in (VPS5, SPS5, PPS5, KEY5)] == [32, 33, 34, 19]
