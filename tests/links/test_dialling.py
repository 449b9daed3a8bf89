"""Dialling: trying once without waiting, how long to pause until the next time, and what people are told."""

from __future__ import annotations

import os
import select
import socket as system
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framebus.core.addresses import Link, parse
from framebus.core.errors import AddressError
from framebus.links import dialling
from framebus.links.connection import Connection, Gone
from framebus.links.dialling import (
    REFUSED_S,
    RESOLVING_S,
    RETRY_LOCAL_MAX_S,
    RETRY_MAX_S,
    RETRY_S,
    Dial,
    FileDial,
    LocalDial,
    TcpDial,
    reach,
)
from framebus.links.doors import FileDoor, LocalDoor, TcpDoor
from framebus.links.entrance import Door
from framebus.links.local import LocalConnection
from framebus.links.making import connecting
from framebus.memory.pool import supported
from tests.links.doorstep import anybody, no_descriptor_left, port_of

PATIENCE_S = 30.0
NOW = 1000.0

needs_shared_memory = pytest.mark.skipif(not supported(), reason="memory files are Linux's")


def _reached(stack: ExitStack, dial: Dial) -> Connection:
    """The connection of an attempt that must work."""
    connection, retry_s, text = dial.attempt(NOW)
    assert connection is not None
    assert (retry_s, text) == (0.0, "")
    stack.callback(connection.close)
    return connection


def _let_in(stack: ExitStack, door: Door) -> Connection:
    poll = select.poll()
    poll.register(door.fileno(), select.POLLIN)
    assert poll.poll(PATIENCE_S * 1000), "nobody came"
    accepted = door.accept()
    assert accepted is not None
    stack.callback(accepted[0].close)
    return accepted[0]


def _introduce(*connections: Connection) -> None:
    """Drive both until they are ready."""
    limit = time.monotonic() + PATIENCE_S
    while not all(one.ready for one in connections):
        assert time.monotonic() < limit, "the handshake does not end"
        poll = select.poll()
        for one in connections:
            poll.register(one.fileno(), select.POLLIN | (select.POLLOUT if one.pending else 0))
        poll.poll(PATIENCE_S * 1000)
        for one in connections:
            one.flush()
            assert one.receive() == []


def _why(connection: Connection) -> str:
    """Drive it to its end."""
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    while True:
        assert poll.poll(PATIENCE_S * 1000)
        try:
            connection.receive()
        except Gone as gone:
            return str(gone)


def _dead_file(path: str, kind: int = system.SOCK_STREAM) -> None:
    with system.socket(system.AF_UNIX, kind) as stale:
        stale.bind(path)


# pauses -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dial", "longest_s"),
    [
        (TcpDial("tcp://desk:5555", "desk", 5555), RETRY_MAX_S),
        (FileDial("ipc:///cam.sock", "/cam.sock"), RETRY_LOCAL_MAX_S),
        (LocalDial("shm://cam", lambda: ("", True)), RETRY_LOCAL_MAX_S),
    ],
    ids=["tcp", "ipc", "shm"],
)
def test_pauses_double_up_to_the_longest_and_begin_anew_after_a_connection(dial: Dial, longest_s: float) -> None:
    pauses = [dial.pause(False, "") for _ in range(10)]

    assert pauses[0] <= 2 * RETRY_S
    assert all(later == min(2 * earlier, longest_s) for earlier, later in pairwise(pauses))
    assert pauses[-1] == longest_s
    assert dial.pause(True, "") == RETRY_S


def test_whoever_refused_us_is_asked_again_a_second_later() -> None:
    dial = TcpDial("tcp://desk:5555", "desk", 5555)
    assert dial.pause(True, "wants keys") == REFUSED_S
    assert dial.pause(False, "wants keys") == REFUSED_S


@given(st.lists(st.tuples(st.booleans(), st.sampled_from(["", "", "refused"])), max_size=50))
def test_pauses_are_never_shorter_nor_longer_than_allowed(ends: list[tuple[bool, str]]) -> None:
    dial = TcpDial("tcp://desk:5555", "desk", 5555)
    for stood, why in ends:
        pause_s = dial.pause(stood, why)
        assert pause_s == REFUSED_S if why else RETRY_S <= pause_s <= RETRY_MAX_S


