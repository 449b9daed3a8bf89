"""The switchboard: every connection of one end, whatever kind it is, and what is told of each."""

from __future__ import annotations

import contextlib
import hashlib
import os
import select
import socket as system
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import zmq
from hypothesis import given, settings
from hypothesis import strategies as st

from framebus.links import descriptors, switchboard
from framebus.links.carrier import CALLED, Newcomer
from framebus.links.connection import Connection, Gone, Parcel, Parts
from framebus.links.dialling import Attempt, Dial, FileDial, LocalDial, TcpDial
from framebus.links.doors import FileDoor, LocalDoor, TcpDoor
from framebus.links.local import LocalConnection
from framebus.links.monitor import Fact
from framebus.links.stream import StreamConnection
from framebus.links.switchboard import DOUBT_S, HANDSHAKE_S, HERE, RESERVED_DESCRIPTORS, Door, Switchboard
from framebus.memory.pool import supported
from framebus.session.outgoing import Peer
from tests.conftest import StartChild

PATIENCE_S = 30.0
PATIENCE_MS = 30_000
LONG_MS = 600_000
MB = 1_000_000
MIB = 1024 * 1024


def _short(part: bytes | memoryview) -> bytes:
    """A part of a message as it is compared and shown here: large ones by their digests."""
    if len(part) <= 100:
        return bytes(part)
    return b"%d bytes, %s" % (len(part), hashlib.sha256(part).hexdigest()[:16].encode())


class End:
    """A switchboard, driven by the test as an endpoint would: awake only when it says so."""

    def __init__(self, board: Switchboard) -> None:
        self.board = board
        self.heard: list[tuple[Peer, list[bytes]]] = []
        self.newcomers: list[Newcomer | None] = []
        self.gone: list[Peer] = []
        self.facts: list[Fact] = []

    def turn(self) -> None:
        for peer, parts, newcomer in self.board.arrivals():
            self.heard.append((peer, [_short(part) for part in parts]))
            self.newcomers.append(newcomer)
        now, deadline = time.monotonic(), self.board.deadline
        if self.board.news or (deadline is not None and deadline <= now):
            self.look(now)

    def look(self, now: float) -> None:
        gone, facts = self.board.look(now)
        self.gone += gone
        self.facts += facts

    def look_later(self, seconds: float) -> None:
        """As if so much time had passed."""
        self.look(time.monotonic() + seconds)

    def look_when_due(self) -> float:
        """As if it were the time that the board names, which is returned."""
        due = self.board.deadline
        assert due is not None
        self.look(due)
        return due

    @property
    def messages(self) -> list[list[bytes]]:
        return [message for _, message in self.heard]

    @property
    def peers(self) -> list[Peer]:
        """In the order of their first messages."""
        return list(dict.fromkeys(peer for peer, _ in self.heard))

    def __str__(self) -> str:
        return f"{len(self.heard)} messages, the last {self.messages[-1:]}; {self.gone} gone; {self.facts[-3:]}"

    def times_ready(self) -> int:
        return sum(fact.kind == "ready" for fact in self.facts)

    def texts(self) -> list[str]:
        return [fact.text for fact in self.facts if fact.text]

    def close(self) -> None:
        self.board.close()


def _until(done: Callable[[], object], *ends: End) -> None:
    limit = time.monotonic() + PATIENCE_S
    while not done():
        now = time.monotonic()
        assert now < limit, "waited in vain:\n" + "\n".join(map(str, ends))
        poll = select.poll()
        for end in ends:
            poll.register(end.board.fileno(), select.POLLIN)
        wait_s = min([limit, *(end.board.deadline or limit for end in ends)]) - now
        poll.poll(max(0.0, wait_s * 1000 + 1))
        for end in ends:
            end.turn()


@contextlib.contextmanager
def _driven(end: End) -> Iterator[None]:
    """Somebody else drives it meanwhile."""
    stop = threading.Event()

    def run() -> None:
        while not stop.is_set():
            select.select([end.board.fileno()], [], [], 0.01)
            end.turn()

    thread = threading.Thread(target=run, name="driver")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _is_quiet(end: End) -> bool:
    return not select.select([end.board.fileno()], [], [], 0)[0]


@dataclass
class Place:
    """Where ends of one kind meet."""

    kind: str
    path: str
    port: int
    admits: Callable[[str], str] = field(default=lambda address: "")

    def door(self) -> Door:
        if self.kind == "tcp":
            return TcpDoor("127.0.0.1", self.port, self.admits)
        return FileDoor(self.path) if self.kind == "ipc" else LocalDoor(self.path)

    def dial(self) -> Dial:
        if self.kind == "tcp":
            return TcpDial(f"tcp://127.0.0.1:{self.port}", "127.0.0.1", self.port)
        if self.kind == "ipc":
            return FileDial(f"ipc://{self.path}", self.path)
        return LocalDial("shm://cam", lambda: (self.path, True))

    def dial_code(self) -> str:
        """The same for another process."""
        if self.kind == "tcp":
            return f"TcpDial('here', '127.0.0.1', {self.port})"
        return (
            f"FileDial('here', {self.path!r})"
            if self.kind == "ipc"
            else f"LocalDial('here', lambda: ({self.path!r}, True))"
        )

    def stranger(self) -> system.socket:
        """A raw connection."""
        if self.kind == "tcp":
            return system.create_connection(("127.0.0.1", self.port), PATIENCE_S)
        raw = system.socket(system.AF_UNIX, system.SOCK_STREAM if self.kind == "ipc" else system.SOCK_SEQPACKET)
        raw.settimeout(PATIENCE_S)
        try:
            raw.connect(self.path)
        except OSError:
            raw.close()
            raise
        return raw


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def tcp(runtime_dir: Path, free_port: int) -> Place:
    return Place("tcp", str(runtime_dir / "cam.sock"), free_port)


