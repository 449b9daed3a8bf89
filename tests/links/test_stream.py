"""Our ZMTP over real sockets: with our own kind, with libzmq in every role, and with whoever else connects."""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from itertools import chain, repeat
from pathlib import Path

import numpy as np
import pytest
import zmq
from hypothesis import given
from hypothesis import strategies as st

from framebus.links.backlog import Backlog
from framebus.links.connection import MAX_UNSENT, Gone, Parcel
from framebus.links.stream import StreamConnection
from framebus.links.zmtp import Zmtp, frame_start, one_part

PATIENCE_S = 30.0
LOOK_MS = 20
GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x01NULL" + bytes(48)
READY_DEALER = b"\x04\x1c\x05READY\x0bSocket-Type\0\0\0\x06DEALER"
Message = list[bytes]
ZmqSocket = zmq.Socket[bytes]


class Talk:
    """Several connections, driven together; what each of them got, and how it ended."""

    def __init__(self, *connections: StreamConnection) -> None:
        self.got: dict[StreamConnection, list[Message]] = {}
        self.gone: dict[StreamConnection, str] = {}
        for connection in connections:
            self.join(connection)

    def join(self, connection: StreamConnection) -> StreamConnection:
        self.got[connection] = []
        return connection

    def until(self, condition: Callable[[], object]) -> None:
        """Move bytes until it holds; looks again now and then, for what happens at a peer of libzmq's."""
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < deadline, f"waited for nothing; got {self.got}, gone {self.gone}"
            self.turn()

    def turn(self) -> None:
        poll, alive = select.poll(), {c.fileno(): c for c in self.got if c not in self.gone}
        for descriptor, connection in alive.items():
            poll.register(descriptor, select.POLLIN | (select.POLLOUT if connection.pending else 0))
        for descriptor, events in poll.poll(LOOK_MS):
            self._serve(alive[descriptor], events)

    def _serve(self, connection: StreamConnection, events: int) -> None:
        try:
            if events & select.POLLOUT:
                connection.flush()
            if events & ~select.POLLOUT:
                self.got[connection] += [[bytes(part) for part in parts] for parts in connection.receive()]
        except Gone as gone:
            self.gone[connection] = str(gone)

    def ended(self, connection: StreamConnection) -> str:
        self.until(lambda: connection in self.gone)
        return self.gone[connection]

    def next(self, connection: StreamConnection) -> Message:
        self.until(lambda: self.got[connection])
        return self.got[connection].pop(0)

    def reply(self, peer: ZmqSocket) -> Message:
        self.until(lambda: peer.poll(0))
        return peer.recv_multipart()


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def peer_of(stack: ExitStack) -> Callable[[int], ZmqSocket]:
    """Makes libzmq sockets."""
    context = stack.enter_context(zmq.Context())

    def make(kind: int) -> ZmqSocket:
        made: ZmqSocket = context.socket(kind)
        made.linger = 0
        return stack.enter_context(made)

    return make


@pytest.fixture(params=["tcp", "ipc"])
def listening(request: pytest.FixtureRequest, stack: ExitStack, runtime_dir: Path) -> socket.socket:
    if request.param == "tcp":
        return stack.enter_context(socket.create_server(("127.0.0.1", 0)))
    door = stack.enter_context(socket.socket(socket.AF_UNIX))
    door.bind(str(runtime_dir / "door"))
    door.listen()
    stack.callback((runtime_dir / "door").unlink)
    return door


def _address(door: socket.socket) -> str:
    name = door.getsockname()
    return f"ipc://{name}" if isinstance(name, str) else f"tcp://127.0.0.1:{name[1]}"


def _accepted(stack: ExitStack, door: socket.socket) -> StreamConnection:
    door.settimeout(PATIENCE_S)
    connection = StreamConnection(door.accept()[0], initiator=False, where="a peer")
    return stack.enter_context(closing(connection))


def _connecting(stack: ExitStack, address: object, family: socket.AddressFamily) -> StreamConnection:
    sock = socket.socket(family)
    sock.setblocking(False)
    sock.connect_ex(address)  # type: ignore[arg-type]
    return stack.enter_context(closing(StreamConnection(sock, initiator=True, where="a peer")))


