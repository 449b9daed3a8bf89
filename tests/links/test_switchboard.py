"""The switchboard: every connection of one end, whatever kind it is, and what is told of each."""

from __future__ import annotations

import os
import socket as system
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
import zmq

from framebus.links.carrier import CALLED, Newcomer
from framebus.links.connection import Parcel
from framebus.links.entrance import HERE
from framebus.links.local import LocalConnection
from framebus.links.strangers import HANDSHAKE_S
from framebus.links.stream import StreamConnection
from framebus.links.switchboard import Switchboard
from framebus.memory.pool import supported
from tests.conftest import StartChild
from tests.links.boards import (
    MB,
    PATIENCE_MS,
    End,
    Place,
    calls,
    introduced,
    is_quiet,
    listens,
    marks,
    met,
    parcel,
    says,
    short,
    until,
)

# messages ---------------------------------------------------------------------------------------------------------


def test_messages_go_both_ways(stack: ExitStack, place: Place) -> None:
    server, caller, peer = met(stack, place)
    assert server.newcomers == [Newcomer(HERE, "")]

    says(server, peer, b"welcome")
    says(server, peer, parcel(1, 5))
    says(caller, CALLED, parcel(2, 0))
    until(lambda: len(caller.heard) == 2 and len(server.heard) == 2, server, caller)

    assert caller.heard == [(CALLED, [b"welcome"]), (CALLED, [b"header 1", b"\1" * 5])]
    assert server.heard[1] == (peer, [b"header 2", b""])
    assert server.newcomers[1:] == [None]
    assert caller.newcomers == [None, None]
    assert (server.gone, caller.gone) == ([], [])


def test_each_end_knows_what_it_is(stack: ExitStack, place: Place) -> None:
    server, caller, _ = met(stack, place)

    assert (server.board.listens, caller.board.listens) == (True, False)
    assert server.board.address == (f"tcp://127.0.0.1:{place.port}" if place.kind == "tcp" else f"ipc://{place.path}")
    assert caller.board.address == ""
    assert not server.board.waiting()
    assert not caller.board.over


@pytest.mark.parametrize("count", [1, 100_000, 6_220_800])
def test_pixels_arrive_as_they_were(stack: ExitStack, place: Place, count: int) -> None:
    server, caller, peer = met(stack, place)
    pixels = os.urandom(count)
    says(server, peer, Parcel(b"header", memoryview(pixels)))
    says(caller, CALLED, Parcel(b"header", memoryview(pixels)))
    until(lambda: caller.heard and len(server.heard) == 2, server, caller)

    assert caller.messages[-1] == server.messages[-1] == [b"header", short(pixels)]


def test_what_a_busy_peer_does_not_take_arrives_later_and_in_order(stack: ExitStack, place: Place) -> None:
    server, caller, peer = met(stack, place)
    for mark in range(40):
        says(caller, CALLED, parcel(mark, MB))
        says(server, peer, parcel(mark, MB))
    by_socket = place.kind != "shm"  # where pictures travel, not only word of them
    assert (server.board.unsent, caller.board.unsent) == (by_socket, by_socket)
    until(lambda: len(caller.heard) == 40, server, caller)
    until(lambda: len(server.heard) == 41, server, caller)
    assert (server.board.unsent, caller.board.unsent) == (False, False)

    assert marks(caller) == marks(server) == [b"header %d" % mark for mark in range(40)]
    assert [message[1] for message in caller.messages] == [short(bytes([mark]) * MB) for mark in range(40)]
    until(lambda: is_quiet(server) and is_quiet(caller), server, caller)


def test_nothing_is_unsent_to_a_peer_that_is_gone(stack: ExitStack, place: Place) -> None:
    server, _, peer = met(stack, place)
    for mark in range(40):
        says(server, peer, parcel(mark, MB))
    assert server.board.unsent == (place.kind != "shm")
    server.board.forget(peer)
    assert not server.board.unsent


def test_an_admitted_peer_may_send_large_messages(stack: ExitStack, place: Place) -> None:
    server, caller, peer = met(stack, place)
    server.board.admit(peer)
    says(caller, CALLED, parcel(7, 40 * MB))
    until(lambda: server.gone or len(server.heard) == 2, server, caller)

    assert server.gone == []
    assert server.messages[-1] == [b"header 7", short(b"\7" * (40 * MB))]


