"""Fragmented MP4 as bytes: its boxes, how a key frame is known, and fragments that are moved to another time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from framebus.web import fmp4

TIMES = st.integers(0, 2**40)
DURATIONS = st.integers(1, 2**31)


def flags(fragment: bytes) -> int:
    """Those of the run."""
    at = fragment.index(b"trun")
    return int.from_bytes(fragment[at + 5 : at + 8], "big")


def test_a_key_frame_is_known_by_the_flags_of_the_first_sample_and_others_are_not() -> None:
    """Only one of the two may say what a sample is (ISO/IEC 14496-12, 8.8.8)."""
    first, each = 0x4, 0x400
    key, delta = (fmp4.fragment(b"picture", 1, 0, 3000, 0, key=key) for key in (True, False))
    assert (flags(key) & first, flags(key) & each) == (first, 0)
    assert (flags(delta) & first, flags(delta) & each) == (0, each)


@given(st.booleans(), TIMES, TIMES, DURATIONS, DURATIONS, st.integers(-(2**31), 2**31 - 1))
def test_a_moved_fragment_is_as_if_it_had_been_made_for_then(
    key: bool, at: int, then: int, duration: int, other: int, shift: int
) -> None:
    made = fmp4.fragment(b"picture", 1, at, duration, shift, key=key)
    assert fmp4.lasting(made) == duration
    assert fmp4.moved(made, 9, then, other) == fmp4.fragment(b"picture", 9, then, other, shift, key=key)


def test_boxes_are_told_apart() -> None:
    made = fmp4.fragment(b"picture", 1, 0, 3000, 0, key=True)
    assert [box[4:8] for box in fmp4.boxes(made)] == [b"moof", b"mdat"]
    assert b"".join(fmp4.boxes(made)) == made
    assert fmp4.boxes(b"") == []
