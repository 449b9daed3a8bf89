"""The thread that drives what no caller drives: it steps back for a caller, until the caller wants it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from framebus.links.reactor import Reactor
from framebus.testing.children import PATIENCE_S
from tests.waiting import until

HOUR_S = 3600.0


class Driven:
    """Something that a caller has just driven, and will not for an hour."""

    def __init__(self) -> None:
        self.scheduled = float("inf")
        self.left_alone = True
        self.driven = threading.Event()

    def hot_until(self, now: float) -> float:
        return now + HOUR_S if self.left_alone else now

    def turn(self, now: float) -> float | None:
        self.driven.set()
        return None


@pytest.fixture
def reactor() -> Iterator[Reactor]:
    reactor = Reactor()
    yield reactor
    reactor.stop()


def test_a_turn_that_was_put_off_for_a_caller_is_had_when_the_caller_wants_it(reactor: Reactor) -> None:
    driven = Driven()
    ours, theirs = socket.socketpair()
    with closing(ours), closing(theirs):
        theirs.send(b"news")
        reactor.watch(driven, ours.fileno())
        until(lambda: driven in reactor._disarmed)
        assert not driven.driven.is_set()

        driven.left_alone = False
        reactor.hasten(driven, time.monotonic())

        assert driven.driven.wait(PATIENCE_S)
        reactor.unwatch(driven)