def test_most_are_where_they_were() -> None:
    dial = TcpDial("tcp://desk:5555", "desk", 5555)
    assert not dial.doubtful
    assert not dial.elsewhere()


# tcp --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_tcp_door_is_reached(stack: ExitStack, tcp_door: TcpDoor, host: str) -> None:
    dial = TcpDial(f"tcp://{host}:{port_of(tcp_door)}", host, port_of(tcp_door))
    near = _reached(stack, dial)
    far = _let_in(stack, tcp_door)

    assert near.where == dial.address == f"tcp://{host}:{port_of(tcp_door)}"
    assert not near.ready
    _introduce(near, far)


@pytest.mark.parametrize("host", ["::1", "[::1]"])
def test_an_ipv6_door_is_reached(stack: ExitStack, host: str) -> None:
    try:
        system.create_server(("::1", 0), family=system.AF_INET6).close()
    except OSError:
        pytest.skip("no IPv6 here")
    door = stack.enter_context(closing(TcpDoor("[::1]", 0, anybody)))
    near = _reached(stack, TcpDial(door.address, host, port_of(door)))

    _introduce(near, _let_in(stack, door))


def test_where_nobody_listens_the_attempt_or_its_connection_says_so(stack: ExitStack, free_port: int) -> None:
    dial = TcpDial(f"tcp://127.0.0.1:{free_port}", "127.0.0.1", free_port)
    connection, retry_s, text = dial.attempt(NOW)

    if connection is None:
        assert (0 < retry_s <= RETRY_MAX_S, text) == (True, "")
    else:
        stack.callback(connection.close)
        assert _why(connection) == "connection refused"


def test_an_address_that_no_route_leads_to_is_tried_again() -> None:
    connection, retry_s, _ = TcpDial("tcp://255.255.255.255:5555", "255.255.255.255", 5555).attempt(NOW)

    assert connection is None
    assert 0 < retry_s <= RETRY_MAX_S


def test_without_a_descriptor_left_people_are_told(tcp_door: TcpDoor) -> None:
    dial = TcpDial(tcp_door.address, "127.0.0.1", port_of(tcp_door))
    with no_descriptor_left():
        connection, retry_s, text = dial.attempt(NOW)

    assert connection is None
    assert 0 < retry_s <= RETRY_MAX_S
    assert text.lower() == f"{tcp_door.address}: too many open files"


# names ------------------------------------------------------------------------------------------------------------

Found = list[tuple[int, int, int, str, tuple[str, int]]]