@pytest.fixture(
    params=["tcp", "ipc", pytest.param("shm", marks=pytest.mark.skipif(not supported(), reason="Linux's alone"))]
)
def place(request: pytest.FixtureRequest, tcp: Place) -> Place:
    tcp.kind = request.param
    return tcp


@pytest.fixture(params=["tcp", "ipc"])
def streams(request: pytest.FixtureRequest, tcp: Place) -> Place:
    tcp.kind = request.param
    return tcp


def _listens(stack: ExitStack, *places: Place) -> End:
    return stack.enter_context(closing(End(Switchboard([place.door() for place in places]))))


def _calls(stack: ExitStack, place: Place) -> End:
    return stack.enter_context(closing(End(Switchboard(dial=place.dial()))))


def _says(end: End, peer: Peer, message: bytes | Parcel) -> None:
    assert end.board.send(peer, message)


def _introduced(server: End, caller: End, name: bytes = b"hello") -> Peer:
    """The peer that `caller` is, once it has said its name."""
    known = len(server.heard)
    _until(caller.times_ready, server, caller)
    _says(caller, CALLED, name)
    _until(lambda: len(server.heard) > known, server, caller)
    peer, message = server.heard[-1]
    assert message == [name]
    return peer


def _met(stack: ExitStack, place: Place) -> tuple[End, End, Peer]:
    """One that listens, one that calls, and the peer that this is there."""
    server, caller = _listens(stack, place), _calls(stack, place)
    return server, caller, _introduced(server, caller)


def _parcel(mark: int, count: int) -> Parcel:
    return Parcel(b"header %d" % mark, memoryview(bytes([mark]) * count))


def _marks(end: End) -> list[bytes]:
    """Of the parcels that came."""
    return [message[0] for message in end.messages if len(message) == 2]


def _heard_all(raw: system.socket) -> bytes:
    heard = b""
    with contextlib.suppress(ConnectionResetError):
        while data := raw.recv(4096):
            heard += data
    return heard


# messages ---------------------------------------------------------------------------------------------------------


def test_messages_go_both_ways(stack: ExitStack, place: Place) -> None:
    server, caller, peer = _met(stack, place)
    assert server.newcomers == [Newcomer(HERE, "")]

    _says(server, peer, b"welcome")
    _says(server, peer, _parcel(1, 5))
    _says(caller, CALLED, _parcel(2, 0))
    _until(lambda: len(caller.heard) == 2 and len(server.heard) == 2, server, caller)

    assert caller.heard == [(CALLED, [b"welcome"]), (CALLED, [b"header 1", b"\1" * 5])]
    assert server.heard[1] == (peer, [b"header 2", b""])
    assert server.newcomers[1:] == [None]
    assert caller.newcomers == [None, None]
    assert (server.gone, caller.gone) == ([], [])


def test_each_end_knows_what_it_is(stack: ExitStack, place: Place) -> None:
    server, caller, _ = _met(stack, place)

    assert (server.board.listens, caller.board.listens) == (True, False)
    assert server.board.address == (f"tcp://127.0.0.1:{place.port}" if place.kind == "tcp" else f"ipc://{place.path}")
    assert caller.board.address == ""
    assert not server.board.waiting()
    assert not caller.board.over


@pytest.mark.parametrize("count", [1, 100_000, 6_220_800])
def test_pixels_arrive_as_they_were(stack: ExitStack, place: Place, count: int) -> None:
    server, caller, peer = _met(stack, place)
    pixels = os.urandom(count)
    _says(server, peer, Parcel(b"header", memoryview(pixels)))
    _says(caller, CALLED, Parcel(b"header", memoryview(pixels)))
    _until(lambda: caller.heard and len(server.heard) == 2, server, caller)

    assert caller.messages[-1] == server.messages[-1] == [b"header", _short(pixels)]


def test_what_a_busy_peer_does_not_take_arrives_later_and_in_order(stack: ExitStack, place: Place) -> None:
    server, caller, peer = _met(stack, place)
    for mark in range(40):
        _says(caller, CALLED, _parcel(mark, MB))
        _says(server, peer, _parcel(mark, MB))
    _until(lambda: len(caller.heard) == 40, server, caller)
    _until(lambda: len(server.heard) == 41, server, caller)

    assert _marks(caller) == _marks(server) == [b"header %d" % mark for mark in range(40)]
    assert [message[1] for message in caller.messages] == [_short(bytes([mark]) * MB) for mark in range(40)]
    _until(lambda: _is_quiet(server) and _is_quiet(caller), server, caller)


def test_an_admitted_peer_may_send_large_messages(stack: ExitStack, place: Place) -> None:
    server, caller, peer = _met(stack, place)
    server.board.admit(peer)
    _says(caller, CALLED, _parcel(7, 40 * MB))
    _until(lambda: server.gone or len(server.heard) == 2, server, caller)

    assert server.gone == []
    assert server.messages[-1] == [b"header 7", _short(b"\7" * (40 * MB))]


