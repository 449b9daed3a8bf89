"""What goes to those who work on inputs, and what comes back, is the same at both ends."""

from __future__ import annotations

import os

from hypothesis import given
from hypothesis import strategies as st

from framebus.batch.outcome import PLAIN, Outcome
from framebus.batch.piece import Piece, heard, packed, told, unpacked

NAMES = st.binary(min_size=1, max_size=40).filter(lambda name: b"\0" not in name).map(os.fsdecode)
"""Whatever a file may be called, text or not."""
NUMBERS = st.integers(0, 1 << 50)
OUTCOMES = st.builds(
    Outcome,
    state=st.sampled_from(["done", "failed", "stop", "left"]),
    reason=st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
    made=st.lists(st.just(PLAIN) | NUMBERS, max_size=4).map(tuple),
    read=NUMBERS,
    written=NUMBERS,
)


@given(st.lists(st.tuples(NAMES, NAMES), min_size=1, max_size=20))
def test_paths_arrive_as_they_are(paths: list[tuple[str, str]]) -> None:
    assert unpacked(packed(Piece(path, inner, "x") for path, inner in paths)) == paths


@given(st.lists(OUTCOMES, max_size=20))
def test_outcomes_arrive_as_they_are(outcomes: list[Outcome]) -> None:
    assert heard(told(outcomes)) == outcomes


def test_what_is_no_text_in_a_reason_arrives_as_escapes() -> None:
    name = os.fsdecode(b"caf\xe9.jpg")
    assert heard(told([Outcome("failed", f"{name} is no image")])) == [Outcome("failed", r"caf\udce9.jpg is no image")]
