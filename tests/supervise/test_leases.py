"""Work that is with a worker is settled once, or comes back when the worker is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framebus.supervise.leases import Leases


def test_work_is_settled_once() -> None:
    leases: Leases[int, str] = Leases()
    leases.lend(1, "one")
    assert (len(leases), list(leases)) == (1, ["one"])
    assert leases.settle(1) == "one"
    assert leases.settle(1) is None
    assert len(leases) == 0


def test_the_same_work_twice_is_a_mistake() -> None:
    leases: Leases[int, str] = Leases()
    leases.lend(1, "one")
    with pytest.raises(KeyError):
        leases.lend(1, "again")


def test_a_lost_worker_is_blamed_for_the_oldest_piece_alone() -> None:
    leases: Leases[int, str] = Leases()
    for number in range(3):
        leases.lend(number, str(number))
    leases.settle(0)
    assert leases.lose(at_work=True) == ("1", ["2"])
    assert leases.lose(at_work=True) == (None, [])


def test_one_that_had_not_begun_is_blamed_for_nothing() -> None:
    leases: Leases[int, str] = Leases()
    leases.lend(0, "0")
    assert leases.lose(at_work=False) == (None, ["0"])


@given(st.lists(st.tuples(st.sampled_from(["lend", "settle", "lose", "lose early"]), st.integers(0, 9)), max_size=60))
def test_nothing_is_lost_and_nothing_comes_twice(steps: list[tuple[str, int]]) -> None:
    leases: Leases[int, int] = Leases()
    out: list[int] = []
    for what, number in steps:
        if what == "lend" and number not in out:
            leases.lend(number, number)
            out.append(number)
        elif what == "settle":
            assert leases.settle(number) == (number if number in out else None)
            out = [each for each in out if each != number]
        elif what.startswith("lose"):
            blamed, rest = leases.lose(at_work=what == "lose")
            assert [each for each in (blamed, *rest) if each is not None] == out
            assert (blamed is not None) == (what == "lose" and bool(out))
            out = []
        assert list(leases) == out
