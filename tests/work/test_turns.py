"""Everybody who asks gets a turn."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from framebus.core.frame import Frame
from framebus.work.turns import Turns


def asked(asker: str, number: int) -> Frame:
    return Frame.of(np.zeros((1, 1), np.uint8), stream=asker, run=1, seq=number)


def order(turns: Turns) -> list[tuple[str, int]]:
    taken = []
    while (item := turns.take()) is not None:
        taken.append((item.stream, item.seq))
    return taken


def test_who_asks_much_does_not_come_before_who_asks_little() -> None:
    turns = Turns()
    for number in range(4):
        turns.put(asked("much", number))
    turns.put(asked("little", 0))
    assert order(turns) == [("much", 0), ("little", 0), ("much", 1), ("much", 2), ("much", 3)]


def test_a_new_run_is_another_asker() -> None:
    turns = Turns()
    turns.put(asked("one", 0))
    turns.put(asked("one", 1))
    turns.put(asked("one", 0).replace(run=2))
    assert [seq for _, seq in order(turns)] == [0, 0, 1]


def test_what_is_put_back_is_the_next_of_its_asker() -> None:
    turns = Turns()
    for number in range(2):
        turns.put(asked("one", number))
    first = turns.take()
    assert first is not None
    turns.put_back(first)
    assert len(turns) == 2
    assert order(turns) == [("one", 0), ("one", 1)]


@given(st.lists(st.sampled_from("abc"), max_size=40))
def test_nobody_waits_longer_than_everybody_else_takes(askers: list[str]) -> None:
    turns, counts = Turns(), Counter[str]()
    for asker in askers:
        turns.put(asked(asker, counts[asker]))
        counts[asker] += 1
    taken = order(turns)
    assert sorted(taken) == sorted((asker, number) for asker, count in counts.items() for number in range(count))
    for asker, count in counts.items():
        assert [number for who, number in taken if who == asker] == list(range(count))
        for number in range(count):
            assert taken.index((asker, number)) < (number + 1) * len(counts)