def _pair(stack: ExitStack, door: socket.socket) -> tuple[StreamConnection, StreamConnection, Talk]:
    near = _connecting(stack, door.getsockname(), door.family)
    far = _accepted(stack, door)
    talk = Talk(near, far)
    talk.until(lambda: near.ready and far.ready)
    return near, far, talk


def _stranger(stack: ExitStack, *said: bytes) -> tuple[socket.socket, StreamConnection]:
    theirs, ours = socket.socketpair()
    stack.enter_context(theirs)
    theirs.setblocking(False)
    for data in said:
        theirs.sendall(data)
    return theirs, stack.enter_context(closing(StreamConnection(ours, initiator=False, where="a stranger")))


def _pixels(count: int) -> bytes:
    return np.random.default_rng(count).integers(0, 256, count, np.uint8).tobytes()


# our own kind -----------------------------------------------------------------------------------------------------


def test_both_ends_of_ours_meet(stack: ExitStack, listening: socket.socket) -> None:
    near, far, talk = _pair(stack, listening)

    assert (near.peer_type, far.peer_type) == ("ROUTER", "DEALER")
    near.send(b"hello")
    assert talk.next(far) == [b"hello"]
    far.send(b"welcome")
    far.send(Parcel(b"header", memoryview(b"pixels")))
    far.send(Parcel(b"header", memoryview(b"")))
    assert [talk.next(near) for _ in range(3)] == [[b"welcome"], [b"header", b"pixels"], [b"header", b""]]


@pytest.mark.parametrize("count", [1, 32_767, 65_536, 230_400, 6_220_800, 24_883_200])
@pytest.mark.parametrize("admitted", [True, False])
def test_pixels_arrive_as_they_were(stack: ExitStack, listening: socket.socket, count: int, admitted: bool) -> None:
    near, far, talk = _pair(stack, listening)
    if admitted:
        near.admit()
        far.admit()
    pixels = _pixels(count)
    parcel = Parcel(b"header", memoryview(pixels))

    for sender, receiver in ((near, far), (far, near)):
        sender.send(parcel)
        sender.send(b"next")
        assert talk.next(receiver) == [b"header", pixels]
        assert talk.next(receiver) == [b"next"]
        assert not sender.pending


def test_what_is_received_is_read_only_and_keeps_its_memory(stack: ExitStack, listening: socket.socket) -> None:
    near, far, talk = _pair(stack, listening)
    pixels = _pixels(200_000)
    got: list[list[memoryview]] = []
    far.receive, receive = lambda: got.extend(receive()) or [], far.receive  # type: ignore[method-assign, func-returns-value]

    near.send(Parcel(b"header", memoryview(pixels)))
    near.send(Parcel(b"header", memoryview(bytes(200_000))))
    talk.until(lambda: len(got) == 2)

    assert all(part.readonly and part.format == "B" and part.ndim == 1 for parts in got for part in parts)
    assert got[0][1] == pixels


def test_a_parcel_is_framed_once_for_all_its_readers(stack: ExitStack, listening: socket.socket) -> None:
    near, far, _ = _pair(stack, listening)
    parcel = Parcel(b"header", memoryview(b"pixels"))

    near.send(parcel)
    framed = parcel.framed
    far.send(parcel)
    assert parcel.framed is framed


def test_nothing_can_be_sent_before_both_know_each_other(stack: ExitStack) -> None:
    _, ours = _stranger(stack)

    with pytest.raises(RuntimeError, match="nothing can be sent to a stranger before the connection is ready"):
        ours.send(b"hello")


def test_it_has_spoken_once_a_message_came(stack: ExitStack, listening: socket.socket) -> None:
    near, far, talk = _pair(stack, listening)

    assert not far.spoke
    near.send(b"hello")
    talk.next(far)
    assert (far.spoke, near.spoke) == (True, False)


# libzmq -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["DEALER", "REQ", "PUSH", "PAIR", "PUB", "XPUB"])
def test_libzmq_sends_to_us(
    stack: ExitStack, listening: socket.socket, peer_of: Callable[[int], ZmqSocket], kind: str
) -> None:
    peer = peer_of(getattr(zmq, kind))
    peer.connect(_address(listening))
    ours = _accepted(stack, listening)
    talk = Talk(ours)
    talk.until(lambda: ours.ready)
    assert ours.peer_type == kind
    message = [b"header", _pixels(300_000)]

    if kind == "XPUB":
        assert talk.reply(peer) == [b"\x01"]
    if kind == "PUB":  # sends nothing until our subscription is there
        talk.until(lambda: peer.send_multipart(message) or talk.got[ours])
    else:
        peer.send_multipart(message)
    assert talk.next(ours) == message


