"""Which stream a sender's text names: a camera keeps its name, a clock is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framebus.session.texts import CHANGING, MAX_NAMES, Texts


def test_a_text_is_a_stream() -> None:
    texts = Texts("host")
    assert [texts.stream(name) for name in ("porch", "porch", "yard")] == ["porch", "porch", "yard"]


@pytest.mark.parametrize("text", ["17", "2026-11-21T08-00-01.123", "1732177.22", "2026-11-21-08-00-01Z"])
def test_a_number_or_a_time_names_no_stream(text: str) -> None:
    assert Texts("host").stream(text) == "host"


def test_texts_that_never_come_again_end_as_the_host() -> None:
    texts = Texts("host")
    named = [texts.stream(f"frame-{count}") for count in range(CHANGING + 5)]
    assert named[CHANGING:] == ["host"] * 5
    assert texts.stream("frame-0") == "host"


def test_many_cameras_of_one_sender_keep_their_names() -> None:
    texts = Texts("host")
    for _ in range(3):
        assert [texts.stream(f"cam{count}") for count in range(CHANGING)] == [f"cam{c}" for c in range(CHANGING)]
    assert texts.stream("one-more") == "one-more"


@given(st.lists(st.text("abc", min_size=1, max_size=3), max_size=300))
def test_one_sender_names_few_streams_whatever_it_says(names: list[str]) -> None:
    texts = Texts("host")
    assert len({texts.stream(name) for name in names}) <= MAX_NAMES + 1