def test_whom_we_called_may_send_large_messages(stack: ExitStack, place: Place) -> None:
    server, caller, peer = _met(stack, place)
    _says(server, peer, _parcel(7, 40 * MB))
    _until(lambda: caller.gone or caller.heard, server, caller)

    assert caller.gone == []
    assert caller.messages[-1] == [b"header 7", _short(b"\7" * (40 * MB))]


def test_callers_are_kept_apart(stack: ExitStack, place: Place) -> None:
    server = _listens(stack, place)
    callers = [_calls(stack, place) for _ in range(5)]
    peers = [_introduced(server, caller, b"%d" % number) for number, caller in enumerate(callers)]
    for number, peer in enumerate(peers):
        _says(server, peer, b"you are %d" % number)
    _until(lambda: all(caller.heard for caller in callers), server, *callers)

    assert len(set(map(id, peers))) == 5
    assert [caller.messages for caller in callers] == [[[b"you are %d" % number]] for number in range(5)]


@pytest.mark.skipif(not supported(), reason="Linux's alone")
def test_one_end_has_doors_of_several_kinds(stack: ExitStack, tcp: Place) -> None:
    shm = Place("shm", tcp.path, 0)
    server = _listens(stack, tcp, shm)
    assert server.board.address == f"tcp://127.0.0.1:{tcp.port}"

    callers = [_calls(stack, tcp), _calls(stack, shm)]
    for caller in callers:
        _says(server, _introduced(server, caller), b"welcome")
    _until(lambda: all(caller.heard for caller in callers), server, *callers)

    assert [type(peer) for peer in server.peers] == [StreamConnection, LocalConnection]


@pytest.mark.skipif(not supported(), reason="Linux's alone")
def test_memory_is_shared_as_long_as_somebody_is_there_to_share_it_with(stack: ExitStack, tcp: Place) -> None:
    shm = Place("shm", tcp.path, 0)
    server, far = _listens(stack, tcp, shm), _calls(stack, tcp)
    _introduced(server, far)
    assert (server.board.shares, far.board.shares) == (False, False)

    near = _calls(stack, shm)
    _introduced(server, near)
    assert (server.board.shares, near.board.shares) == (True, True)
    near.close()
    _until(lambda: server.gone, server)
    assert not server.board.shares


def test_sleeping_is_possible_when_there_is_nothing_to_do(stack: ExitStack, place: Place) -> None:
    server, caller, peer = _met(stack, place)
    server.board.admit(peer)
    for end in (server, caller):
        end.look_later(10 * HANDSHAKE_S)
        assert _is_quiet(end)
        assert end.board.deadline is None
        assert not end.board.news
    assert (server.gone, caller.gone) == ([], [])


# libzmq -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def zeromq(stack: ExitStack) -> Callable[[int], zmq.Socket[bytes]]:
    context = stack.enter_context(zmq.Context())

    def make(kind: int) -> zmq.Socket[bytes]:
        made: zmq.Socket[bytes] = context.socket(kind)
        made.linger = 0
        return stack.enter_context(made)

    return make


def test_a_caller_of_libzmqs_is_one_of_us(
    stack: ExitStack, streams: Place, zeromq: Callable[[int], zmq.Socket[bytes]]
) -> None:
    server, caller = _listens(stack, streams), zeromq(zmq.DEALER)
    caller.connect(server.board.address)
    caller.send(b"hello")
    _until(lambda: server.heard, server)
    _says(server, server.peers[0], _parcel(1, 5))

    assert caller.poll(PATIENCE_MS)
    assert caller.recv_multipart() == [b"header 1", b"\1" * 5]
    caller.close()
    _until(lambda: server.gone, server)
    assert server.gone == server.peers
    assert server.texts() == []


def test_a_listener_of_libzmqs_is_one_of_us(
    stack: ExitStack, streams: Place, zeromq: Callable[[int], zmq.Socket[bytes]]
) -> None:
    listener = zeromq(zmq.ROUTER)
    listener.bind(streams.dial().address)
    caller = _calls(stack, streams)
    _until(caller.times_ready, caller)
    _says(caller, CALLED, b"hello")
    assert listener.poll(PATIENCE_MS)
    listener.send_multipart([listener.recv_multipart()[0], b"welcome"])
    _until(lambda: caller.heard, caller)

    assert caller.heard == [(CALLED, [b"welcome"])]
    Path(streams.path).unlink(missing_ok=True)


# strangers --------------------------------------------------------------------------------------------------------


def _let_in(server: End, raw: system.socket) -> None:
    """Drive until the stranger has been greeted."""
    _until(lambda: select.select([raw], [], [], 0)[0], server)


def test_a_stranger_that_says_nothing_is_let_go_in_time(stack: ExitStack, streams: Place) -> None:
    server = _listens(stack, streams)
    raw = stack.enter_context(streams.stranger())
    _let_in(server, raw)
    server.look(time.monotonic())
    assert server.gone == []

    server.look_later(HANDSHAKE_S)
    assert len(server.gone) == 1
    assert "did not finish shaking hands" in server.texts()[0]
    _heard_all(raw)


def test_the_time_to_shake_hands_is_announced(stack: ExitStack, streams: Place) -> None:
    server = _listens(stack, streams)
    assert server.board.deadline is None
    before = time.monotonic()
    _let_in(server, stack.enter_context(streams.stranger()))
    while not server.gone:
        assert server.look_when_due() <= before + 2 * HANDSHAKE_S