@pytest.mark.parametrize("kind", ["DEALER", "PAIR", "PULL", "SUB", "XSUB"])
def test_we_send_to_libzmq(
    stack: ExitStack, listening: socket.socket, peer_of: Callable[[int], ZmqSocket], kind: str
) -> None:
    peer = peer_of(getattr(zmq, kind))
    if kind == "SUB":
        peer.subscribe(b"")
    peer.connect(_address(listening))
    ours = _accepted(stack, listening)
    talk = Talk(ours)
    talk.until(lambda: ours.ready)
    if kind == "XSUB":
        peer.send(b"\x01")
    pixels = _pixels(300_000)

    ours.send(b"welcome")
    ours.send(Parcel(b"header", memoryview(pixels)))
    assert talk.reply(peer) == [b"welcome"]
    assert talk.reply(peer) == [b"header", pixels]
    assert talk.got[ours] == []


def test_a_requester_is_answered(
    stack: ExitStack, listening: socket.socket, peer_of: Callable[[int], ZmqSocket]
) -> None:
    peer = peer_of(zmq.REQ)
    peer.connect(_address(listening))
    ours = _accepted(stack, listening)
    talk = Talk(ours)

    for answer in (b"OK", Parcel(b"header", memoryview(b"pixels"))):
        peer.send_multipart([b"header", b"pixels"])
        assert talk.next(ours) == [b"header", b"pixels"]
        ours.send(answer)
        assert talk.reply(peer) == ([answer] if isinstance(answer, bytes) else [b"header", b"pixels"])


def test_a_requester_that_numbers_its_requests_is_answered(
    stack: ExitStack, listening: socket.socket, peer_of: Callable[[int], ZmqSocket]
) -> None:
    peer = peer_of(zmq.REQ)
    peer.req_relaxed = peer.req_correlate = 1
    peer.connect(_address(listening))
    ours = _accepted(stack, listening)
    talk = Talk(ours)

    for request in (b"first", b"asked again", b"and again"):
        peer.send(request)
        assert talk.next(ours) == [request]
    ours.send(b"OK")
    assert talk.reply(peer) == [b"OK"]


def test_a_router_is_answered(stack: ExitStack, listening: socket.socket, peer_of: Callable[[int], ZmqSocket]) -> None:
    peer = peer_of(zmq.ROUTER)
    peer.probe_router = 1
    peer.connect(_address(listening))
    ours = _accepted(stack, listening)
    talk = Talk(ours)

    assert talk.next(ours) == []
    assert ours.peer_type == "ROUTER"
    ours.send(b"hello")
    identity, hello = talk.reply(peer)
    assert hello == b"hello"
    peer.send_multipart([identity, b"a", b"b"])
    assert talk.next(ours) == [b"a", b"b"]


def test_a_probe_is_an_empty_message(
    stack: ExitStack, listening: socket.socket, peer_of: Callable[[int], ZmqSocket]
) -> None:
    peer = peer_of(zmq.DEALER)
    peer.probe_router = 1
    peer.connect(_address(listening))
    ours = _accepted(stack, listening)

    assert Talk(ours).next(ours) == []


@pytest.mark.parametrize("kind", ["ROUTER", "DEALER", "REP"])
def test_we_connect_to_libzmq(stack: ExitStack, peer_of: Callable[[int], ZmqSocket], kind: str) -> None:
    peer = peer_of(getattr(zmq, kind))
    port = peer.bind_to_random_port("tcp://127.0.0.1")
    ours = _connecting(stack, ("127.0.0.1", port), socket.AF_INET)
    talk = Talk(ours)
    talk.until(lambda: ours.ready)
    assert ours.peer_type == kind
    pixels = _pixels(300_000)

    ours.send(Parcel(b"header", memoryview(pixels)))
    got = talk.reply(peer)
    assert got[-2:] == [b"header", pixels]
    peer.send_multipart([*got[:-2], b"OK"])
    assert talk.next(ours) == [b"OK"]


