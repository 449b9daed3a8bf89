"""A question carries the frame's own identity, and gives it back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from framebus.core.frame import Frame
from framebus.pool.questions import KEY, named, original, question
from framebus.wire import header


def frame(**header: Any) -> Frame:
    return Frame.of(np.arange(6, dtype=np.uint8).reshape(2, 3), **header)


def arrived(sent: Frame) -> Frame:
    item, _ = header.decode(*header.encode(sent))
    assert isinstance(item, Frame)
    return item


def test_a_question_is_numbered_by_the_one_who_asks() -> None:
    asked = question(frame(stream="cam", run=7, seq=3), "ask-1", 9, 42)
    assert (asked.stream, asked.run, asked.seq) == ("ask-1", 9, 42)
    assert asked.content is not None


def test_the_frame_comes_out_as_it_was() -> None:
    sent = frame(stream="cam", run=2**64 - 1, seq=3, meta={"a": 1}).replace(missed=2, wanted="rgb24")
    came = original(arrived(question(sent, "ask-1", 9, 0)))
    assert (came.identity, came.missed, came.wanted, came.meta) == (sent.identity, 2, "rgb24", {"a": 1})
    assert np.array_equal(came.data, sent.data)


def test_a_picture_without_an_identity_stays_one() -> None:
    came = original(arrived(question(frame(), "ask-1", 9, 5)))
    assert (came.stream, came.run, came.seq, dict(came.meta)) == ("", 0, 0, {})


def test_what_was_never_a_question_stays_as_it_is() -> None:
    plain = frame(stream="cam", run=7)
    assert original(plain) is plain


@given(st.none() | st.integers() | st.lists(st.text()) | st.text() | st.text("0123456789abcdef- .x\n", max_size=40))
def test_whatever_a_stranger_writes_there_does_no_harm(origin: Any) -> None:
    original(frame(stream="cam", run=1, meta={KEY: origin}))


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ({}, "the frame"),
        ({"stream": "cam", "run": 1, "seq": 4}, "frame 4 of cam"),
        ({"run": 1, "seq": 4}, "frame 4 of the source"),
    ],
)
def test_how_people_know_a_frame(header: dict[str, Any], words: str) -> None:
    assert named(frame(**header)) == words