def test_whoever_shook_hands_may_be_silent_for_ever(stack: ExitStack, streams: Place) -> None:
    server, caller = _listens(stack, streams), _calls(stack, streams)
    _until(caller.times_ready, server, caller)
    for end in (server, caller):
        end.turn()
        end.look_later(100 * HANDSHAKE_S)

    assert (server.gone, caller.gone) == ([], [])


def test_a_silent_answer_is_no_answer(stack: ExitStack, streams: Place) -> None:
    silent = stack.enter_context(closing(streams.door()))
    caller = _calls(stack, streams)
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
    server = _listens(stack, streams)
    for count in (1, 2, 3):
        raw = stack.enter_context(streams.stranger())
        raw.sendall(b"GET / HTTP/1.1\r\nHost: desk\r\n\r\n")
        _until(lambda count=count: len(server.gone) == count, server)  # type: ignore[misc]
        _heard_all(raw)

    assert [fact.kind for fact in server.facts] == ["refused"] * 3
    assert len(server.texts()) == 1
    who = "127.0.0.1:" if streams.kind == "tcp" else f"pid {os.getpid()} "
    assert server.texts()[0].startswith(who)
    assert "does not speak ZeroMQ" in server.texts()[0]
    assert server.heard == []


def test_one_that_came_and_went_without_a_word_is_told_to_people(stack: ExitStack, streams: Place) -> None:
    server = _listens(stack, streams)
    streams.stranger().close()
    _until(lambda: server.gone, server)

    assert len(server.gone) == len(server.texts()) == 1
    assert "turned away" in server.texts()[0]


def test_an_address_that_may_not_connect_is_told_to_people_once(stack: ExitStack, tcp: Place) -> None:
    tcp.admits = lambda address: "only the porch may"
    server = _listens(stack, tcp)
    strangers = [stack.enter_context(tcp.stranger()) for _ in range(3)]
    _until(lambda: len(server.facts) == 3, server)

    assert server.texts() == ["a connection from 127.0.0.1 was refused: only the porch may"]
    assert {fact.kind for fact in server.facts} == {"refused"}
    assert [_heard_all(raw) for raw in strangers] == [b""] * 3
    assert server.gone == []


def test_whoever_shakes_hands_with_nobody_else_does_not_disturb_the_others(stack: ExitStack, streams: Place) -> None:
    server, caller, peer = _met(stack, streams)
    for said in (b"", b"\xff", b"GET / HTTP/1.1\r\n\r\n", os.urandom(10_000)):
        raw = stack.enter_context(streams.stranger())
        with contextlib.suppress(OSError):
            raw.sendall(said)
    _says(server, peer, b"still there?")
    _until(lambda: caller.heard, server, caller)
    server.look_later(HANDSHAKE_S)
    _says(caller, CALLED, b"yes")
    _until(lambda: len(server.heard) == 2, server, caller)

    assert peer not in server.gone