def test_whom_we_called_may_send_large_messages(stack: ExitStack, place: Place) -> None:
    server, caller, peer = met(stack, place)
    says(server, peer, parcel(7, 40 * MB))
    until(lambda: caller.gone or caller.heard, server, caller)

    assert caller.gone == []
    assert caller.messages[-1] == [b"header 7", short(b"\7" * (40 * MB))]


def test_callers_are_kept_apart(stack: ExitStack, place: Place) -> None:
    server = listens(stack, place)
    callers = [calls(stack, place) for _ in range(5)]
    peers = [introduced(server, caller, b"%d" % number) for number, caller in enumerate(callers)]
    for number, peer in enumerate(peers):
        says(server, peer, b"you are %d" % number)
    until(lambda: all(caller.heard for caller in callers), server, *callers)

    assert len(set(map(id, peers))) == 5
    assert [caller.messages for caller in callers] == [[[b"you are %d" % number]] for number in range(5)]


@pytest.mark.skipif(not supported(), reason="Linux's alone")
def test_one_end_has_doors_of_several_kinds(stack: ExitStack, tcp: Place) -> None:
    shm = Place("shm", tcp.path, 0)
    server = listens(stack, tcp, shm)
    assert server.board.address == f"tcp://127.0.0.1:{tcp.port}"

    callers = [calls(stack, tcp), calls(stack, shm)]
    for caller in callers:
        says(server, introduced(server, caller), b"welcome")
    until(lambda: all(caller.heard for caller in callers), server, *callers)

    assert [type(peer) for peer in server.peers] == [StreamConnection, LocalConnection]


@pytest.mark.skipif(not supported(), reason="Linux's alone")
def test_memory_is_shared_as_long_as_somebody_is_there_to_share_it_with(stack: ExitStack, tcp: Place) -> None:
    shm = Place("shm", tcp.path, 0)
    server, far = listens(stack, tcp, shm), calls(stack, tcp)
    introduced(server, far)
    assert (server.board.shares, far.board.shares) == (False, False)

    near = calls(stack, shm)
    introduced(server, near)
    assert (server.board.shares, near.board.shares) == (True, True)
    near.close()
    until(lambda: server.gone, server)
    assert not server.board.shares


def test_sleeping_is_possible_when_there_is_nothing_to_do(stack: ExitStack, place: Place) -> None:
    server, caller, peer = met(stack, place)
    server.board.admit(peer)
    for end in (server, caller):
        end.look_later(10 * HANDSHAKE_S)
        assert is_quiet(end)
        assert end.board.deadline is None
        assert not end.board.news
    assert (server.gone, caller.gone) == ([], [])


# libzmq -----------------------------------------------------------------------------------------------------------


def test_a_caller_of_libzmqs_is_one_of_us(
    stack: ExitStack, streams: Place, zeromq: Callable[[int], zmq.Socket[bytes]]
) -> None:
    server, caller = listens(stack, streams), zeromq(zmq.DEALER)
    caller.connect(server.board.address)
    caller.send(b"hello")
    until(lambda: server.heard, server)
    says(server, server.peers[0], parcel(1, 5))

    assert caller.poll(PATIENCE_MS)
    assert caller.recv_multipart() == [b"header 1", b"\1" * 5]
    caller.close()
    until(lambda: server.gone, server)
    assert server.gone == server.peers
    assert server.texts() == []


def test_a_listener_of_libzmqs_is_one_of_us(
    stack: ExitStack, streams: Place, zeromq: Callable[[int], zmq.Socket[bytes]]
) -> None:
    listener = zeromq(zmq.ROUTER)
    listener.bind(streams.dial().address)
    caller = calls(stack, streams)
    until(caller.times_ready, caller)
    says(caller, CALLED, b"hello")
    assert listener.poll(PATIENCE_MS)
    listener.send_multipart([listener.recv_multipart()[0], b"welcome"])
    until(lambda: caller.heard, caller)

    assert caller.heard == [(CALLED, [b"welcome"])]
    Path(streams.path).unlink(missing_ok=True)


# ends -------------------------------------------------------------------------------------------------------------


def test_a_peer_that_leaves_is_told_as_gone_once(stack: ExitStack, place: Place) -> None:
    server, caller, peer = met(stack, place)
    caller.close()
    until(lambda: server.gone, server)
    server.turn()
    server.look_later(10 * HANDSHAKE_S)

    assert server.gone == [peer]
    assert server.texts() == []
    assert not server.board.send(peer, b"x")