class Resolver:
    """Answers when the test says so."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.answers: list[Found | OSError] = []
        self._may_answer = threading.Semaphore(0)

    def __call__(self, host: str, port: int, **options: object) -> Found:
        self.asked.append(host)
        assert self._may_answer.acquire(timeout=PATIENCE_S)
        answer = self.answers.pop(0)
        if isinstance(answer, OSError):
            raise answer
        return answer

    def answer(self, answer: Found | OSError) -> None:
        """Let one question be answered, and wait until it was."""
        self.answers.append(answer)
        self._may_answer.release()
        _answered()


def _answered() -> None:
    for thread in threading.enumerate():
        if thread.name == "framebus-lookup":
            thread.join(PATIENCE_S)


def _found(*hosts: str) -> Found:
    return [
        (system.AF_INET6 if ":" in host else system.AF_INET, system.SOCK_STREAM, 6, "", (host, 1)) for host in hosts
    ]


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> Resolver:
    resolver = Resolver()
    monkeypatch.setattr(system, "getaddrinfo", resolver)
    return resolver


def test_nobody_waits_for_the_name_service(stack: ExitStack, tcp_door: TcpDoor, resolver: Resolver) -> None:
    dial = TcpDial("tcp://porch:5555", "porch", port_of(tcp_door))
    for _ in range(5):
        assert dial.attempt(NOW) == (None, RESOLVING_S, "")
    resolver.answer(_found("127.0.0.1"))
    near = _reached(stack, dial)

    assert near.where == "tcp://porch:5555"
    assert resolver.asked == ["porch"]
    _introduce(near, _let_in(stack, tcp_door))


def test_a_name_is_looked_up_anew_for_every_connection(stack: ExitStack, tcp_door: TcpDoor, resolver: Resolver) -> None:
    dial = TcpDial("tcp://porch:5555", "porch", port_of(tcp_door))
    for _ in range(2):
        dial.attempt(NOW)
        resolver.answer(_found("127.0.0.1"))
        _reached(stack, dial)

    assert resolver.asked == ["porch", "porch"]


def test_of_several_addresses_the_older_kind_is_taken(stack: ExitStack, tcp_door: TcpDoor, resolver: Resolver) -> None:
    dial = TcpDial("tcp://porch:5555", "porch", port_of(tcp_door))
    dial.attempt(NOW)
    resolver.answer(_found("2001:db8::1", "127.0.0.1"))
    _reached(stack, dial)

    _let_in(stack, tcp_door)


def test_an_unknown_name_is_told_to_people_and_asked_for_again(resolver: Resolver) -> None:
    dial = TcpDial("tcp://nosuch.invalid:5555", "nosuch.invalid", 5555)
    for _ in range(2):
        assert dial.attempt(NOW) == (None, RESOLVING_S, "")
        resolver.answer(system.gaierror(system.EAI_NONAME, "Name or service not known"))
        connection, retry_s, text = dial.attempt(NOW)

        assert connection is None
        assert 0 < retry_s <= RETRY_MAX_S
        assert text == "tcp://nosuch.invalid:5555: no such host (Name or service not known)"
    assert len(resolver.asked) == 2


def test_a_name_that_no_name_service_could_know_is_told_to_people(monkeypatch: pytest.MonkeyPatch) -> None:
    unhandled: list[str] = []
    monkeypatch.setattr(threading, "excepthook", lambda hook: unhandled.append(str(hook.exc_value)))
    host = "x" * 64  # a word of a name has 63 letters at most
    dial = TcpDial(f"tcp://{host}:5555", host, 5555)
    connection, _, text = dial.attempt(NOW)
    if not text:
        _answered()
        connection, _, text = dial.attempt(NOW)

    assert unhandled == []
    assert connection is None
    assert text.startswith(f"tcp://{host}:5555: no such host (")


# files for streams ------------------------------------------------------------------------------------------------


def test_a_file_door_is_reached(stack: ExitStack, path: str) -> None:
    dial = FileDial(f"ipc://{path}", path)
    with closing(FileDoor(path)) as door:
        near = _reached(stack, dial)
        far = _let_in(stack, door)

        assert near.where == f"ipc://{path}"
        _introduce(near, far)


def _no_file(path: str) -> None:
    return


@pytest.mark.parametrize("make", [_no_file, _dead_file], ids=["no file", "a dead one"])
def test_where_no_file_or_a_dead_one_is_the_next_attempt_is_soon(path: str, make: Callable[[str], None]) -> None:
    make(path)
    dial = FileDial(f"ipc://{path}", path)
    for _ in range(10):
        connection, retry_s, text = dial.attempt(NOW)
        assert (connection, text) == (None, "")
        assert 0 < retry_s <= RETRY_LOCAL_MAX_S
    Path(path).unlink(missing_ok=True)


def test_a_file_door_without_a_place_left_is_tried_again(stack: ExitStack, path: str) -> None:
    busy = stack.enter_context(system.socket(system.AF_UNIX))
    busy.bind(path)
    busy.listen(0)
    dial = FileDial(f"ipc://{path}", path)
    attempts = [dial.attempt(NOW) for _ in range(10)]
    for connection, _, _ in attempts:
        if connection is not None:
            connection.close()
    Path(path).unlink()

    connection, retry_s, _ = attempts[-1]
    assert connection is None
    assert 0 < retry_s <= RETRY_LOCAL_MAX_S


def test_without_a_descriptor_left_a_file_is_tried_again(stack: ExitStack, path: str) -> None:
    stack.enter_context(closing(FileDoor(path)))
    dial = FileDial(f"ipc://{path}", path)
    with no_descriptor_left():
        connection, retry_s, _ = dial.attempt(NOW)

    assert connection is None
    assert 0 < retry_s <= RETRY_LOCAL_MAX_S
    _reached(stack, dial)


def test_a_path_that_no_permissions_protect_is_not_connected_to() -> None:
    address = parse("ipc://@abstract")
    assert isinstance(address, Link)
    with pytest.raises(AddressError, match="abstract sockets have no permissions"):
        connecting(address)(0).close()


# files for shared memory ------------------------------------------------------------------------------------------


@needs_shared_memory
def test_whoever_shares_memory_is_reached(stack: ExitStack, path: str) -> None:
    door = stack.enter_context(closing(LocalDoor(path)))
    dial = LocalDial("shm://cam", lambda: (path, True))
    near = _reached(stack, dial)
    far = _let_in(stack, door)

    assert dial.address == "shm://cam"
    assert near.where == far.where == f"pid {os.getpid()}"
    assert near.ready
    near.send(b"hello")
    assert far.receive() == [[b"hello"]]


def test_while_nobody_is_known_the_next_attempt_is_soon() -> None:
    dial = LocalDial("shm://cam", lambda: ("", False))
    for _ in range(10):
        connection, retry_s, text = dial.attempt(NOW)
        assert (connection, text) == (None, "")
        assert 0 < retry_s <= RETRY_LOCAL_MAX_S


@needs_shared_memory
def test_one_who_is_not_certain_is_doubted_until_it_is(stack: ExitStack, path: str) -> None:
    stack.enter_context(closing(LocalDoor(path)))
    answers = iter([(path, False), (path, False), (path, True)])
    dial = LocalDial("shm://cam", lambda: next(answers))

    _reached(stack, dial)
    assert dial.doubtful
    assert (dial.elsewhere(), dial.doubtful) == (False, True)
    assert (dial.elsewhere(), dial.doubtful) == (False, False)


@needs_shared_memory
def test_one_who_is_found_at_another_path_is_elsewhere(stack: ExitStack, path: str) -> None:
    stack.enter_context(closing(LocalDoor(path)))
    known = [path]
    dial = LocalDial("shm://cam", lambda: (known[-1], False))
    _reached(stack, dial)

    known.append("")
    assert not dial.elsewhere()  # to be nowhere is no better
    known.append(path + "2")
    assert dial.elsewhere()


@needs_shared_memory
def test_reaching_nobody_is_none(path: str) -> None:
    assert reach(path) is None
    _dead_file(path, system.SOCK_SEQPACKET)
    assert reach(path) is None
    os.unlink(path)


@needs_shared_memory
def test_what_shares_no_memory_is_not_reached(path: str) -> None:
    with closing(FileDoor(path)):
        assert reach(path) is None


@needs_shared_memory
def test_a_process_of_another_user_is_not_trusted(stack: ExitStack, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    door = stack.enter_context(closing(LocalDoor(path)))
    monkeypatch.setattr(dialling, "peer_of", lambda socket: (4711, os.getuid() + 12_345))

    assert reach(path) is None
    far = _let_in(stack, door)
    assert isinstance(far, LocalConnection)
    assert _why(far) == ""


@needs_shared_memory
def test_a_process_of_the_administrator_is_trusted(
    stack: ExitStack, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack.enter_context(closing(LocalDoor(path)))
    monkeypatch.setattr(dialling, "peer_of", lambda socket: (4711, 0))
    monkeypatch.setattr(os, "getuid", lambda: 1000)

    found = reach(path)
    assert found is not None
    stack.callback(found.close)
    assert found.where == "pid 4711"


@needs_shared_memory
def test_without_a_descriptor_left_shared_memory_is_tried_again(stack: ExitStack, path: str) -> None:
    stack.enter_context(closing(LocalDoor(path)))
    with no_descriptor_left():
        assert reach(path) is None
