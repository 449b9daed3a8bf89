"""Threads that wait for the same kind of news: one drives links meanwhile, all are woken, none is left behind."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence

import pytest

from framebus.links import vigil
from framebus.links.publishing import LinkPublisher
from framebus.testing.links import WAIT_S
from framebus.work.leader_followers import LeaderFollowers
from tests.waiting import until

HALF_A_MINUTE = 30.0


class Waiters:
    """Threads that sleep until something is true. `driving` are those that drive at the moment."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.news = threading.Condition()
        self.leading = LeaderFollowers(self.news)
        self.driving: list[str] = []
        self.asleep: set[str] = set()
        self._threads: list[threading.Thread] = []
        self._sleep = vigil.wait
        monkeypatch.setattr(vigil, "wait", self._drive)

    def start(self, name: str, over: Callable[[], object]) -> threading.Thread:
        """One that waits until it is `over`."""
        thread = threading.Thread(target=self._run, args=(over,), name=name)
        self._threads.append(thread)
        thread.start()
        until(lambda: name in self.asleep)
        return thread

    def join(self) -> None:
        for thread in self._threads:
            thread.join(WAIT_S)
            assert not thread.is_alive(), f"{thread.name} was left asleep"

    def _run(self, over: Callable[[], object]) -> None:
        with self.news:
            while not over():
                self.asleep.add(threading.current_thread().name)
                self.leading.sleep([], HALF_A_MINUTE)

    def _drive(self, publishers: Sequence[LinkPublisher], also: Sequence[int], limit_s: float) -> list[int]:
        self.driving.append(threading.current_thread().name)
        try:
            return self._sleep(publishers, also, limit_s)
        finally:
            self.driving.remove(threading.current_thread().name)


@pytest.fixture
def waiters(monkeypatch: pytest.MonkeyPatch) -> Iterator[Waiters]:
    waiters = Waiters(monkeypatch)
    yield waiters
    waiters.join()
    with waiters.news:
        waiters.leading.close()


def test_one_drives_and_news_from_elsewhere_wake_all(waiters: Waiters) -> None:
    told: list[str] = []
    waiters.start("first", lambda: told)
    waiters.start("second", lambda: told)
    until(lambda: waiters.driving == ["first"])
    with waiters.news:
        told.append("news")
        waiters.leading.wake()


def test_who_is_left_drives_when_the_one_that_did_has_what_it_wanted(waiters: Waiters) -> None:
    told: list[str] = []
    first = waiters.start("first", lambda: "first" in told)
    waiters.start("second", lambda: "second" in told)
    with waiters.news:
        told.append("first")
        waiters.leading.wake()
    first.join(WAIT_S)
    until(lambda: waiters.driving == ["second"])
    with waiters.news:
        told.append("second")
        waiters.leading.wake()


def test_nobody_drives_after_the_end(waiters: Waiters) -> None:
    told: list[str] = []
    waiters.start("first", lambda: told)
    with waiters.news:
        waiters.leading.close()
    waiters.start("late", lambda: told)
    until(lambda: not waiters.driving)
    with waiters.news:
        told.append("news")
        waiters.leading.wake()