def test_a_listener_that_leaves_is_told_as_gone_once(stack: ExitStack, place: Place) -> None:
    server, caller, _ = met(stack, place)
    server.close()
    until(lambda: caller.gone, caller)

    assert caller.gone == [CALLED]
    assert caller.texts() == []
    assert not caller.board.send(CALLED, b"x")


def test_a_process_that_is_killed_is_told_as_gone_once(stack: ExitStack, place: Place, child: StartChild) -> None:
    server = listens(stack, place)
    process = child(
        "-c",
        f"""
import select, signal, time
from framebus.links.dialling import FileDial, LocalDial, TcpDial
from framebus.links.switchboard import Switchboard
board = Switchboard(dial={place.dial_code()})
while not board.send((), b"hello"):
    select.select([board], [], [], 0.1)
    assert not list(board.arrivals())
    board.look(time.monotonic())
signal.pause()
""",
    )
    until(lambda: server.heard, server)
    process.kill()
    until(lambda: server.gone, server)
    server.turn()
    server.look_later(10 * HANDSHAKE_S)

    assert server.gone == server.peers
    assert server.texts() == []


@pytest.mark.parametrize("calls", [True, False], ids=["who calls", "who listens"])
def test_what_a_peer_said_last_is_heard_before_it_is_gone(stack: ExitStack, place: Place, calls: bool) -> None:
    server, caller, peer = met(stack, place)
    leaver, stayer = (caller, server) if calls else (server, caller)
    stayer.heard.clear()
    for number in range(20):
        says(leaver, CALLED if calls else peer, b"%d" % number)
    leaver.close()
    until(lambda: stayer.gone, stayer)

    assert stayer.messages == [[b"%d" % number] for number in range(20)]


def test_one_that_does_not_read_is_cut_off_and_told_to_people(stack: ExitStack, place: Place) -> None:
    server, caller, peer = met(stack, place)
    big = 1000 if place.kind == "shm" else MB
    sent = 0
    while server.board.send(peer, parcel(1, big)):
        sent += 1
        assert sent < 10_000
    server.turn()

    assert server.gone == [peer]
    assert len(server.texts()) == 1
    assert "not read" in server.texts()[0]
    assert not server.board.send(peer, b"x")
    assert caller.gone == []


def test_cutting_tells_both_sides(stack: ExitStack, place: Place) -> None:
    server, caller, peer = met(stack, place)
    server.board.cut(peer, "the key of porch was revoked")
    server.board.cut(peer, "the key of porch was revoked")
    assert server.board.news
    server.turn()
    until(lambda: caller.gone, caller)

    assert server.gone == [peer]
    assert len(server.texts()) == 1
    assert server.texts()[0].endswith("was cut off: the key of porch was revoked")
    assert caller.gone == [CALLED]


def test_cutting_the_one_we_called_means_calling_again(stack: ExitStack, place: Place) -> None:
    server, caller, peer = met(stack, place)
    caller.board.cut(CALLED, "it made no sense")
    until(lambda: server.gone, server)
    caller.turn()
    assert caller.gone == [CALLED]

    caller.look_when_due()
    until(lambda: caller.times_ready() == 2, server, caller)
    assert introduced(server, caller, b"again") != peer


def test_forgetting_tells_the_other_side_alone(stack: ExitStack, place: Place) -> None:
    server, caller, peer = met(stack, place)
    server.board.forget(peer)
    server.board.forget(peer)
    server.turn()
    until(lambda: caller.gone, caller)

    assert server.gone == []
    assert server.texts() == []
    assert not server.board.send(peer, b"x")


def test_whom_we_called_is_not_forgotten(stack: ExitStack, place: Place) -> None:
    server, caller, _ = met(stack, place)
    caller.board.forget(CALLED)
    says(caller, CALLED, b"still here")
    until(lambda: len(server.heard) == 2, server, caller)


def test_a_private_link_is_over_when_the_other_end_is_gone(stack: ExitStack) -> None:
    one, other = system.socketpair(system.AF_UNIX, system.SOCK_SEQPACKET)
    near = stack.enter_context(closing(End(Switchboard(given=LocalConnection(one, where="worker 1")))))
    far = stack.enter_context(closing(End(Switchboard(given=LocalConnection(other)))))
    for end in (near, far):
        end.turn()
        assert end.times_ready() == 1
    says(near, CALLED, b"work")
    until(lambda: far.heard, far)
    assert far.board.over == ""

    far.close()
    until(lambda: near.gone, near)
    assert near.gone == [CALLED]
    assert near.board.over == "the other end of this private link is gone"
    near.look_later(100)
    assert near.board.deadline is None
