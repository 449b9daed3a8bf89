"""The switchboard and strangers: how long they may take, what they may hold, and what people are told of them."""

from __future__ import annotations

import contextlib
import os
import select
import socket as system
import struct
import time
from contextlib import ExitStack, closing

import pytest

from framebus.links import strangers
from framebus.links.carrier import CALLED
from framebus.links.strangers import HANDSHAKE_S
from tests.links.boards import PATIENCE_S, End, Place, calls, heard_all, is_quiet, listens, met, says, until
from tests.links.fakes import Fake, FakeDoor

MIB = 1024 * 1024


def _let_in(server: End, raw: system.socket) -> None:
    """Drive until the stranger has been greeted."""
    until(lambda: select.select([raw], [], [], 0)[0], server)


def test_a_stranger_that_says_nothing_is_let_go_in_time(stack: ExitStack, streams: Place) -> None:
    server = listens(stack, streams)
    raw = stack.enter_context(streams.stranger())
    _let_in(server, raw)
    server.look(time.monotonic())
    assert server.gone == []

    server.look_later(HANDSHAKE_S)
    assert len(server.gone) == 1
    assert "did not finish shaking hands" in server.texts()[0]
    heard_all(raw)


def test_the_time_to_shake_hands_is_announced(stack: ExitStack, streams: Place) -> None:
    server = listens(stack, streams)
    assert server.board.deadline is None
    before = time.monotonic()
    _let_in(server, stack.enter_context(streams.stranger()))
    while not server.gone:
        assert server.look_when_due() <= before + 2 * HANDSHAKE_S


def test_whoever_shook_hands_may_be_silent_for_ever(stack: ExitStack, streams: Place) -> None:
    server, caller = listens(stack, streams), calls(stack, streams)
    until(caller.times_ready, server, caller)
    for end in (server, caller):
        end.turn()
        end.look_later(100 * HANDSHAKE_S)

    assert (server.gone, caller.gone) == ([], [])


def test_a_silent_answer_is_no_answer(stack: ExitStack, streams: Place) -> None:
    silent = stack.enter_context(closing(streams.door()))
    caller = calls(stack, streams)
    caller.look_later(HANDSHAKE_S)

    assert caller.gone == [CALLED]
    assert len(caller.texts()) == 1
    assert caller.texts()[0].startswith(f"{streams.dial().address}: it did not finish shaking hands")
    caller.look_when_due()
    accepted = [silent.accept(), silent.accept()]
    for one in accepted:
        assert one is not None
        one[0].close()


def test_people_are_told_once_what_came(stack: ExitStack, streams: Place) -> None:
    server = listens(stack, streams)
    for count in (1, 2, 3):
        raw = stack.enter_context(streams.stranger())
        raw.sendall(b"GET / HTTP/1.1\r\nHost: desk\r\n\r\n")
        until(lambda count=count: len(server.gone) == count, server)  # type: ignore[misc]
        heard_all(raw)

    assert [fact.kind for fact in server.facts] == ["refused"] * 3
    assert len(server.texts()) == 1
    who = "127.0.0.1:" if streams.kind == "tcp" else f"pid {os.getpid()} "
    assert server.texts()[0].startswith(who)
    assert "does not speak ZeroMQ" in server.texts()[0]
    assert server.heard == []


def test_one_that_came_and_went_without_a_word_is_told_to_people(stack: ExitStack, streams: Place) -> None:
    server = listens(stack, streams)
    streams.stranger().close()
    until(lambda: server.gone, server)

    assert len(server.gone) == len(server.texts()) == 1
    assert "turned away" in server.texts()[0]


def test_whoever_shakes_hands_with_nobody_else_does_not_disturb_the_others(stack: ExitStack, streams: Place) -> None:
    server, caller, peer = met(stack, streams)
    for said in (b"", b"\xff", b"GET / HTTP/1.1\r\n\r\n", os.urandom(10_000)):
        raw = stack.enter_context(streams.stranger())
        with contextlib.suppress(OSError):
            raw.sendall(said)
    says(server, peer, b"still there?")
    until(lambda: caller.heard, server, caller)
    server.look_later(HANDSHAKE_S)
    says(caller, CALLED, b"yes")
    until(lambda: len(server.heard) == 2, server, caller)

    assert peer not in server.gone


def test_strangers_are_admitted_by_name(hub: End, door: FakeDoor) -> None:
    friend, stranger = Fake(), Fake()
    door.comes(friend, stranger)
    hub.turn()
    hub.board.admit(friend)

    assert (friend.admitted, stranger.admitted) == (True, False)


# what they hold ---------------------------------------------------------------------------------------------------


def test_what_strangers_hold_together_is_limited(
    stack: ExitStack, streams: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(strangers, "total_bytes", lambda: 8 * MIB)
    server = listens(stack, streams)
    greeting = b"\xff" + bytes(8) + b"\x7f\x03\x01" + b"NULL".ljust(20, b"\0") + bytes(32)
    ready = b"\x04\x1c\x05READY\x0bSocket-Type\0\0\0\x06DEALER"
    for _ in range(2):
        raw = stack.enter_context(streams.stranger())
        raw.sendall(greeting + ready)
        raw.settimeout(0)
        unsent = memoryview(b"\x02" + struct.pack(">Q", 20 * MIB) + bytes(3 * MIB // 2))

        def sent(raw: system.socket = raw) -> bool:
            nonlocal unsent
            with contextlib.suppress(BlockingIOError):
                unsent = unsent[raw.send(unsent) :]
            return not unsent

        limit = time.monotonic() + PATIENCE_S
        while not sent():
            assert time.monotonic() < limit
            server.turn()
    while not is_quiet(server):
        server.turn()
    server.look_later(1)

    assert len(server.gone) == 1
    assert "all connections together hold too much" in server.texts()[0]


def test_the_largest_stranger_pays_when_strangers_hold_too_much(
    hub: End, door: FakeDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(strangers, "total_bytes", lambda: 400)
    friend, small, large = Fake("a", unfinished=1000), Fake("b", unfinished=30), Fake("c", unfinished=80)
    door.comes(friend, small, large)
    hub.turn()
    hub.board.admit(friend)
    hub.look_later(1)

    assert hub.gone == [large]
    assert hub.texts() == ["c was cut off: all connections together hold too much that makes no message"]
    assert not friend.closed
    assert not small.closed
