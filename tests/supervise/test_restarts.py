"""The restart budget: at once the first time, later each further one, never too often, and not for ever in vain."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from framebus.supervise.restarts import RestartRules, Restarts

RULES = RestartRules(attempts=4, restarts=3, window_s=10.0, first_delay_s=0.5, longest_delay_s=1.5)


def test_the_first_restart_is_at_once_and_further_ones_wait_longer_and_longer() -> None:
    restarts = Restarts(RestartRules(attempts=6, restarts=100, first_delay_s=0.5, longest_delay_s=1.5))
    assert [restarts.died(0.0) for _ in range(6)] == [0.0, 0.5, 1.0, 1.5, 1.5, None]


def test_work_done_forgives_what_was_before() -> None:
    restarts = Restarts(RULES)
    for number in range(20):
        assert restarts.died(number * 100.0) == number * 100.0
        restarts.worked()


def test_being_killed_by_others_counts_for_less() -> None:
    restarts = Restarts(RULES)
    attempts = [restarts.died(number * 100.0, killed=True) for number in range(81)]
    assert None not in attempts[:79]
    assert attempts[80] is None


def test_a_budget_that_is_spent_makes_the_next_one_wait() -> None:
    restarts = Restarts(RULES)
    times = []
    for _ in range(4):
        restarts.worked()
        times.append(restarts.died(1.0))
    assert times == [1.0, 1.0, 1.0, 11.0]


@given(st.lists(st.tuples(st.floats(0, 5), st.booleans()), max_size=60))
def test_whatever_happens(deaths: list[tuple[float, bool]]) -> None:
    """Never before the death, never more than the budget in any window, the end exactly after so many in vain."""
    restarts, now, in_vain, starts = Restarts(RULES), 0.0, 0, []
    for passed, useful in deaths:
        now += passed
        if useful:
            restarts.worked()
        in_vain = 1 if useful else in_vain + 1
        at = restarts.died(now)
        assert (at is None) == (in_vain >= RULES.attempts)
        if at is None:
            return
        assert at >= now
        starts.append(at)
        now = at
    for first, later in zip(starts, starts[RULES.restarts :], strict=False):
        assert later - first >= RULES.window_s - 1e-6
