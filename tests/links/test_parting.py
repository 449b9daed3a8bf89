"""The end of a switchboard: what was sent arrives, as far as there is time."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from framebus.links.carrier import CALLED
from tests.links.boards import MB, PATIENCE_S, End, Place, calls, introduced, listens, marks, met, parcel, says, until

LONG_MS = 600_000


@contextlib.contextmanager
def _closing_in_background(end: End, linger_ms: int) -> Iterator[threading.Thread]:
    thread = threading.Thread(target=end.board.close, args=(linger_ms,), name="closer")
    thread.start()
    try:
        yield thread
    finally:
        thread.join(PATIENCE_S)


@pytest.mark.parametrize("calls", [True, False], ids=["who calls", "who listens"])
def test_what_was_sent_arrives_when_there_is_time(stack: ExitStack, place: Place, calls: bool) -> None:
    server, caller, peer = met(stack, place)
    leaver, stayer = (caller, server) if calls else (server, caller)
    stayer.heard.clear()
    for mark in range(30):
        says(leaver, CALLED if calls else peer, parcel(mark, MB))
    with _closing_in_background(leaver, LONG_MS) as closer:
        until(lambda: stayer.gone, stayer)
        closer.join(PATIENCE_S)
        assert not closer.is_alive(), "waits though everything has arrived"

    assert marks(stayer) == [b"header %d" % mark for mark in range(30)]


def test_what_the_other_side_is_saying_does_not_take_back_what_was_sent(stack: ExitStack, place: Place) -> None:
    server, caller, peer = met(stack, place)
    for _ in range(20):
        says(caller, CALLED, parcel(1, MB // 10))  # never read
    says(server, peer, b"goodbye")
    with _closing_in_background(server, LONG_MS) as closer:
        says(caller, CALLED, b"are you still there?")
        until(lambda: caller.gone, caller)
        closer.join(PATIENCE_S)
        assert not closer.is_alive(), "waits though everything has arrived"

    assert caller.messages == [[b"goodbye"]]


def test_one_that_does_not_read_costs_the_others_nothing(stack: ExitStack, place: Place) -> None:
    server, stuck, caller = listens(stack, place), calls(stack, place), calls(stack, place)
    peers = [introduced(server, stuck), introduced(server, caller)]
    for mark in range(30):
        for peer in peers:
            says(server, peer, parcel(mark, MB))
    with _closing_in_background(server, 2000):
        until(lambda: caller.gone, caller)
        stuck.close()

    assert len(caller.heard) == 30


def test_one_that_never_reads_does_not_keep_us_for_ever(stack: ExitStack, place: Place) -> None:
    server, caller, peer = met(stack, place)
    for mark in range(30):
        says(server, peer, parcel(mark, MB))
    server.board.close(20)
    until(lambda: caller.gone, caller)


def test_without_time_everything_ends_at_once(stack: ExitStack, place: Place) -> None:
    server, caller, peer = met(stack, place)
    for mark in range(30):
        says(server, peer, parcel(mark, MB))
    server.board.close()
    server.board.close()
    until(lambda: caller.gone, caller)

    assert not os.path.exists(place.path)
    with pytest.raises(OSError, match=r"refused|No such file"):
        place.stranger()


def test_closing_while_calling_is_nothing_special(stack: ExitStack, place: Place) -> None:
    caller = calls(stack, place)
    caller.board.close(LONG_MS)
    with contextlib.suppress(ValueError):
        assert caller.board.fileno() == -1
