"""Calls to several services: each gets one outcome from each, whatever comes in whatever order."""

from __future__ import annotations

import weakref

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from framebus.core.frame import Frame
from framebus.work.calls import Call, Calls, Desk, Outcome

NAMES = ("a", "b", "c")
FRAME = Frame.of(np.zeros((2, 2), np.uint8))


def opened(calls: Calls, limit_s: float | None = None, now: float = 0.0) -> Call:
    return calls.open(FRAME, limit_s, now)


def taken(desk: Desk) -> Call:
    call = desk.take()
    assert call is not None
    return call


def test_a_call_is_complete_once_all_have_said_something() -> None:
    calls = Calls(("a", "b"))
    call = opened(calls)
    for name, outcome in (("a", Outcome(data=1)), ("b", Outcome(missing="away"))):
        assert not call.complete
        assert taken(calls.desks[name]) is call
        calls.desks[name].answered(call.number, outcome)
    assert call.complete
    assert call.outcomes == {"a": Outcome(data=1), "b": Outcome(missing="away")}


def test_time_is_up_at_the_deadline() -> None:
    call = opened(Calls(("a",)), limit_s=0.5, now=10.0)
    assert not call.over(10.4)
    assert call.over(10.5)
    assert not opened(Calls(("a",))).over(1e9)


def test_calls_are_numbered_and_sent_in_order() -> None:
    calls = Calls(("a",))
    made = [opened(calls) for _ in range(4)]
    assert [call.number for call in made] == [0, 1, 2, 3]
    assert [taken(calls.desks["a"]) for _ in made] == made
    assert calls.desks["a"].take() is None


def test_the_first_word_counts_and_late_answers_are_dropped() -> None:
    calls = Calls(("a",))
    call, desk = opened(calls), calls.desks["a"]
    desk.take()
    call.settle("a", Outcome(missing="too late"))
    assert desk.answered(call.number, Outcome(data=1)) is call
    assert call.outcomes["a"].missing == "too late"
    assert desk.answered(call.number, Outcome(data=2)) is None


def test_a_service_that_is_behind_gets_nothing_new_until_it_has_caught_up() -> None:
    calls = Calls(("a",))
    desk = calls.desks["a"]
    late = opened(calls)
    desk.take()
    late.settle("a", Outcome(missing="too late"))
    fresh = opened(calls)
    assert (desk.behind, desk.due, desk.waits) == (True, False, True)
    assert desk.take() is None
    desk.answered(late.number, Outcome())
    assert (desk.behind, desk.due) == (False, True)
    assert taken(desk) is fresh


def test_what_nobody_waits_for_any_more_is_not_sent() -> None:
    calls = Calls(("a",))
    given_up, wanted = opened(calls), opened(calls)
    given_up.settle("a", Outcome(missing="too late"))
    assert taken(calls.desks["a"]) is wanted


def test_the_frame_a_lost_service_worked_on_is_missing_and_the_rest_sent_again() -> None:
    calls = Calls(("a",))
    desk = calls.desks["a"]
    first, second, third = (opened(calls) for _ in range(3))
    desk.take()
    desk.take()
    desk.lost("it crashed", at_work=True)
    assert first.outcomes["a"].missing == "it crashed"
    assert [taken(desk), taken(desk)] == [second, third]


def test_one_lost_before_it_began_is_blamed_for_nothing() -> None:
    calls = Calls(("a",))
    call, desk = opened(calls), calls.desks["a"]
    desk.take()
    desk.lost("it crashed", at_work=False)
    assert not call.complete
    assert taken(desk) is call


def test_a_service_that_never_answers_again_answers_nothing() -> None:
    calls = Calls(("a",))
    desk = calls.desks["a"]
    both = [opened(calls), opened(calls)]
    desk.take()
    desk.give_up("it is gone")
    assert [call.outcomes["a"].missing for call in both] == ["it is gone"] * 2
    assert (desk.busy, desk.waits) == (False, False)


def test_a_service_that_never_comes_does_not_pile_up_frames() -> None:
    calls = Calls(("a",))
    frames = []
    for _ in range(50):
        frame = FRAME.replace()
        frames.append(weakref.ref(frame))
        call = calls.open(frame, None, 0.0)
        call.settle("a", Outcome(missing="nobody there"))
    del frame, call
    assert sum(frame() is not None for frame in frames) == 1


class AnyOrder(RuleBasedStateMachine):
    """Services that answer, die and come back while calls are made and given up."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = Calls(NAMES)
        self.made: list[Call] = []
        self.sent: dict[str, list[int]] = {name: [] for name in NAMES}
        self.with_it: dict[str, list[int]] = {name: [] for name in NAMES}
        self.first: dict[tuple[str, int], Outcome] = {}

    names = st.sampled_from(NAMES)

    @rule()
    def ask(self) -> None:
        self.made.append(opened(self.calls))

    @rule(name=names)
    def send(self, name: str) -> None:
        call = self.calls.desks[name].take()
        if call is not None:
            assert name in call.open
            self.with_it[name].append(call.number)

    @rule(name=names, which=st.integers(0, 5))
    def answer(self, name: str, which: int) -> None:
        if which < len(self.with_it[name]):
            self.calls.desks[name].answered(self.with_it[name].pop(which), Outcome(data=name))

    @precondition(lambda self: self.made)
    @rule(name=names, which=st.integers(0, 50))
    def give_up(self, name: str, which: int) -> None:
        self.made[which % len(self.made)].settle(name, Outcome(missing="too late"))

    @rule(name=names, at_work=st.booleans())
    def die(self, name: str, at_work: bool) -> None:
        self.calls.desks[name].lost("it crashed", at_work=at_work)
        self.with_it[name].clear()

    @invariant()
    def outcomes_never_change(self) -> None:
        for call in self.made:
            assert set(call.outcomes) | call.open == set(NAMES)
            for name, outcome in call.outcomes.items():
                assert self.first.setdefault((name, call.number), outcome) == outcome

    @invariant()
    def nothing_is_forgotten(self) -> None:
        for name, desk in self.calls.desks.items():
            assert desk.busy == bool(self.with_it[name])
            waiting = [call.number for call in self.made if name in call.open and call.number not in self.with_it[name]]
            assert desk.waits == bool(waiting)

    def teardown(self) -> None:
        for name, desk in self.calls.desks.items():
            for number in self.with_it[name]:
                desk.answered(number, Outcome())
            numbers = []
            while (call := desk.take()) is not None:
                numbers.append(call.number)
            assert numbers == sorted(numbers)
            assert all(call.number in numbers for call in self.made if name in call.open)


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)
