"""Every piece of work is settled once or given up; only what killed its workers by itself is given up."""

from __future__ import annotations

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from framebus.supervise.assignments import Assignments, Ending, Patience

Crowd = Assignments[str, str]


def crowd(*workers: str, pieces: int = 0, patience: Patience | None = None) -> Crowd:
    made: Crowd = Assignments(patience or Patience(short_s=inf))
    for worker in workers:
        made.arrived(worker)
    for key in range(pieces):
        made.put(key, f"piece {key}")
    return made


def turns(assignments: Crowd, now: float = 0.0) -> list[tuple[str, int]]:
    """All that can be given now, as (worker, number)."""
    given: list[tuple[str, int]] = []
    while (turn := assignments.take(now)) is not None:
        assert turn.work == f"piece {turn.key}"
        given.append((turn.worker, turn.key))
    return given


def test_pieces_go_to_whoever_has_least_in_order() -> None:
    assert turns(crowd("a", "b", pieces=5)) == [("a", 0), ("b", 1), ("a", 2), ("b", 3)]


def test_nobody_has_more_than_the_depth() -> None:
    shallow = crowd("a", pieces=3, patience=Patience(depth=1))
    assert turns(shallow) == [("a", 0)]
    assert shallow.settled("a", 0, 1.0)
    assert turns(shallow) == [("a", 1)]


def test_pieces_wait_for_a_busy_worker_only_where_they_are_short() -> None:
    some = crowd("a", pieces=20, patience=Patience(short_s=0.05))
    assert turns(some, now=0.0) == [("a", 0)], "nobody knows yet how long they take"
    some.settled("a", 0, now=0.01)
    assert turns(some, now=0.01) == [("a", 1), ("a", 2)]
    some.settled("a", 1, now=5.0)
    some.settled("a", 2, now=5.0)
    assert turns(some, now=5.0) == [("a", 3)], "they have become long"


def test_a_piece_is_settled_once_by_whoever_has_it() -> None:
    one = crowd("a", "b", pieces=1)
    turns(one)
    assert not one.settled("b", 0, 0)
    assert one.settled("a", 0, 0)
    assert not one.settled("a", 0, 0)
    assert len(one) == 0


def test_what_a_worker_had_not_begun_goes_to_the_next_in_order() -> None:
    some = crowd("a", pieces=4)
    turns(some)
    some.lost("a", "killed")
    some.arrived("b")
    assert turns(some) == [("b", 0), ("b", 1)]


def test_the_first_crash_makes_a_suspect_that_is_tried_alone() -> None:
    some = crowd("a", pieces=3)
    turns(some)
    assert some.lost("a", "crashed") is None
    some.arrived("b")
    assert turns(some) == [("b", 0)], "it has the worker to itself"
    assert some.settled("b", 0, 0)
    assert turns(some) == [("b", 1), ("b", 2)], "and is cleared by an answer"


def test_two_crashes_alone_are_the_end() -> None:
    some = crowd("a", pieces=1)
    turns(some)
    for _ in range(2):
        assert some.lost("a", "crashed") is None
        some.arrived("a")
        assert turns(some) == [("a", 0)]
    given_up = some.lost("a", "crashed")
    assert given_up is not None
    assert (given_up.work, given_up.crashes) == ("piece 0", 2)
    assert len(some) == 0


def test_who_was_near_is_never_blamed() -> None:
    some = crowd("a", pieces=2)
    turns(some)
    for _ in range(3):
        gone = some.lost("a", "crashed")
        some.arrived("a")
        turns(some)
    assert gone is not None
    assert gone.key == 0
    assert some.settled("a", 1, 0)


def test_two_deadlines_are_the_end_in_company_too() -> None:
    some = crowd("a", pieces=2, patience=Patience(limit_s=1.0, short_s=inf))
    turns(some, now=0.0)
    assert list(some.overdue(0.9)) == []
    assert (list(some.overdue(1.0)), some.deadline()) == (["a"], 1.0)
    assert some.lost("a", "overdue") is None
    some.arrived("a")
    assert turns(some, now=5.0) == [("a", 0)]
    given_up = some.lost("a", "overdue")
    assert given_up is not None
    assert given_up.key == 0


def test_the_clock_of_a_piece_starts_when_the_one_before_is_settled() -> None:
    some = crowd("a", pieces=2, patience=Patience(limit_s=1.0, short_s=inf))
    turns(some, now=0.0)
    some.settled("a", 0, now=0.8)
    assert list(some.overdue(1.5)) == []
    assert list(some.overdue(1.8)) == ["a"]