@pytest.mark.parametrize("count", [6_220_800, 24_883_200])
def test_pixels_are_the_same_at_libzmq(
    stack: ExitStack, listening: socket.socket, peer_of: Callable[[int], ZmqSocket], count: int
) -> None:
    peer = peer_of(zmq.DEALER)
    peer.connect(_address(listening))
    ours = _accepted(stack, listening)
    ours.admit()
    talk = Talk(ours)
    pixels = _pixels(count)

    peer.send_multipart([b"header", pixels])
    assert talk.next(ours) == [b"header", pixels]
    ours.send(Parcel(b"header", memoryview(pixels)))
    assert talk.reply(peer) == [b"header", pixels]


def test_heartbeats_of_libzmq_are_answered(
    stack: ExitStack, listening: socket.socket, peer_of: Callable[[int], ZmqSocket]
) -> None:
    peer = peer_of(zmq.DEALER)
    peer.heartbeat_ivl, peer.heartbeat_timeout = 10, 100
    peer.reconnect_ivl = -1
    peer.connect(_address(listening))
    ours = _accepted(stack, listening)
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


# who is refused, and how it ends ----------------------------------------------------------------------------------


def test_a_refused_connection_says_so(stack: ExitStack, free_port: int) -> None:
    ours = _connecting(stack, ("127.0.0.1", free_port), socket.AF_INET)

    assert Talk(ours).ended(ours) == "connection refused"


def test_a_socket_that_is_not_connected_yet_has_nothing_to_give(stack: ExitStack) -> None:
    ours = stack.enter_context(closing(StreamConnection(socket.socket(), initiator=True, where="x")))

    assert ours.receive() == []
    assert ours.pending


@pytest.mark.parametrize("initiator", [True, False])
def test_keys_at_the_other_side_are_noticed(
    stack: ExitStack, peer_of: Callable[[int], ZmqSocket], initiator: bool
) -> None:
    public, secret = zmq.curve_keypair()
    peer = peer_of(zmq.DEALER)
    peer.curve_publickey, peer.curve_secretkey = public, secret
    if initiator:
        peer.curve_server = 1
        ours = _connecting(stack, ("127.0.0.1", peer.bind_to_random_port("tcp://127.0.0.1")), socket.AF_INET)
    else:
        peer.curve_serverkey = public
        door = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        peer.connect(_address(door))
        ours = _accepted(stack, door)

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
    _, ours = _stranger(stack, said)

    assert Talk(ours).ended(ours) == reason
    assert not ours.wants_keys


@pytest.mark.parametrize("said", [b"", GREETING[:30], GREETING, GREETING + READY_DEALER[:9]])
def test_hanging_up_in_the_introduction_is_told(stack: ExitStack, said: bytes) -> None:
    theirs, ours = _stranger(stack, said)
    theirs.shutdown(socket.SHUT_WR)

    assert Talk(ours).ended(ours) == "it hung up before it had introduced itself"


@pytest.mark.parametrize("left", [b"", b"\x00\x0512", b"\x01\x01x"])
def test_hanging_up_later_needs_no_reason(stack: ExitStack, left: bytes) -> None:
    theirs, ours = _stranger(stack, GREETING + READY_DEALER + one_part(b"bye") + left)
    theirs.shutdown(socket.SHUT_WR)
    talk = Talk(ours)

    assert talk.ended(ours) == ""
    assert talk.got[ours] == [[b"bye"]]


def test_the_end_is_told_again_and_again(stack: ExitStack) -> None:
    _, ours = _stranger(stack, b"GET")
    Talk(ours).ended(ours)

    assert not ours.ready
    assert not ours.pending
    for call in (ours.receive, ours.flush, lambda: ours.send(b"hello")):
        with pytest.raises(Gone, match="does not speak ZeroMQ"):
            call()


def test_closing_twice_is_fine(stack: ExitStack, listening: socket.socket) -> None:
    near, far, talk = _pair(stack, listening)
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
    _, ours = _stranger(stack, GREETING + READY_DEALER + one_part(b"last words") + b"\xf8\x00")
    talk = Talk(ours)

    assert "no ZeroMQ frame" in talk.ended(ours)
    assert talk.got[ours] == [[b"last words"]]


def test_last_words_are_heard_also_by_one_who_was_just_speaking(stack: ExitStack) -> None:
    theirs, ours = _stranger(stack, GREETING + READY_DEALER)
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
    near, far, _ = _pair(stack, listening)

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


