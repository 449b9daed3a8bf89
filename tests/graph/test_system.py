"""The state machine of a system: what starts, and when again, what a new description changes, how it ends in order."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from framebus.graph.plans import Plan
from framebus.graph.system import GRACE_S, RULES, STEADY_S, Order, System
from tests.graph.plans import capture, pipe, service


def system(*plans: Plan, at: float | None = 0.0) -> System:
    """One that has these; started at that time."""
    made = System()
    made.apply(plans)
    if at is not None:
        made.due(at)
        for plan in plans:
            made.ready(plan.key, at)
    return made


def orders(*texts: str) -> list[Order]:
    return [Order(*text.split()) for text in texts]  # type: ignore[arg-type]


def test_everything_starts_at_once_and_once() -> None:
    made = system(capture(gate=1), pipe("look"), service("seg"), at=None)
    assert made.due(0.0) == orders("start streams", "start pipes.look", "start services.seg")
    assert made.due(0.0) == []


def test_what_dies_is_started_again_at_once_the_first_time_and_later_after_that() -> None:
    made = system(pipe("look"))
    made.died("pipes.look", 1.0, "was killed")
    assert made.due(1.0) == orders("start pipes.look")
    made.died("pipes.look", 1.0, "was killed")
    assert made.due(1.0) == []
    assert made.wake_at == pytest.approx(1.0 + RULES.first_delay_s)
    assert made.due(1.2) == orders("start pipes.look")


def test_what_worked_between_is_started_again_at_once() -> None:
    made = system(pipe("look"))
    for now in range(1, 8):
        made.ready("pipes.look", now)
        made.worked("pipes.look")
        made.died("pipes.look", now, "was killed")
        assert made.due(now) == orders("start pipes.look")


def test_what_stood_for_long_did_its_work() -> None:
    made = system(service("seg"))
    now = 0.0
    for _ in range(4):
        made.ready("services.seg", now)
        now += STEADY_S
        made.died("services.seg", now, "was killed")
        assert made.due(now) == orders("start services.seg")


def test_nothing_is_given_up_but_nothing_is_tried_all_the_time() -> None:
    made = system(pipe("look"))
    now, starts = 0.0, 0
    while now < 24 * 3600.0:
        made.died("pipes.look", now, "no disk")
        assert made.members["pipes.look"].life.state == "waiting"
        assert made.wake_at is not None
        now = max(now, made.wake_at)
        assert made.due(now) == orders("start pipes.look")
        starts += 1
    assert starts < 24 * 3600 / RULES.longest_delay_s + RULES.restarts * 2


def test_what_is_never_restarted_has_failed_when_it_dies() -> None:
    made = system(pipe("once", restart="never"), pipe("on"))
    made.died("pipes.once", 1.0, "was killed")
    assert made.members["pipes.once"].failed
    assert made.members["pipes.once"].why == "was killed"
    assert made.due(100.0) == []


def test_what_can_never_be_is_not_tried_again() -> None:
    made = system(pipe("look"), pipe("on"))
    made.hopeless("pipes.look", "look.py has no function 'lok'", 2)
    made.died("pipes.look", 1.0, "ended with exit code 2")
    assert made.members["pipes.look"].failed
    assert made.members["pipes.look"].why == "look.py has no function 'lok'"
    assert made.due(100.0) == []


def test_what_can_never_be_says_why_though_it_is_heard_later_that_it_had_begun() -> None:
    made = system(pipe("look"), pipe("on"))
    made.hopeless("pipes.look", "port 80 may not be opened by this user", 4)
    made.worked("pipes.look")
    assert made.members["pipes.look"].why == "port 80 may not be opened by this user"


def test_what_can_never_be_has_failed_though_everything_is_stopped_before_its_process_has_ended() -> None:
    made = system(pipe("look"))
    made.hopeless("pipes.look", "port 80 may not be opened by this user", 4)
    assert made.due(1.0) == orders("stop pipes.look")
    made.died("pipes.look", 1.1, "ended with exit code 4")
    assert made.over
    assert made.members["pipes.look"].failed
    assert made.exit_code == 4


def test_where_nothing_else_was_to_be_done_it_ends_as_the_command_that_could_never_work() -> None:
    made = system(capture(cam=1), pipe("look"), service("seg"))
    assert made.exit_code == 0
    made.hopeless("pipes.look", "port 80 may not be opened by this user", 4)
    made.died("pipes.look", 1.0, "ended with exit code 4")
    assert made.finished
    assert made.exit_code == 4


def test_where_something_else_was_done_a_failure_is_one_of_several_outcomes() -> None:
    made = system(pipe("look"), pipe("save"), pipe("hub"))
    made.hopeless("pipes.look", "port 80 may not be opened by this user", 4)
    made.hopeless("pipes.hub", "port 81 may not be opened by this user", 4)
    made.done("pipes.save")
    assert made.finished
    assert made.exit_code == 3


def test_failures_of_several_kinds_are_listed() -> None:
    made = system(pipe("look"), pipe("once", restart="never"))
    made.hopeless("pipes.look", "port 80 may not be opened by this user", 4)
    made.died("pipes.once", 1.0, "was killed")
    assert made.exit_code == 3


def test_what_came_back_has_not_failed() -> None:
    made = system(pipe("look"))
    made.died("pipes.look", 1.0, "was killed")
    assert made.exit_code == 0


def test_it_ends_when_all_pipes_are_done_and_stops_the_rest() -> None:
    made = system(capture(clip=1), pipe("a"), pipe("b", stage=2), service("seg"))
    for key in ("pipes.a", "pipes.b"):
        assert not made.finished
        made.done(key)
        made.died(key, 1.0, "ended with exit code 0")
    assert made.due(2.0) == orders("stop streams")
    made.died("streams", 2.5, "ended with exit code 0")
    assert made.due(2.5) == orders("stop services.seg")
    made.died("services.seg", 2.6, "ended with exit code 0")
    assert made.over


def test_without_pipes_it_ends_when_everything_is_done() -> None:
    made = system(capture(clip=1))
    made.done("streams")
    made.died("streams", 1.0, "ended")
    made.due(1.0)
    assert made.over


def test_a_service_alone_goes_on() -> None:
    assert not system(service("seg")).finished


def test_it_stops_what_makes_frames_before_what_takes_them() -> None:
    made = system(service("seg"), pipe("second", stage=2), pipe("first"), capture(gate=1))
    made.stop()
    for key in ("streams", "pipes.first", "pipes.second", "services.seg"):
        assert made.due(1.0) == orders(f"stop {key}")
        assert made.due(1.0) == []
        made.died(key, 1.0, "ended with exit code 0")
    assert made.over


def test_what_does_not_stop_is_killed_and_the_next_are_asked() -> None:
    made = system(pipe("a"), pipe("b", stage=2))
    made.stop()
    made.due(1.0)
    assert made.wake_at == 1.0 + GRACE_S
    assert made.due(1.0 + GRACE_S) == orders("kill pipes.a")
    assert made.due(60.0) == []
    made.died("pipes.a", 60.0, "was killed")
    assert made.due(60.0) == orders("stop pipes.b")


def test_what_was_told_to_stop_has_not_failed() -> None:
    made = system(pipe("once", restart="never"), pipe("on"))
    made.stop()
    made.due(1.0)
    for key in ("pipes.once", "pipes.on"):
        made.died(key, 1.5, "was killed")
        assert made.members[key].life.state == "stopped"
        assert made.members[key].why == ""


def test_hurry_kills_all_at_once() -> None:
    made = system(pipe("a"), pipe("b", stage=2), service("seg"))
    made.stop()
    made.due(1.0)
    made.hurry()
    assert made.due(1.0) == orders("kill pipes.a", "kill pipes.b", "kill services.seg")
    assert made.due(1.0) == []


def test_what_has_not_begun_has_nothing_to_finish() -> None:
    made = system(pipe("a"), pipe("b", stage=2))
    made.died("pipes.b", 1.0, "was killed")
    made.due(1.0)
    made.stop()
    assert made.due(2.0) == orders("stop pipes.a")
    made.died("pipes.a", 2.5, "ended")
    assert made.due(2.5) == orders("kill pipes.b")


def test_nothing_is_started_while_it_stops() -> None:
    made = system(pipe("a"), pipe("b", stage=2))
    made.stop()
    made.due(1.0)
    made.died("pipes.b", 1.1, "was killed")
    assert made.due(50.0) == orders("kill pipes.a")


# another description ------------------------------------------------------------------------------------


def test_only_what_changed_is_replaced() -> None:
    made = system(capture(gate=1), pipe("a"), pipe("b"), service("seg"))
    assert made.apply([capture(gate=1), pipe("a", 2), pipe("c"), service("seg")]) == ["pipes.a", "pipes.c", "pipes.b"]
    assert made.due(1.0) == orders("stop pipes.a", "stop pipes.b", "start pipes.c")
    made.died("pipes.a", 1.5, "ended")
    made.died("pipes.b", 1.5, "ended")
    assert made.due(1.5) == orders("start pipes.a")
    assert made.members["pipes.a"].plan == pipe("a", 2)
    assert list(made.members) == ["streams", "pipes.a", "services.seg", "pipes.c"]


def test_the_same_description_changes_nothing() -> None:
    made = system(capture(gate=1), pipe("a"))
    assert made.apply([pipe("a"), capture(gate=1)]) == []
    assert made.due(1.0) == []


def test_capture_goes_over_to_other_streams_without_ending() -> None:
    made = system(capture(gate=1), pipe("a"))
    made.ready("streams", 0.5)
    made.apply([capture(gate=1, yard=2), pipe("a")])
    assert made.due(1.0) == orders("change streams")
    assert made.due(1.0) == []
    made.died("streams", 2.0, "was killed")
    assert made.due(2.0) == orders("start streams")
    assert made.members["streams"].plan == capture(gate=1, yard=2)


def test_what_changed_while_it_was_away_is_not_told_twice() -> None:
    made = system(capture(gate=1), pipe("a"))
    made.died("streams", 1.0, "was killed")
    made.apply([capture(gate=2), pipe("a")])
    assert made.due(1.0) == orders("start streams")
    assert made.due(1.0) == []
    assert made.members["streams"].plan == capture(gate=2)


def test_what_is_done_and_changed_before_it_has_ended_begins_anew() -> None:
    made = system(pipe("a"))
    made.done("pipes.a")
    made.apply([pipe("a", 1)])
    assert not made.finished
    assert made.due(1.0) == orders("stop pipes.a")
    made.died("pipes.a", 1.1, "ended")
    assert made.due(1.1) == orders("start pipes.a")


def test_what_failed_is_tried_again_as_soon_as_it_is_described_otherwise() -> None:
    made = system(pipe("a"), pipe("b"))
    made.hopeless("pipes.a", "no such function", 2)
    made.died("pipes.a", 1.0, "ended")
    made.apply([pipe("a", 1), pipe("b")])
    assert made.due(1.0) == orders("start pipes.a")


def test_going_back_before_the_old_one_has_ended_starts_it_anew() -> None:
    made = system(pipe("a"), pipe("b"))
    made.apply([pipe("a", 1), pipe("b")])
    assert made.due(1.0) == orders("stop pipes.a")
    made.apply([pipe("a"), pipe("b")])
    made.died("pipes.a", 1.5, "ended")
    assert made.due(1.5) == orders("start pipes.a")
    assert made.members["pipes.a"].plan == pipe("a")


def test_a_pipe_that_was_taken_out_and_put_back_starts_anew() -> None:
    made = system(pipe("a"), pipe("b"))
    made.apply([pipe("b")])
    made.due(1.0)
    made.apply([pipe("a"), pipe("b")])
    made.died("pipes.a", 1.5, "ended")
    assert made.due(1.5) == orders("start pipes.a")


# anything at any time -----------------------------------------------------------------------------------

NAMES = ("streams", "pipes.a", "pipes.b", "pipes.c", "services.s")
versions = st.fixed_dictionaries({}, optional={name: st.integers(0, 2) for name in NAMES})


def plans_of(description: dict[str, int]) -> list[Plan]:
    makers: dict[str, Any] = {
        "streams": lambda version: capture(gate=version),
        "pipes.a": lambda version: pipe("a", version),
        "pipes.b": lambda version: pipe("b", version, stage=2, restart="never"),
        "pipes.c": lambda version: pipe("c", version, stage=2),
        "services.s": lambda version: service("s", version),
    }
    return [makers[name](version) for name, version in description.items()]


class Simulation(RuleBasedStateMachine):
    """Processes that start, stop, die and hang as they like, under a system that is told of it."""

    def __init__(self) -> None:
        super().__init__()
        self.system = System()
        self.now = 0.0
        self.running: dict[str, Plan] = {}
        self.asked: set[str] = set()
        self.killed: set[str] = set()
        self.described: dict[str, int] = {}
        self.stopping = False

    @initialize(description=versions)
    def begin(self, description: dict[str, int]) -> None:
        self.described = description
        self.system.apply(plans_of(description))

    @rule(seconds=st.sampled_from([0.0, 0.1, 1.0, 7.0, 40.0]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds
        self.perform()

    @rule(name=st.sampled_from(NAMES))
    def one_is_ready(self, name: str) -> None:
        if name in self.running:
            self.system.ready(name, self.now)

    @rule(name=st.sampled_from(NAMES))
    def one_works(self, name: str) -> None:
        if name in self.running:
            self.system.worked(name)

    @rule(name=st.sampled_from(NAMES))
    def one_dies(self, name: str) -> None:
        if name in self.running:
            self.end(name)

    @rule(name=st.sampled_from(NAMES[:4]))
    def one_is_done(self, name: str) -> None:
        if name in self.running:
            self.system.done(name)
            self.end(name)

    @rule(name=st.sampled_from(NAMES))
    def one_can_never_be(self, name: str) -> None:
        if name in self.running:
            self.system.hopeless(name, "no such file", 2)
            self.end(name)

    @precondition(lambda self: not self.stopping)
    @rule(description=versions)
    def the_file_is_saved(self, description: dict[str, int]) -> None:
        before = self.described
        touched = self.system.apply(plans_of(description))
        assert set(touched) <= {name for name in NAMES if before.get(name) != description.get(name)}
        self.described = description

    @rule()
    def somebody_stops_it(self) -> None:
        self.stopping = True
        self.system.stop()

    @invariant()
    def it_knows_what_runs(self) -> None:
        assert {key for key, member in self.system.members.items() if member.running} == set(self.running)

    @invariant()
    def it_never_forgets_to_wake_up(self) -> None:
        wake_at = self.system.wake_at
        assert wake_at is None or wake_at < math.inf
        if self.stopping and self.asked - self.killed:
            assert wake_at is not None

    def perform(self) -> None:
        stopping = self.system.stopping or self.system.finished
        for deed, key in self.system.due(self.now):
            if deed == "start":
                assert not stopping
                assert key not in self.running
                assert key in self.described
                self.running[key] = self.system.members[key].plan
                assert self.running[key] in plans_of(self.described)
                continue
            assert key in self.running
            if deed == "stop":
                assert key not in self.asked
                self.asked.add(key)
                if stopping:  # and nobody who makes frames for it still runs
                    assert self.running[key].stage == min(plan.stage for plan in self.running.values())
            elif deed == "kill":
                assert key not in self.killed
                self.killed.add(key)
            else:
                assert key == "streams"
        self.stopping = self.stopping or self.system.stopping

    def end(self, name: str) -> None:
        del self.running[name]
        self.asked.discard(name)
        self.killed.discard(name)
        self.system.died(name, self.now, "ended")

    def teardown(self) -> None:
        """However it stands: when it is stopped it is over in time, though nothing stops by itself."""
        self.system.stop()
        limit = self.now + (GRACE_S + 0.1) * len(NAMES)
        while not self.system.over:
            assert self.now <= limit
            self.perform()
            for name in list(self.killed):
                self.end(name)
            self.now = max(self.now, self.system.wake_at or self.now)


TestSimulation = Simulation.TestCase
TestSimulation.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