def test_being_killed_from_outside_is_forgiven_many_times() -> None:
    some = crowd("a", pieces=1, patience=Patience(kills=3, short_s=inf))
    for expected in (None, None, 0):
        turns(some)
        given_up = some.lost("a", "killed")
        assert (given_up and given_up.key) == expected
        some.arrived("a")


def test_a_suspect_does_not_wait_for_ever_where_all_are_busy() -> None:
    some = crowd("a", "b", pieces=100)
    turns(some)
    some.lost("b", "crashed")
    some.arrived("b")
    order: list[tuple[str, int]] = []
    while (1 not in [key for _, key in order]) and len(order) < 20:
        order += turns(some)
        for worker in ("a", "b"):
            have = [key for who, key in order if who == worker]
            if have:
                some.settled(worker, have[-1], 0)
    assert 1 in [key for _, key in order]


def test_all_that_is_left_can_be_taken_back_in_order() -> None:
    some = crowd("a", pieces=4)
    turns(some)
    some.lost("a", "crashed")
    assert some.withdraw() == [f"piece {key}" for key in range(4)]
    assert len(some) == 0


@pytest.mark.parametrize("ending", ["crashed", "overdue", "killed"])
def test_losing_a_stranger_changes_nothing(ending: Ending) -> None:
    some = crowd("a", pieces=1)
    assert some.lost("b", ending) is None
    assert len(some) == 1


class Anything(RuleBasedStateMachine):
    """Workers come, answer and die in any order: nothing is lost, nothing settled twice, nobody innocent blamed."""

    def __init__(self) -> None:
        super().__init__()
        self.crowd: Assignments[int, int] = Assignments(Patience(depth=2, crashes=2, kills=1000))
        self.next = 0
        self.workers: dict[int, list[int]] = {}
        self.born = 0
        self.settled: list[int] = []
        self.given_up: list[int] = []
        self.crashed: dict[int, int] = {}

    @rule(count=st.integers(1, 5))
    def new_pieces(self, count: int) -> None:
        for _ in range(count):
            self.crowd.put(self.next, self.next)
            self.next += 1

    @precondition(lambda self: len(self.workers) < 4)
    @rule()
    def a_worker_comes(self) -> None:
        self.born += 1
        self.workers[self.born] = []
        self.crowd.arrived(self.born)

    @rule()
    def work_is_given(self) -> None:
        while (turn := self.crowd.take(0.0)) is not None:
            assert turn.key == turn.work
            self.workers[turn.worker].append(turn.key)
            assert len(self.workers[turn.worker]) <= 2

    @precondition(lambda self: any(self.workers.values()))
    @rule(data=st.data())
    def one_answers(self, data: st.DataObject) -> None:
        worker = data.draw(st.sampled_from([worker for worker, have in self.workers.items() if have]))
        key = self.workers[worker].pop(0)
        assert self.crowd.settled(worker, key, 0.0)
        self.settled.append(key)

    @precondition(lambda self: self.workers)
    @rule(data=st.data(), ending=st.sampled_from(["crashed", "killed"]))
    def one_dies(self, data: st.DataObject, ending: Ending) -> None:
        worker = data.draw(st.sampled_from(list(self.workers)))
        had = self.workers.pop(worker)
        gone = self.crowd.lost(worker, ending)
        if had and ending == "crashed":
            self.crashed[had[0]] = self.crashed.get(had[0], 0) + 1
        if gone is not None:
            assert ending == "crashed"
            assert gone.key == had[0]
            assert self.crashed[gone.key] >= 2, "once is not enough"
            self.given_up.append(gone.key)

    @invariant()
    def every_piece_is_somewhere_once(self) -> None:
        assert len(self.settled) == len(set(self.settled))
        assert not set(self.settled) & set(self.given_up)
        assert len(self.crowd) == self.next - len(self.settled) - len(self.given_up)

    def teardown(self) -> None:
        for worker in list(self.workers):
            self.crowd.lost(worker, "killed")
        left = self.crowd.withdraw()
        assert sorted([*left, *self.settled, *self.given_up]) == list(range(self.next))


TestAnything = Anything.TestCase


@given(st.integers(1, 5), st.integers(0, 30))
def test_with_workers_that_live_everything_is_settled_in_order_of_giving(count: int, pieces: int) -> None:
    some = crowd(*map(str, range(count)), pieces=pieces)
    seen: list[int] = []
    while given := turns(some):
        for worker, key in given:
            assert some.settled(worker, key, 0)
            seen.append(key)
    assert seen == list(range(pieces))