# those who do not read --------------------------------------------------------------------------------------------


def test_one_who_does_not_read_is_given_up_after_so_many_messages(stack: ExitStack, listening: socket.socket) -> None:
    near, _, _ = _pair(stack, listening)
    near.admit()
    parcel = Parcel(b"header", memoryview(bytes(8_000_000)))

    for _ in range(MAX_UNSENT):
        near.send(parcel)
    with pytest.raises(Gone, match="it does not read what it asked for"):
        near.send(parcel)
    with pytest.raises(Gone, match="it does not read what it asked for"):
        near.receive()


def test_one_who_asks_for_answers_and_does_not_read_them_is_given_up(stack: ExitStack) -> None:
    theirs, ours = _stranger(stack, GREETING + READY_DEALER)
    talk = Talk(ours)
    talk.until(lambda: ours.ready)
    pings, heard = (frame_start(4, 23) + b"\x04PING\0\0" + b"0123456789abcdef") * 1000, 0

    while ours not in talk.gone:
        with suppress(BlockingIOError, BrokenPipeError):
            heard += theirs.send(pings[heard % 25 :])
        talk.turn()
    assert talk.gone[ours] == "it does not read what it asked for"


def test_one_who_reads_late_gets_everything_in_order(stack: ExitStack, listening: socket.socket) -> None:
    near, far, talk = _pair(stack, listening)
    near.admit()
    payloads = [_pixels(count) for count in (5_000_000, 10, 40_000, 3_000_000)]
    for at, payload in enumerate(payloads):
        near.send(Parcel(b"%d" % at, memoryview(payload)))
        near.send(b"between")
    assert near.pending

    for at, payload in enumerate(payloads):
        assert talk.next(far) == [b"%d" % at, payload]
        assert talk.next(far) == [b"between"]
    assert not near.pending


def test_a_heartbeat_is_answered_after_the_message_that_is_on_its_way(stack: ExitStack) -> None:
    theirs, ours = _stranger(stack, GREETING + READY_DEALER)
    talk = Talk(ours)
    talk.until(lambda: ours.ready)
    ours.send(Parcel(b"first", memoryview(bytes(8_000_000))))
    ours.send(b"second")
    theirs.sendall(frame_start(4, 10) + b"\x04PING\0\0yes")
    talk.turn()
    heard = bytearray()

    def all_there() -> bool:
        with suppress(BlockingIOError):
            heard.extend(theirs.recv(1 << 20))
        return len(heard) > 64 + 8_000_000 and heard.endswith(b"second")

    talk.until(all_there)
    start = heard.index(b"first")
    assert heard[start + 5 + 9 + 8_000_000 :] == b"\x04\x08\x04PONGyes" + one_part(b"second")


chunks = st.lists(st.binary(max_size=12), min_size=1, max_size=3)


@given(
    st.lists(st.tuples(chunks, st.booleans()), max_size=12),
    st.lists(st.tuples(st.integers(1, 40), st.integers(0, 40)), min_size=1, max_size=30),
)
def test_a_backlog_is_written_whole_message_by_whole_message(
    messages: list[tuple[list[bytes], bool]], writes: list[tuple[int, int]]
) -> None:
    """Whatever the sizes of the writes: nothing is lost, doubled or mixed, and what is urgent does not come later."""
    backlog, written, expected = Backlog(), bytearray(), []
    turns = chain(writes, repeat((7, 5)))

    def write() -> None:
        limit, taken = next(turns)
        pieces, total = backlog.next(limit)
        assert total == sum(map(len, pieces)) <= limit
        data = b"".join(pieces)[:taken]
        written.extend(data)
        backlog.written(len(data))

    for at, (pieces, urgent) in enumerate(messages):
        marked = [b"<%d:" % at, *(piece.replace(b"<", b"").replace(b">", b"") for piece in pieces), b">"]
        expected.append(b"".join(marked))
        if urgent:
            backlog.urgent(b"".join(marked))
        else:
            backlog.add(*marked)
        write()
    while backlog:
        write()
    got = [piece + b">" for piece in bytes(written).split(b">")[:-1]]
    calm = [message for message, (_, urgent) in zip(expected, messages, strict=True) if not urgent]
    assert sorted(got) == sorted(expected)
    assert [message for message in got if message in calm] == calm
