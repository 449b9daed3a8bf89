"""Our ZMTP over real sockets, with libzmq in every role."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import ExitStack

import pytest
import zmq

from framebus.links.connection import Parcel
from tests.links.talk import Talk, ZmqSocket, accepted, address, connecting, pixels_of


@pytest.mark.parametrize("kind", ["DEALER", "REQ", "PUSH", "PAIR", "PUB", "XPUB"])
def test_libzmq_sends_to_us(
    stack: ExitStack, listening: socket.socket, zeromq: Callable[[int], ZmqSocket], kind: str
) -> None:
    peer = zeromq(getattr(zmq, kind))
    peer.connect(address(listening))
    ours = accepted(stack, listening)
    talk = Talk(ours)
    talk.until(lambda: ours.ready)
    assert ours.peer_type == kind
    message = [b"header", pixels_of(300_000)]

    if kind == "XPUB":
        assert talk.reply(peer) == [b"\x01"]
    if kind == "PUB":  # sends nothing until our subscription is there
        talk.until(lambda: peer.send_multipart(message) or talk.got[ours])
    else:
        peer.send_multipart(message)
    assert talk.next(ours) == message


@pytest.mark.parametrize("kind", ["DEALER", "PAIR", "PULL", "SUB", "XSUB"])
def test_we_send_to_libzmq(
    stack: ExitStack, listening: socket.socket, zeromq: Callable[[int], ZmqSocket], kind: str
) -> None:
    peer = zeromq(getattr(zmq, kind))
    if kind == "SUB":
        peer.subscribe(b"")
    peer.connect(address(listening))
    ours = accepted(stack, listening)
    talk = Talk(ours)
    talk.until(lambda: ours.ready)
    if kind == "XSUB":
        peer.send(b"\x01")
    pixels = pixels_of(300_000)

    ours.send(b"welcome")
    ours.send(Parcel(b"header", memoryview(pixels)))
    assert talk.reply(peer) == [b"welcome"]
    assert talk.reply(peer) == [b"header", pixels]
    assert talk.got[ours] == []


def test_a_requester_is_answered(
    stack: ExitStack, listening: socket.socket, zeromq: Callable[[int], ZmqSocket]
) -> None:
    peer = zeromq(zmq.REQ)
    peer.connect(address(listening))
    ours = accepted(stack, listening)
    talk = Talk(ours)

    for answer in (b"OK", Parcel(b"header", memoryview(b"pixels"))):
        peer.send_multipart([b"header", b"pixels"])
        assert talk.next(ours) == [b"header", b"pixels"]
        ours.send(answer)
        assert talk.reply(peer) == ([answer] if isinstance(answer, bytes) else [b"header", b"pixels"])


def test_a_requester_that_numbers_its_requests_is_answered(
    stack: ExitStack, listening: socket.socket, zeromq: Callable[[int], ZmqSocket]
) -> None:
    peer = zeromq(zmq.REQ)
    peer.req_relaxed = peer.req_correlate = 1
    peer.connect(address(listening))
    ours = accepted(stack, listening)
    talk = Talk(ours)

    for request in (b"first", b"asked again", b"and again"):
        peer.send(request)
        assert talk.next(ours) == [request]
    ours.send(b"OK")
    assert talk.reply(peer) == [b"OK"]


def test_a_router_is_answered(stack: ExitStack, listening: socket.socket, zeromq: Callable[[int], ZmqSocket]) -> None:
    peer = zeromq(zmq.ROUTER)
    peer.probe_router = 1
    peer.connect(address(listening))
    ours = accepted(stack, listening)
    talk = Talk(ours)

    assert talk.next(ours) == []
    assert ours.peer_type == "ROUTER"
    ours.send(b"hello")
    identity, hello = talk.reply(peer)
    assert hello == b"hello"
    peer.send_multipart([identity, b"a", b"b"])
    assert talk.next(ours) == [b"a", b"b"]


def test_a_probe_is_an_empty_message(
    stack: ExitStack, listening: socket.socket, zeromq: Callable[[int], ZmqSocket]
) -> None:
    peer = zeromq(zmq.DEALER)
    peer.probe_router = 1
    peer.connect(address(listening))
    ours = accepted(stack, listening)

    assert Talk(ours).next(ours) == []


@pytest.mark.parametrize("kind", ["ROUTER", "DEALER", "REP"])
def test_we_connect_to_libzmq(stack: ExitStack, zeromq: Callable[[int], ZmqSocket], kind: str) -> None:
    peer = zeromq(getattr(zmq, kind))
    port = peer.bind_to_random_port("tcp://127.0.0.1")
    ours = connecting(stack, ("127.0.0.1", port), socket.AF_INET)
    talk = Talk(ours)
    talk.until(lambda: ours.ready)
    assert ours.peer_type == kind
    pixels = pixels_of(300_000)

    ours.send(Parcel(b"header", memoryview(pixels)))
    got = talk.reply(peer)
    assert got[-2:] == [b"header", pixels]
    peer.send_multipart([*got[:-2], b"OK"])
    assert talk.next(ours) == [b"OK"]


@pytest.mark.parametrize("count", [6_220_800, 24_883_200])
def test_pixels_are_the_same_at_libzmq(
    stack: ExitStack, listening: socket.socket, zeromq: Callable[[int], ZmqSocket], count: int
) -> None:
    peer = zeromq(zmq.DEALER)
    peer.connect(address(listening))
    ours = accepted(stack, listening)
    ours.admit()
    talk = Talk(ours)
    pixels = pixels_of(count)

    peer.send_multipart([b"header", pixels])
    assert talk.next(ours) == [b"header", pixels]
    ours.send(Parcel(b"header", memoryview(pixels)))
    assert talk.reply(peer) == [b"header", pixels]


def test_heartbeats_of_libzmq_are_answered(
    stack: ExitStack, listening: socket.socket, zeromq: Callable[[int], ZmqSocket]
) -> None:
    peer = zeromq(zmq.DEALER)
    peer.heartbeat_ivl, peer.heartbeat_timeout = 10, 100
    peer.reconnect_ivl = -1
    peer.connect(address(listening))
    ours = accepted(stack, listening)
    talk = Talk(ours)
    turns = 0

    def beats() -> bool:
        nonlocal turns
        turns += 1
        return turns > 40

    talk.until(beats)
    peer.send(b"still here")
    assert talk.next(ours) == [b"still here"]
    assert talk.gone == {}
