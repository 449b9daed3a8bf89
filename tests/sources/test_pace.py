"""Waiting for a frame's moment."""

from __future__ import annotations

import threading

import pytest

from framebus.core import clock
from framebus.core.errors import OptionError
from framebus.sources.pace import Pace, parse_fps


class FakeTime:
    """A clock that goes on only when somebody waits."""

    def __init__(self, patch: pytest.MonkeyPatch, pace: Pace) -> None:
        self.now_ns = 10**12
        self.waits: list[float] = []
        patch.setattr(clock, "mono_ns", lambda: self.now_ns)
        patch.setattr(pace._stopped, "wait", self._wait)

    def _wait(self, timeout: float) -> bool:
        self.waits.append(round(timeout, 6))
        self.now_ns += round(timeout * 1e9)
        return False


def test_moments_are_evenly_spaced_whatever_happens_between(monkeypatch: pytest.MonkeyPatch) -> None:
    pace = Pace(10)
    time = FakeTime(monkeypatch, pace)
    for work_ms in (30, 70, 0):
        assert pace.wait()
        time.now_ns += work_ms * 10**6
    pace.wait()
    assert time.waits == [0, 0.07, 0.03, 0.1]


def test_who_is_late_does_not_hurry_after(monkeypatch: pytest.MonkeyPatch) -> None:
    pace = Pace(10)
    time = FakeTime(monkeypatch, pace)
    pace.wait()
    time.now_ns += 10**9
    pace.wait()
    pace.wait()
    assert time.waits == [0, 0, 0.1]


def test_zero_never_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    pace = Pace(0)
    time = FakeTime(monkeypatch, pace)
    assert all(pace.wait() for _ in range(100))
    assert not time.waits


@pytest.mark.parametrize("fps", [0, 1e-4])
def test_stop_ends_it(fps: float) -> None:
    pace = Pace(fps)
    assert pace.wait()
    pace.stop()
    assert not pace.wait()


def test_stop_ends_a_wait_in_another_thread() -> None:
    pace, answers = Pace(1e-4), []
    pace.wait()
    thread = threading.Thread(target=lambda: answers.append(pace.wait()))
    thread.start()
    pace.stop()
    thread.join(20)
    assert answers == [False]


@pytest.mark.parametrize("value", [0, 30, "29.97", 1e6])
def test_fps(value: float | str) -> None:
    assert parse_fps(value) == float(value)


@pytest.mark.parametrize("value", [-1, "many", float("inf"), float("nan"), 1e7, None])
def test_no_fps(value: object) -> None:
    with pytest.raises(OptionError, match="frames per second"):
        parse_fps(value)  # type: ignore[arg-type]
