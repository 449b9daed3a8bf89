"""A set that remembers only digests behaves like a set."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from framebus.batch.digests import Digests


@settings(deadline=None)
@given(st.lists(st.text(max_size=4), max_size=300), st.lists(st.text(max_size=4), max_size=50))
def test_it_is_a_set(added: list[str], asked: list[str]) -> None:
    ours, theirs = Digests(), set[str]()
    for name in added:
        assert ours.add(name) == (name not in theirs)
        theirs.add(name)
    assert len(ours) == len(theirs)
    assert [name in ours for name in asked] == [name in theirs for name in asked]


def test_it_grows() -> None:
    ours = Digests()
    assert all(ours.add(f"photos/{number}.jpg") for number in range(50_000))
    assert not any(ours.add(f"photos/{number}.jpg") for number in range(50_000))
    assert "photos/50000.jpg" not in ours
