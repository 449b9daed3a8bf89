"""Who has which picture among those who joined: nothing is lost, nothing is with two, whatever they do."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from framebus.batch.joining.roster import Roster

A, B = b"a", b"b"


def turns(roster: Roster[int], now: float = 0.0) -> dict[bytes, int]:
    return dict(roster.turns(now))


def hungry(roster: Roster[int]) -> bool:
    return roster.hungry


def test_who_asks_gets_one_at_a_time() -> None:
    roster: Roster[int] = Roster(10.0)
    roster.asks(A)
    assert turns(roster) == {}
    roster.put([1, 2, 3])
    assert turns(roster) == {A: 1}
    assert turns(roster) == {}
    assert roster.answers(A, 1.0) == 1
    assert roster.answers(A, 1.0) is None
    roster.asks(B)
    roster.asks(A)
    assert turns(roster) == {B: 2, A: 3}


def test_what_is_not_answered_is_given_back() -> None:
    roster: Roster[int] = Roster(10.0)
    for worker in (A, B, b"c"):
        roster.asks(worker)
    roster.put([1, 2, 3])
    turns(roster)
    roster.gone(A)
    roster.asks(B)  # it has lost what it had
    assert roster.late(9.9) == []
    assert roster.late(10.0) == [b"c"]
    assert roster.answers(b"c", 11.0) is None
    assert sorted(roster.take_back(stock=False)) == [1, 2, 3]
    assert roster.take_back(stock=False) == []
    assert roster.pending == 0


def test_what_is_set_aside_goes_back_when_all_have_gone_or_it_is_wanted() -> None:
    roster: Roster[int] = Roster(10.0)
    roster.asks(A)
    roster.put([1, 2])
    assert roster.take_back(stock=True) == [1, 2]
    roster.put([3])
    roster.gone(A)
    assert roster.take_back(stock=False) == [3]


def test_so_much_is_wanted_that_nobody_has_to_wait() -> None:
    roster: Roster[int] = Roster(10.0)
    assert not hungry(roster)
    roster.asks(A)
    assert hungry(roster)
    roster.put(range(3))
    assert not hungry(roster)
    turns(roster)
    roster.answers(A, 0.05)
    roster.asks(A)
    assert hungry(roster)  # ten in half a second
    roster.put(range(10))
    assert not hungry(roster)


MOVES = ["put", "ask", "turn", "answer", "gone", "late", "back"]
moves = st.lists(st.tuples(st.sampled_from(MOVES), st.integers(0, 2)))


@given(moves)
def test_nothing_is_lost_and_nothing_is_with_two(moves: list[tuple[str, int]]) -> None:
    roster: Roster[int] = Roster(3.0)
    put, settled, number = 0, Counter[int](), 0.0
    for move, which in moves:
        number += 1
        worker = bytes([which])
        if move == "put":
            roster.put([put])
            put += 1
        elif move == "ask":
            roster.asks(worker)
        elif move == "turn":
            given_out = [work for _, work in roster.turns(number)]
            assert len(given_out) == len(set(given_out))
        elif move == "answer":
            settled.update([] if (work := roster.answers(worker, number)) is None else [work])
        elif move == "gone":
            roster.gone(worker)
        elif move == "late":
            roster.late(number)
        else:
            settled.update(roster.take_back(stock=bool(which)))
    assert set(settled.values()) <= {1}
    assert roster.pending == put - len(settled)


def test_dissolved_nobody_has_anything() -> None:
    roster = Roster[str](1.0)
    for worker in (b"a", b"b"):
        roster.asks(worker)
    roster.put(["one"])
    assert list(roster.turns(0.0)) == [(b"a", "one")]
    roster.dissolve()
    assert (len(roster), roster.hungry, roster.take_back(stock=False)) == (0, False, ["one"])
