"""Ctrl-C while a command still loads: it ends, also where Python drops the exception."""

from __future__ import annotations

import signal
import sys
import weakref
from collections.abc import Iterator

import pytest

from framebus.cli.stopping import Early, Stopping, early


@pytest.fixture(autouse=True)
def as_at_a_start() -> Iterator[None]:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    early.came = False
    signal.signal(signal.SIGINT, before)


class Thing:
    """Something that is waited for to go."""


def test_it_is_the_exception_that_it_always_is() -> None:
    with pytest.raises(KeyboardInterrupt), early:
        signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_one_that_came_in_a_callback_and_was_dropped_is_raised_where_the_command_begins(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dropped: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", dropped.append)
    thing = Thing()
    watched = weakref.ref(thing, lambda _: signal.raise_signal(signal.SIGINT))
    with early:
        del thing
        assert watched() is None
        assert len(dropped) == 1
        with pytest.raises(KeyboardInterrupt), Stopping():
            raise AssertionError("nobody stopped it")


def test_where_signals_are_somebody_elses_they_stay_so() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with Early():
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
