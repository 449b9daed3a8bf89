"""How far a job is, and how fast."""

from __future__ import annotations

from framebus.batch.progress import WINDOW_S, Pace, Progress


def test_time_left_is_what_is_left_at_this_rate() -> None:
    assert Progress(total=100, done=35, failed=5, rate=20.0).left_s == 3.0


def test_nobody_knows_while_inputs_are_listed_or_nothing_is_done() -> None:
    assert Progress(found=100, done=40, rate=20.0).left_s is None
    assert Progress(total=100).left_s is None


def test_the_rate_is_that_of_the_last_seconds() -> None:
    pace = Pace(0.0)
    for second in range(1, 31):
        pace.mark(float(second), second * 100 if second <= 10 else 1000 + (second - 10) * 10)
    assert pace.rate(30.0, 1200) == 10.0
    assert WINDOW_S == 10.0


def test_there_is_a_rate_from_the_start() -> None:
    pace = Pace(5.0)
    assert pace.rate(5.0, 0) == 0.0
    assert pace.rate(5.5, 100) == 200.0