def test_what_strangers_hold_together_is_limited(
    stack: ExitStack, streams: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(switchboard, "total_bytes", lambda: 8 * MIB)
    server = _listens(stack, streams)
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
    while not _is_quiet(server):
        server.turn()
    server.look_later(1)

    assert len(server.gone) == 1
    assert "all connections together hold too much" in server.texts()[0]


# ends -------------------------------------------------------------------------------------------------------------


def test_a_peer_that_leaves_is_told_as_gone_once(stack: ExitStack, place: Place) -> None:
    server, caller, peer = _met(stack, place)
    caller.close()
    _until(lambda: server.gone, server)
    server.turn()
    server.look_later(10 * HANDSHAKE_S)

    assert server.gone == [peer]
    assert server.texts() == []
    assert not server.board.send(peer, b"x")


def test_a_listener_that_leaves_is_told_as_gone_once(stack: ExitStack, place: Place) -> None:
    server, caller, _ = _met(stack, place)
    server.close()
    _until(lambda: caller.gone, caller)

    assert caller.gone == [CALLED]
    assert caller.texts() == []
    assert not caller.board.send(CALLED, b"x")


def test_a_process_that_is_killed_is_told_as_gone_once(stack: ExitStack, place: Place, child: StartChild) -> None:
    server = _listens(stack, place)
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
    _until(lambda: server.heard, server)
    process.kill()
    _until(lambda: server.gone, server)
    server.turn()
    server.look_later(10 * HANDSHAKE_S)

    assert server.gone == server.peers
    assert server.texts() == []


@pytest.mark.parametrize("calls", [True, False], ids=["who calls", "who listens"])
def test_what_a_peer_said_last_is_heard_before_it_is_gone(stack: ExitStack, place: Place, calls: bool) -> None:
    server, caller, peer = _met(stack, place)
    leaver, stayer = (caller, server) if calls else (server, caller)
    stayer.heard.clear()
    for number in range(20):
        _says(leaver, CALLED if calls else peer, b"%d" % number)
    leaver.close()
    _until(lambda: stayer.gone, stayer)

    assert stayer.messages == [[b"%d" % number] for number in range(20)]


def test_one_that_does_not_read_is_cut_off_and_told_to_people(stack: ExitStack, place: Place) -> None:
    server, caller, peer = _met(stack, place)
    big = 1000 if place.kind == "shm" else MB
    sent = 0
    while server.board.send(peer, _parcel(1, big)):
        sent += 1
        assert sent < 10_000
    server.turn()

    assert server.gone == [peer]
    assert len(server.texts()) == 1
    assert "not read" in server.texts()[0]
    assert not server.board.send(peer, b"x")
    assert caller.gone == []


def test_cutting_tells_both_sides(stack: ExitStack, place: Place) -> None:
    server, caller, peer = _met(stack, place)
    server.board.cut(peer, "the key of porch was revoked")
    server.board.cut(peer, "the key of porch was revoked")
    assert server.board.news
    server.turn()
    _until(lambda: caller.gone, caller)

    assert server.gone == [peer]
    assert len(server.texts()) == 1
    assert server.texts()[0].endswith("was cut off: the key of porch was revoked")
    assert caller.gone == [CALLED]


def test_cutting_the_one_we_called_means_calling_again(stack: ExitStack, place: Place) -> None:
    server, caller, peer = _met(stack, place)
    caller.board.cut(CALLED, "it made no sense")
    _until(lambda: server.gone, server)
    caller.turn()
    assert caller.gone == [CALLED]

    caller.look_when_due()
    _until(lambda: caller.times_ready() == 2, server, caller)
    assert _introduced(server, caller, b"again") != peer


def test_forgetting_tells_the_other_side_alone(stack: ExitStack, place: Place) -> None:
    server, caller, peer = _met(stack, place)
    server.board.forget(peer)
    server.board.forget(peer)
    server.turn()
    _until(lambda: caller.gone, caller)

    assert server.gone == []
    assert server.texts() == []
    assert not server.board.send(peer, b"x")


def test_whom_we_called_is_not_forgotten(stack: ExitStack, place: Place) -> None:
    server, caller, _ = _met(stack, place)
    caller.board.forget(CALLED)
    _says(caller, CALLED, b"still here")
    _until(lambda: len(server.heard) == 2, server, caller)


def test_a_private_link_is_over_when_the_other_end_is_gone(stack: ExitStack) -> None:
    one, other = system.socketpair(system.AF_UNIX, system.SOCK_SEQPACKET)
    near = stack.enter_context(closing(End(Switchboard(given=LocalConnection(one, where="worker 1")))))
    far = stack.enter_context(closing(End(Switchboard(given=LocalConnection(other)))))
    for end in (near, far):
        end.turn()
        assert end.times_ready() == 1
    _says(near, CALLED, b"work")
    _until(lambda: far.heard, far)
    assert far.board.over == ""

    far.close()
    _until(lambda: near.gone, near)
    assert near.gone == [CALLED]
    assert near.board.over == "the other end of this private link is gone"
    near.look_later(100)
    assert near.board.deadline is None


# calling again ----------------------------------------------------------------------------------------------------


def test_a_caller_may_be_there_first(stack: ExitStack, place: Place) -> None:
    caller = _calls(stack, place)
    for _ in range(3):
        _until(lambda: caller.board.deadline is not None and _is_quiet(caller), caller)
        caller.look_when_due()
    server = _listens(stack, place)
    _introduced(server, caller)

    assert caller.times_ready() == 1
    assert caller.texts() == []


def test_a_caller_comes_back_each_time_and_says_so(stack: ExitStack, place: Place) -> None:
    caller = _calls(stack, place)
    for count in (1, 2, 3):
        server = _listens(stack, place)
        _until(lambda count=count: caller.times_ready() == count, server, caller)  # type: ignore[misc]
        _says(caller, CALLED, b"%d" % count)
        _until(lambda server=server: server.heard, server, caller)  # type: ignore[misc]
        assert server.messages == [[b"%d" % count]]
        server.close()
        gone = caller.gone.count(CALLED)
        _until(lambda gone=gone: caller.gone.count(CALLED) > gone, caller)  # type: ignore[misc]

    assert caller.texts() == []
    assert caller.times_ready() == 3


def test_nobody_waits_for_the_name_service(stack: ExitStack, tcp: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    may_answer = threading.Event()

    def look_up(host: str, port: int, **options: object) -> list[tuple[int, int, int, str, tuple[str, int]]]:
        assert may_answer.wait(PATIENCE_S)
        return [(system.AF_INET, system.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    server = _listens(stack, tcp)
    monkeypatch.setattr(system, "getaddrinfo", look_up)
    caller = stack.enter_context(closing(End(Switchboard(dial=TcpDial("tcp://porch", "porch", tcp.port)))))
    for _ in range(5):
        caller.turn()
        caller.look_when_due()
    assert caller.gone == []
    may_answer.set()
    _introduced(server, caller)

    assert caller.texts() == []


# the end of the board ---------------------------------------------------------------------------------------------


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
    server, caller, peer = _met(stack, place)
    leaver, stayer = (caller, server) if calls else (server, caller)
    stayer.heard.clear()
    for mark in range(30):
        _says(leaver, CALLED if calls else peer, _parcel(mark, MB))
    with _closing_in_background(leaver, LONG_MS) as closer:
        _until(lambda: stayer.gone, stayer)
        closer.join(PATIENCE_S)
        assert not closer.is_alive(), "waits though everything has arrived"

    assert _marks(stayer) == [b"header %d" % mark for mark in range(30)]


def test_what_the_other_side_is_saying_does_not_take_back_what_was_sent(stack: ExitStack, place: Place) -> None:
    server, caller, peer = _met(stack, place)
    for _ in range(20):
        _says(caller, CALLED, _parcel(1, MB // 10))  # never read
    _says(server, peer, b"goodbye")
    with _closing_in_background(server, LONG_MS) as closer:
        _says(caller, CALLED, b"are you still there?")
        _until(lambda: caller.gone, caller)
        closer.join(PATIENCE_S)
        assert not closer.is_alive(), "waits though everything has arrived"

    assert caller.messages == [[b"goodbye"]]


def test_one_that_does_not_read_costs_the_others_nothing(stack: ExitStack, place: Place) -> None:
    server, stuck, caller = _listens(stack, place), _calls(stack, place), _calls(stack, place)
    peers = [_introduced(server, stuck), _introduced(server, caller)]
    for mark in range(30):
        for peer in peers:
            _says(server, peer, _parcel(mark, MB))
    with _closing_in_background(server, 2000):
        _until(lambda: caller.gone, caller)
        stuck.close()

    assert len(caller.heard) == 30


def test_one_that_never_reads_does_not_keep_us_for_ever(stack: ExitStack, place: Place) -> None:
    server, caller, peer = _met(stack, place)
    for mark in range(30):
        _says(server, peer, _parcel(mark, MB))
    server.board.close(20)
    _until(lambda: caller.gone, caller)


def test_without_time_everything_ends_at_once(stack: ExitStack, place: Place) -> None:
    server, caller, peer = _met(stack, place)
    for mark in range(30):
        _says(server, peer, _parcel(mark, MB))
    server.board.close()
    server.board.close()
    _until(lambda: caller.gone, caller)

    assert not os.path.exists(place.path)
    with pytest.raises(OSError, match=r"refused|No such file"):
        place.stranger()


def test_closing_while_calling_is_nothing_special(stack: ExitStack, place: Place) -> None:
    caller = _calls(stack, place)
    caller.board.close(LONG_MS)
    with contextlib.suppress(ValueError):
        assert caller.board.fileno() == -1


# bookkeeping, with connections that do as they are told -----------------------------------------------------------


class Fake(Connection):
    """Says what the test says."""

    def __init__(self, where: str = "a fake", *, ready: bool = True, unfinished: int = 0) -> None:
        self.where = where
        self.ready = ready
        self._unfinished = unfinished
        self.sent: list[bytes | Parcel] = []
        self.waiting = 0
        self.admitted = self.closed = self.broken = self.keyed = self.shakes_hands = False
        self._inbox: list[Parts | Gone] = []
        self._near, self._far = system.socketpair()
        self._near.setblocking(False)

    @property
    def unfinished(self) -> int:
        return self._unfinished

    @property
    def wants_keys(self) -> bool:
        return self.keyed

    @property
    def pending(self) -> bool:
        return self.waiting > 0

    def says(self, *messages: bytes) -> None:
        self._inbox += [[memoryview(message)] for message in messages]
        self._far.send(b"x")

    def ends(self, why: str = "") -> None:
        self._inbox.append(Gone(why))
        self._far.send(b"x")

    def fileno(self) -> int:
        return self._near.fileno()

    def receive(self) -> list[Parts]:
        messages: list[Parts] = []
        self.ready = self.ready or self.shakes_hands
        while self._inbox:
            first = self._inbox[0]
            if isinstance(first, Gone):
                if messages:
                    return messages
                raise first
            messages.append(first)
            self._inbox.pop(0)
        with contextlib.suppress(BlockingIOError):
            self._near.recv(4096)
        return messages

    def send(self, message: bytes | Parcel) -> None:
        if self.broken:
            raise Gone("it broke")
        self.sent.append(message)

    def flush(self) -> None:
        self.waiting = 0

    def admit(self) -> None:
        self.admitted = True

    def close(self) -> None:
        self.closed = True
        self._near.close()
        self._far.close()


class FakeDoor:
    """Lets in whom the test sends."""

    address = "fake://here"

    def __init__(self) -> None:
        self._outside: list[Fake] = []
        self._near, self._far = system.socketpair()
        self._near.setblocking(False)

    def comes(self, *connections: Fake) -> None:
        self._outside += connections
        self._far.send(b"x")

    def fileno(self) -> int:
        return self._near.fileno()

    def accept(self) -> tuple[Connection, str] | None:
        if self._outside:
            return self._outside.pop(0), "192.0.2.7"
        with contextlib.suppress(BlockingIOError):
            self._near.recv(4096)
        return None

    def close(self) -> None:
        self._near.close()
        self._far.close()


class FakeDial(Dial):
    """Reaches whom the test puts there."""

    def __init__(self, *answers: Fake | None) -> None:
        super().__init__("fake://there")
        self.answers = list(answers)
        self.moved = False
        self.tries = 0

    def attempt(self, now: float) -> Attempt:
        self.tries += 1
        answer = self.answers.pop(0) if self.answers else None
        return (None, 0.25, "") if answer is None else (answer, 0.0, "")

    def elsewhere(self) -> bool:
        return self.moved

    def pause(self, stood: bool, why: str) -> float:
        return 2.0 if why else 0.25 if stood else 0.5


@pytest.fixture
def door(stack: ExitStack) -> FakeDoor:
    return FakeDoor()


@pytest.fixture
def hub(stack: ExitStack, door: FakeDoor) -> End:
    return stack.enter_context(closing(End(Switchboard([door]))))


def _dials(stack: ExitStack, dial: FakeDial) -> End:
    return stack.enter_context(closing(End(Switchboard(dial=dial))))


def test_too_many_connections_are_turned_away(
    stack: ExitStack, door: FakeDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(switchboard, "MAX_CONNECTIONS", 2)
    hub = stack.enter_context(closing(End(Switchboard([door]))))
    fakes = [Fake(f"192.0.2.7:{number}") for number in range(4)]
    door.comes(*fakes)
    hub.turn()

    assert [fake.closed for fake in fakes] == [False, False, True, True]
    assert hub.texts() == ["192.0.2.7:2 was turned away: 2 connections are enough"]
    assert hub.gone == []  # they were never there
    fakes[0].says(b"still here")
    hub.turn()
    assert hub.messages == [[b"still here"]]

    fakes[0].ends()
    hub.turn()
    next_one = Fake()
    door.comes(next_one)
    hub.turn()
    assert not next_one.closed


def test_the_last_descriptors_are_not_given_to_strangers(
    stack: ExitStack, door: FakeDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = stack.enter_context(closing(End(Switchboard([door]))))
    fake = Fake("192.0.2.7:1")
    monkeypatch.setattr(descriptors, "limit", lambda: fake.fileno() + RESERVED_DESCRIPTORS)
    door.comes(fake)
    hub.turn()

    assert fake.closed
    assert "192.0.2.7:1 was turned away" in hub.texts()[0]


def test_who_comes_is_introduced_with_the_first_message(hub: End, door: FakeDoor) -> None:
    fake = Fake()
    door.comes(fake)
    hub.turn()
    assert hub.heard == []
    fake.says(b"one", b"two")
    hub.turn()
    fake.says(b"three")
    hub.turn()

    assert hub.heard == [(fake, [b"one"]), (fake, [b"two"]), (fake, [b"three"])]
    assert hub.newcomers == [Newcomer("192.0.2.7", ""), None, None]


def test_why_a_connection_ended_is_told_to_people(hub: End, door: FakeDoor) -> None:
    ordinary, rude, shy, silent = Fake("a:1"), Fake("b:1"), Fake("c:1", ready=False), Fake("d:1", ready=False)
    door.comes(ordinary, rude, shy, silent)
    hub.turn()
    ordinary.ends()
    rude.ends("it broke the rules")
    shy.ends("it speaks another protocol")
    silent.ends()
    hub.turn()
    hub.turn()

    assert Counter(map(id, hub.gone)) == Counter(map(id, (ordinary, rude, shy, silent)))
    said = {fact.peer: (fact.kind, fact.text) for fact in hub.facts}
    assert said["a:1"] == ("gone", "")
    assert said["b:1"] == ("refused", "b:1 was cut off: it broke the rules")
    assert said["c:1"] == ("refused", "c:1 was turned away: it speaks another protocol")
    assert said["d:1"][0] == "refused"
    assert "d:1 was turned away: it went without one message" in said["d:1"][1]


def test_nothing_is_sent_before_hands_were_shaken(hub: End, door: FakeDoor) -> None:
    fake = Fake(ready=False)
    door.comes(fake)
    hub.turn()
    assert not hub.board.send(fake, b"x")

    fake.ready = True
    _says(hub, fake, b"x")
    assert fake.sent == [b"x"]


def test_a_connection_that_breaks_while_sending_is_gone(hub: End, door: FakeDoor) -> None:
    fake = Fake()
    door.comes(fake)
    hub.turn()
    fake.broken = True
    assert not hub.board.send(fake, b"x")
    assert hub.board.news
    assert not hub.board.send(fake, b"x")
    hub.turn()

    assert hub.gone == [fake]
    assert fake.closed


def test_what_waits_for_room_is_flushed_when_there_is_some(hub: End, door: FakeDoor) -> None:
    fake = Fake()
    door.comes(fake)
    hub.turn()
    fake.waiting = 3
    _says(hub, fake, b"x")
    assert not _is_quiet(hub)
    hub.turn()

    assert fake.waiting == 0
    assert _is_quiet(hub)


def test_what_waits_for_room_is_flushed_by_a_caller_too(stack: ExitStack) -> None:
    fake = Fake()
    end = _dials(stack, FakeDial(fake))
    fake.waiting = 3
    _says(end, CALLED, b"x")
    assert not _is_quiet(end)
    end.turn()

    assert fake.waiting == 0
    assert _is_quiet(end)


def test_strangers_are_admitted_by_name(hub: End, door: FakeDoor) -> None:
    friend, stranger = Fake(), Fake()
    door.comes(friend, stranger)
    hub.turn()
    hub.board.admit(friend)

    assert (friend.admitted, stranger.admitted) == (True, False)


def test_whom_we_called_is_no_stranger(stack: ExitStack) -> None:
    fake = Fake()
    _dials(stack, FakeDial(fake))

    assert fake.admitted


def test_whom_we_called_is_a_stranger_until_hands_were_shaken(stack: ExitStack) -> None:
    fake = Fake(ready=False)
    end = _dials(stack, FakeDial(fake))
    before = fake.admitted
    fake.shakes_hands = True
    fake.says(b"hello")
    end.turn()

    assert (before, fake.admitted) == (False, True)


def test_the_largest_stranger_pays_when_strangers_hold_too_much(
    hub: End, door: FakeDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(switchboard, "total_bytes", lambda: 400)
    friend, small, large = Fake("a", unfinished=1000), Fake("b", unfinished=30), Fake("c", unfinished=80)
    door.comes(friend, small, large)
    hub.turn()
    hub.board.admit(friend)
    hub.look_later(1)

    assert hub.gone == [large]
    assert hub.texts() == ["c was cut off: all connections together hold too much that makes no message"]
    assert not friend.closed
    assert not small.closed


def test_those_that_are_not_there_are_not_touched(hub: End) -> None:
    unknown = Fake()
    hub.board.cut(unknown, "why not")
    hub.board.forget(unknown)
    assert not hub.board.send(unknown, b"x")
    assert not hub.board.send(CALLED, b"x")
    hub.look_later(0)

    assert hub.gone == []
    assert hub.facts == []
    unknown.close()


def test_attempts_are_made_when_they_are_due_and_not_before(stack: ExitStack) -> None:
    dial = FakeDial()
    end = _dials(stack, dial)
    for count in (1, 2, 3):
        assert dial.tries == count
        due = end.board.deadline
        assert due is not None
        end.look(due - 0.01)
        assert dial.tries == count
        end.look(due)

    assert end.gone == []
    assert end.texts() == []


@pytest.mark.parametrize(("ready", "why", "pause_s"), [(True, "", 0.25), (False, "", 0.5), (True, "it refused", 2.0)])
def test_how_it_ended_decides_when_the_next_attempt_is_made(
    stack: ExitStack, ready: bool, why: str, pause_s: float
) -> None:
    first, second = Fake(ready=ready), Fake()
    end = _dials(stack, FakeDial(first, second))
    end.turn()
    before = time.monotonic()
    first.ends(why)
    end.turn()
    after = time.monotonic()

    assert end.gone == [CALLED]
    due = end.board.deadline
    assert due is not None
    assert before + pause_s <= due <= after + pause_s
    end.look(after + pause_s)
    assert end.board.send(CALLED, b"x")
    assert second.sent == [b"x"]


def test_that_nobody_listens_is_no_news_for_people(stack: ExitStack) -> None:
    fake = Fake(ready=False)
    end = _dials(stack, FakeDial(fake))
    fake.ends("connection refused")
    end.turn()

    assert end.gone == [CALLED]
    assert end.texts() == []


def test_why_we_were_refused_is_told_once(stack: ExitStack) -> None:
    fakes = [Fake(ready=False) for _ in range(4)]
    end = _dials(stack, FakeDial(*fakes))
    for fake in fakes[:3]:
        fake.ends("it is a PUB socket")
        end.turn()
        end.look_when_due()

    assert end.gone == [CALLED] * 3
    assert end.texts() == ["fake://there: it is a PUB socket"]
    assert not any(fact.final for fact in end.facts)


def test_one_that_wants_keys_is_not_called_again_without(stack: ExitStack) -> None:
    fake = Fake(ready=False)
    fake.keyed = True
    dial = FakeDial(fake)
    end = _dials(stack, dial)
    fake.ends("it wants keys (CURVE) and this side speaks without")
    end.turn()
    end.look_later(1000)

    assert end.gone == [CALLED]
    assert [fact.final for fact in end.facts if fact.kind == "refused"] == [True]
    assert "fake://there lets nobody in without a key" in end.texts()[0]
    assert dial.tries == 1
    assert end.board.deadline is None


def test_one_who_is_elsewhere_by_now_is_called_there(stack: ExitStack) -> None:
    wrong, right = Fake("wrong"), Fake("right")
    dial = FakeDial(wrong, right)
    dial.doubtful = True
    end = _dials(stack, dial)
    end.turn()
    for _ in range(3):
        end.look_when_due()
    assert end.gone == []

    dial.moved = True
    end.look_when_due()
    assert wrong.closed
    assert end.gone == [CALLED]
    dial.doubtful = False
    end.look_when_due()
    assert [fact.peer for fact in end.facts if fact.kind == "ready"] == ["wrong", "right"]
    assert end.board.deadline is None


def test_one_who_is_certain_is_not_doubted(stack: ExitStack) -> None:
    fake = Fake()
    dial = FakeDial(fake)
    dial.moved = True
    end = _dials(stack, dial)
    end.look_later(100 * DOUBT_S)

    assert not fake.closed


_ACTS = st.sampled_from(["says", "says", "send", "turn", "ends", "breaks", "cut", "forget"])


def _ends(hub: End, fake: Fake, act: str) -> None:
    """One of the ways in which a connection can end."""
    if act == "ends":
        fake.ends("enough")
    elif act == "cut":
        hub.board.cut(fake, "enough")
    elif act == "forget":
        hub.board.forget(fake)
    else:
        fake.broken = True
        assert not hub.board.send(fake, b"y")


@given(st.lists(st.tuples(_ACTS, st.integers(0, 3)), max_size=40))
@settings(deadline=None)
def test_whatever_happens_each_end_is_told_once(acts: list[tuple[str, int]]) -> None:
    door = FakeDoor()
    hub = End(Switchboard([door]))
    here: dict[int, Fake] = {}
    everybody: list[Fake] = []
    untold: list[Fake] = []
    said: Counter[Peer] = Counter()
    for act, number in acts:
        fake = here.get(number)
        if fake is None:
            fake = here[number] = Fake(f"192.0.2.{number}:1")
            everybody.append(fake)
            door.comes(fake)
        elif act == "says":
            fake.says(b"x")
            said[fake] += 1
        elif act == "send":
            _says(hub, fake, b"y")
        elif act != "turn":
            untold += [fake] if act == "forget" else []
            _ends(hub, here.pop(number), act)
        hub.turn()

    present = list(here.values())
    assert Counter(hub.gone) == Counter(fake for fake in everybody if fake not in present and fake not in untold)
    assert Counter(peer for peer, _ in hub.heard) == said
    assert Counter(peer for (peer, _), newcomer in zip(hub.heard, hub.newcomers, strict=True) if newcomer) == Counter(
        said.keys()
    )
    assert all(fake.closed == (fake not in present) for fake in everybody)
    hub.close()
    assert all(fake.closed for fake in everybody)
