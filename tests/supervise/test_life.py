"""The life of a supervised process: every order of events leaves it in a state that makes sense."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from framebus.supervise.life import Life
from framebus.supervise.restarts import RestartRules

RULES = RestartRules(attempts=3, restarts=50, first_delay_s=1.0)


def test_it_is_due_at_once_and_ready_after_it_was_built() -> None:
    life = Life()
    assert life.due(0.0)
    life.started()
    assert (life.state, life.due(99.0)) == ("starting", False)
    life.ready()
    assert (life.state, life.ever_ready) == ("ready", True)


def test_a_death_brings_it_back_until_it_dies_in_vain_too_often() -> None:
    life = Life(RULES)
    states = []
    for _ in range(3):
        life.started()
        life.died(0.0)
        states.append((life.state, life.start_at))
    assert states == [("waiting", 0.0), ("waiting", 1.0), ("failed", None)]
    assert life.deaths == 3


def test_one_that_works_between_is_started_for_ever() -> None:
    life = Life(RULES)
    for _ in range(10):
        life.started()
        life.ready()
        life.worked()
        life.died(0.0)
    assert life.state == "waiting"


def test_what_can_never_be_is_not_started_again() -> None:
    life = Life()
    life.started()
    life.failed()
    life.died(0.0)
    assert (life.over, life.due(1e9), life.deaths) == (True, False, 0)


class AnyOrder(RuleBasedStateMachine):
    """Events in any order, as they come from several threads."""

    def __init__(self) -> None:
        super().__init__()
        self.life = Life(RULES)
        self.now = 0.0
        self.ended = False

    @rule(passed=st.floats(0, 100))
    def time_passes(self, passed: float) -> None:
        self.now += passed

    @precondition(lambda self: self.life.due(self.now))
    @rule()
    def start(self) -> None:
        self.life.started()

    @rule(event=st.sampled_from(["ready", "worked"]))
    def news(self, event: str) -> None:
        getattr(self.life, event)()

    @rule()
    def die(self) -> None:
        self.life.died(self.now)

    @rule(event=st.sampled_from(["failed", "stop"]))
    def end(self, event: str) -> None:
        getattr(self.life, event)()
        self.ended = True

    @invariant()
    def it_is_to_be_started_only_while_it_waits(self) -> None:
        assert (self.life.start_at is not None) == (self.life.state == "waiting")

    @invariant()
    def an_end_is_final(self) -> None:
        assert not self.ended or self.life.over
        assert not (self.life.over and self.life.due(self.now + 1e9))

    @invariant()
    def only_what_was_started_is_ready(self) -> None:
        assert self.life.state != "ready" or self.life.ever_ready


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
