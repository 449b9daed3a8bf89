"""Our ZMTP over real sockets: who is refused, and how it ends."""

from __future__ import annotations

import select
import socket
from collections.abc import Callable
from contextlib import ExitStack, closing

import pytest
import zmq

from framebus.links.connection import Gone
from framebus.links.stream import StreamConnection
from framebus.links.zmtp import Zmtp, one_part
from tests.links.talk import (
    GREETING,
    PATIENCE_S,
    READY_DEALER,
    Talk,
    ZmqSocket,
    accepted,
    address,
    connecting,
    pair,
    stranger,
)


def test_a_refused_connection_says_so(stack: ExitStack, free_port: int) -> None:
    ours = connecting(stack, ("127.0.0.1", free_port), socket.AF_INET)

    assert Talk(ours).ended(ours) == "connection refused"


def test_a_socket_that_is_not_connected_yet_has_nothing_to_give(stack: ExitStack) -> None:
    ours = stack.enter_context(closing(StreamConnection(socket.socket(), initiator=True, where="x")))

    assert ours.receive() == []
    assert ours.pending


@pytest.mark.parametrize("initiator", [True, False])
def test_keys_at_the_other_side_are_noticed(
    stack: ExitStack, zeromq: Callable[[int], ZmqSocket], initiator: bool
) -> None:
    public, secret = zmq.curve_keypair()
    peer = zeromq(zmq.DEALER)
    peer.curve_publickey, peer.curve_secretkey = public, secret
    if initiator:
        peer.curve_server = 1
        ours = connecting(stack, ("127.0.0.1", peer.bind_to_random_port("tcp://127.0.0.1")), socket.AF_INET)
    else:
        peer.curve_serverkey = public
        door = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        peer.connect(address(door))
        ours = accepted(stack, door)

    assert "it wants keys (CURVE) and this side speaks without" in Talk(ours).ended(ours)
    assert ours.wants_keys


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (b"GET / HTTP/1.1\r\nHost: camera\r\n\r\n", "it does not speak ZeroMQ; is this the right port?"),
        (bytes(range(256)) * 16, "it does not speak ZeroMQ; is this the right port?"),
        (GREETING + READY_DEALER + b"\x01\x00" * 100, "it sent a message of more than 8 parts"),
        (
            GREETING + READY_DEALER + b"\x02" + (2**63).to_bytes(8, "big"),
            f"it sent a message of at least {2**63} bytes; 25165824 are allowed",
        ),
    ],
)
def test_strangers_are_told_off(stack: ExitStack, said: bytes, reason: str) -> None:
    _, ours = stranger(stack, said)

    assert Talk(ours).ended(ours) == reason
    assert not ours.wants_keys


@pytest.mark.parametrize("said", [b"", GREETING[:30], GREETING, GREETING + READY_DEALER[:9]])
def test_hanging_up_in_the_introduction_is_told(stack: ExitStack, said: bytes) -> None:
    theirs, ours = stranger(stack, said)
    theirs.shutdown(socket.SHUT_WR)

    assert Talk(ours).ended(ours) == "it hung up before it had introduced itself"


@pytest.mark.parametrize("left", [b"", b"\x00\x0512", b"\x01\x01x"])
def test_hanging_up_later_needs_no_reason(stack: ExitStack, left: bytes) -> None:
    theirs, ours = stranger(stack, GREETING + READY_DEALER + one_part(b"bye") + left)
    theirs.shutdown(socket.SHUT_WR)
    talk = Talk(ours)

    assert talk.ended(ours) == ""
    assert talk.got[ours] == [[b"bye"]]


def test_the_end_is_told_again_and_again(stack: ExitStack) -> None:
    _, ours = stranger(stack, b"GET")
    Talk(ours).ended(ours)

    assert not ours.ready
    assert not ours.pending
    for call in (ours.receive, ours.flush, lambda: ours.send(b"hello")):
        with pytest.raises(Gone, match="does not speak ZeroMQ"):
            call()


def test_closing_twice_is_fine(stack: ExitStack, listening: socket.socket) -> None:
    near, far, talk = pair(stack, listening)
    near.close()
    near.close()

    assert near.fileno() == -1
    assert talk.gone == {}
    del talk.got[near]
    assert talk.ended(far) == ""
    with pytest.raises(Gone):
        near.send(b"hello")


def test_messages_before_the_rules_were_broken_are_given_and_the_end_is_noticed(stack: ExitStack) -> None:
    """The socket becomes readable although nothing more came: nobody has to ask a second time."""
    _, ours = stranger(stack, GREETING + READY_DEALER + one_part(b"last words") + b"\xf8\x00")
    talk = Talk(ours)

    assert "no ZeroMQ frame" in talk.ended(ours)
    assert talk.got[ours] == [[b"last words"]]


def test_last_words_are_heard_also_by_one_who_was_just_speaking(stack: ExitStack) -> None:
    theirs, ours = stranger(stack, GREETING + READY_DEALER)
    talk = Talk(ours)
    talk.until(lambda: ours.ready)
    theirs.sendall(one_part(b"end"))
    theirs.close()

    for _ in range(3):
        ours.send(b"credit")
    assert talk.ended(ours) == ""
    assert talk.got[ours] == [[b"end"]]


def test_an_interrupted_call_ends_the_connection(
    stack: ExitStack, listening: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    near, far, _ = pair(stack, listening)

    def interrupted(zmtp: Zmtp, data: memoryview) -> None:
        raise KeyboardInterrupt

    near.send(b"hello")
    select.select([far], [], [], PATIENCE_S)
    with monkeypatch.context() as patch:
        patch.setattr(Zmtp, "feed", interrupted)
        with pytest.raises(KeyboardInterrupt):
            far.receive()
    with pytest.raises(Gone, match="a call was interrupted"):
        far.receive()


def test_admitted_peers_may_send_larger_messages(stack: ExitStack) -> None:
    def met() -> tuple[socket.socket, StreamConnection, Talk]:
        theirs, sock = socket.socketpair()
        stack.enter_context(theirs)
        ours = StreamConnection(sock, initiator=False, where="x", limit_unadmitted=1000, limit=2000)
        stack.enter_context(closing(ours))
        theirs.sendall(GREETING + READY_DEALER)
        talk = Talk(ours)
        talk.until(lambda: ours.ready)
        return theirs, ours, talk

    theirs, ours, talk = met()
    theirs.sendall(one_part(bytes(1500)))
    assert "1000 are allowed" in talk.ended(ours)
    theirs, ours, talk = met()
    ours.admit()
    theirs.sendall(one_part(bytes(1500)))
    assert talk.next(ours) == [bytes(1500)]
    theirs.sendall(one_part(bytes(2500)))
    assert "2000 are allowed" in talk.ended(ours)
