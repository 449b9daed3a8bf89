"""How many inputs go into one message."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from framebus.supervise.chunks import MOST, Chunking


def test_one_at_first_because_nothing_is_known() -> None:
    assert Chunking(2, target_s=0.04).size(None) == 1


def test_as_many_as_take_the_target_time() -> None:
    chunking = Chunking(2, target_s=0.04)
    chunking.learn(1, 0.002)
    assert chunking.size(None) == 20


def test_one_where_each_takes_long() -> None:
    chunking = Chunking(2, target_s=0.04)
    chunking.learn(1, 3.0)
    assert chunking.size(None) == 1


def test_no_more_than_was_allowed() -> None:
    chunking = Chunking(2, target_s=0.04, most=8)
    chunking.learn(1, 1e-6)
    assert chunking.size() == 8


def test_fewer_near_the_end_so_that_all_workers_end_together() -> None:
    chunking = Chunking(4, target_s=0.04)
    chunking.learn(1, 0.001)
    assert [chunking.size(left) for left in (10_000, 160, 48)] == [40, 10, 3]


def test_but_not_so_few_that_handing_out_takes_longer_than_waiting() -> None:
    chunking = Chunking(4, target_s=0.04)
    chunking.learn(1, 0.001)
    assert [chunking.size(left) for left in (32, 31, 3, 0)] == [2, 2, 2, 2]
    chunking.learn(1, 100.0)
    assert chunking.size(3) == 1


def test_it_follows_what_inputs_take_now() -> None:
    chunking = Chunking(1, target_s=0.04)
    chunking.learn(40, 0.04)
    for _ in range(20):
        chunking.learn(chunking.size(None), chunking.size(None) * 0.01)
    assert chunking.size(None) in (3, 4)


@given(st.lists(st.tuples(st.integers(0, 300), st.floats(0, 100))), st.one_of(st.none(), st.integers(0, 10**7)))
def test_always_at_least_one_and_never_too_many(learnt: list[tuple[int, float]], left: int | None) -> None:
    chunking = Chunking(3, target_s=0.04)
    for inputs, seconds in learnt:
        chunking.learn(inputs, seconds)
    assert 1 <= chunking.size(left) <= MOST
