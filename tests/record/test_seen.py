"""What counts as written already."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from framebus.record.seen import REMEMBERED, Seen


@given(st.lists(st.integers(0, 100), unique=True))
def test_in_any_order_exactly_what_was_written(numbers: list[int]) -> None:
    seen = Seen(numbers)
    assert [number for number in range(102) if seen.has(number, any_order=True)] == sorted(numbers)


@given(st.lists(st.integers(0, 100), min_size=1))
def test_in_order_everything_up_to_the_highest(numbers: list[int]) -> None:
    assert [number for number in range(102) if Seen(numbers).has(number, any_order=False)] == list(
        range(max(numbers) + 1)
    )


def test_what_is_long_ago_counts_as_written() -> None:
    seen = Seen(number for number in range(REMEMBERED + 10) if number != 5)
    assert seen.has(5, any_order=True)
    assert not seen.has(REMEMBERED + 10, any_order=True)
