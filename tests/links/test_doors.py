"""Doors: where connections come in, who is sent away at once, and who is told what when a door cannot be had."""

from __future__ import annotations

import contextlib
import os
import select
import socket as system
import struct
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from framebus.core.errors import AddressError, Unavailable
from framebus.links import doors
from framebus.links.connection import Connection, Gone
from framebus.links.directory import register
from framebus.links.doors import FileDoor, LocalDoor, TcpDoor
from framebus.links.entrance import HERE, Door
from framebus.links.local import LocalConnection
from framebus.links.rendezvous import dial_local
from framebus.links.stream import StreamConnection
from framebus.memory.pool import supported
from tests.conftest import StartChild
from tests.links.doorstep import anybody, no_descriptor_left, port_of

PATIENCE_S = 30.0
RESET_AT_ONCE = struct.pack("ii", 1, 0)

OpenDoor = Callable[[Door], Door]

shares_memory = pytest.mark.skipif(not supported(), reason="memory files are Linux's")


def _has_ipv6() -> bool:
    with contextlib.suppress(OSError), system.create_server(("::1", 0), family=system.AF_INET6):
        return True
    return False


needs_ipv6 = pytest.mark.skipif(not _has_ipv6(), reason="no IPv6 here")


def _wait(door: Door) -> None:
    poll = select.poll()
    poll.register(door.fileno(), select.POLLIN)
    assert poll.poll(PATIENCE_S * 1000), "nobody came"


def _next(stack: ExitStack, door: Door) -> tuple[Connection, str]:
    """Whoever comes next."""
    _wait(door)
    accepted = door.accept()
    assert accepted is not None
    stack.callback(accepted[0].close)
    return accepted


def _caller(stack: ExitStack, door: Door) -> system.socket:
    """A raw connection to a tcp door of this machine."""
    return stack.enter_context(system.create_connection(("127.0.0.1", port_of(door)), PATIENCE_S))


def _stream_to(stack: ExitStack, path: str) -> system.socket:
    caller = stack.enter_context(system.socket(system.AF_UNIX))
    caller.settimeout(PATIENCE_S)
    caller.connect(path)
    return caller


def _heard(caller: system.socket) -> bytes:
    """Everything until the other side closes."""
    heard = b""
    with contextlib.suppress(ConnectionResetError):
        while data := caller.recv(4096):
            heard += data
    return heard


# a tcp port -------------------------------------------------------------------------------------------------------


def test_port_0_is_any_free_one_and_the_address_names_it(stack: ExitStack, tcp_door: TcpDoor) -> None:
    assert tcp_door.address == f"tcp://127.0.0.1:{port_of(tcp_door)}"
    assert port_of(tcp_door) > 0

    caller = _caller(stack, tcp_door)
    connection, address = _next(stack, tcp_door)

    assert address == "127.0.0.1"
    assert connection.where == f"127.0.0.1:{caller.getsockname()[1]}"
    assert isinstance(connection, StreamConnection)
    assert not connection.ready


def test_a_port_that_is_free_is_had(free_port: int) -> None:
    with closing(TcpDoor("127.0.0.1", free_port, anybody)) as door:
        assert door.address == f"tcp://127.0.0.1:{free_port}"


@pytest.mark.parametrize("host", ["", "*", "0.0.0.0"])  # noqa: S104
def test_all_networks_are_written_in_several_ways(stack: ExitStack, host: str) -> None:
    door = stack.enter_context(closing(TcpDoor(host, 0, anybody)))
    _caller(stack, door)

    assert door.address.startswith("tcp://0.0.0.0:")
    assert _next(stack, door)[1] == "127.0.0.1"


def test_a_name_of_this_machine_is_looked_up(stack: ExitStack) -> None:
    door = stack.enter_context(closing(TcpDoor("localhost", 0, anybody)))
    _caller(stack, door)

    assert door.address.startswith("tcp://127.0.0.1:")
    assert _next(stack, door)[1] == "127.0.0.1"


@needs_ipv6
@pytest.mark.parametrize("host", ["::1", "[::1]"])
def test_ipv6_is_written_in_brackets(stack: ExitStack, host: str) -> None:
    door = stack.enter_context(closing(TcpDoor(host, 0, anybody)))
    caller = stack.enter_context(system.create_connection(("::1", port_of(door)), PATIENCE_S))
    connection, address = _next(stack, door)

    assert door.address == f"tcp://[::1]:{port_of(door)}"
    assert address == "::1"
    assert connection.where == f"[::1]:{caller.getsockname()[1]}"


@needs_ipv6
def test_all_ipv6_networks_take_ipv4_as_well(stack: ExitStack) -> None:
    asked: list[str] = []
    door = stack.enter_context(closing(TcpDoor("::", 0, lambda address: asked.append(address) or "")))  # type: ignore[func-returns-value]
    for family, host in ((system.AF_INET, "127.0.0.1"), (system.AF_INET6, "::1")):
        caller = stack.enter_context(system.socket(family))
        caller.settimeout(PATIENCE_S)
        caller.connect((host, port_of(door)))
        _next(stack, door)

    assert [address.removeprefix("::ffff:") for address in asked] == ["127.0.0.1", "::1"]


def test_nobody_there_is_nobody(tcp_door: TcpDoor) -> None:
    assert tcp_door.accept() is None


def test_many_are_let_in_one_after_the_other(stack: ExitStack, tcp_door: TcpDoor) -> None:
    callers = [_caller(stack, tcp_door) for _ in range(20)]
    came = [_next(stack, tcp_door)[0] for _ in callers]

    assert {one.where for one in came} == {f"127.0.0.1:{caller.getsockname()[1]}" for caller in callers}
    assert tcp_door.accept() is None


def test_one_that_went_before_it_was_let_in_breaks_nothing(stack: ExitStack, tcp_door: TcpDoor) -> None:
    caller = _caller(stack, tcp_door)
    caller.setsockopt(system.SOL_SOCKET, system.SO_LINGER, RESET_AT_ONCE)
    caller.close()
    _wait(tcp_door)
    accepted = tcp_door.accept()
    if accepted is not None:  # some systems take it out of the queue again
        with closing(accepted[0]), pytest.raises(Gone):
            accepted[0].receive()

    _caller(stack, tcp_door)
    _next(stack, tcp_door)


def test_a_closed_door_lets_nobody_in_and_its_port_can_be_had_again(stack: ExitStack) -> None:
    door = TcpDoor("127.0.0.1", 0, anybody)
    port = port_of(door)
    caller = _caller(stack, door)
    connection, _ = _next(stack, door)
    door.close()

    with pytest.raises(ConnectionRefusedError):
        system.create_connection(("127.0.0.1", port), PATIENCE_S)
    connection.flush()
    assert caller.recv(1) == b"\xff"  # whoever is in stays in
    connection.close()  # first: that leaves the port in TIME_WAIT
    TcpDoor("127.0.0.1", port, anybody).close()


@pytest.mark.parametrize("kind", ["tcp", "file", pytest.param("local", marks=shares_memory)])
def test_without_a_descriptor_left_a_caller_waits_outside(stack: ExitStack, path: str, kind: str) -> None:
    door: Door
    if kind == "tcp":
        door = stack.enter_context(closing(TcpDoor("127.0.0.1", 0, anybody)))
        _caller(stack, door)
    elif kind == "file":
        door = stack.enter_context(closing(FileDoor(path)))
        _stream_to(stack, path)
    else:
        door = stack.enter_context(closing(LocalDoor(path)))
        stack.enter_context(dial_local(path))
    with no_descriptor_left():
        assert door.accept() is None

    _next(stack, door)


# who may come in --------------------------------------------------------------------------------------------------


def test_a_refused_address_is_told_to_people_and_sent_away_before_a_byte_is_read(stack: ExitStack) -> None:
    asked: list[str] = []

    def admits(address: str) -> str:
        asked.append(address)
        return "only the porch may connect here"

    door = stack.enter_context(closing(TcpDoor("127.0.0.1", 0, admits)))
    caller = _caller(stack, door)
    caller.sendall(b"\xff" * 64)
    _wait(door)

    with pytest.raises(Gone, match=r"^a connection from 127\.0\.0\.1 was refused: only the porch may connect here$"):
        door.accept()
    assert asked == ["127.0.0.1"]
    assert _heard(caller) == b""
    assert door.accept() is None


def test_each_caller_is_judged_anew(stack: ExitStack) -> None:
    verdicts = iter(["", "no more today", ""])
    door = stack.enter_context(closing(TcpDoor("127.0.0.1", 0, lambda address: next(verdicts))))
    for _ in range(3):
        _caller(stack, door)

    _next(stack, door)
    _wait(door)
    with pytest.raises(Gone, match="no more today"):
        door.accept()
    _next(stack, door)


# ports that cannot be had -----------------------------------------------------------------------------------------


def test_a_port_in_use_names_the_process() -> None:
    with system.create_server(("127.0.0.1", 0)) as other, pytest.raises(Unavailable) as error:
        TcpDoor("127.0.0.1", other.getsockname()[1], anybody)

    assert f"is in use by {os.getpid()} " in str(error.value)
    assert "choose another port" in str(error.value)


def test_a_port_that_somebody_has_on_one_network_is_not_had_on_all() -> None:
    with system.create_server(("127.0.0.1", 0)) as other, pytest.raises(Unavailable, match="is in use by"):
        TcpDoor("*", other.getsockname()[1], anybody)


@needs_ipv6
def test_a_port_in_use_names_the_process_with_ipv6_too() -> None:
    with (
        system.create_server(("::1", 0), family=system.AF_INET6) as other,
        pytest.raises(Unavailable, match=f"is in use by {os.getpid()} "),
    ):
        TcpDoor("[::1]", other.getsockname()[1], anybody)


def test_a_port_in_use_by_framebus_says_so(tcp_door: TcpDoor) -> None:
    with register("reader", f"{tcp_door.address}/door"), pytest.raises(Unavailable) as error:
        TcpDoor("127.0.0.1", port_of(tcp_door), anybody)

    assert f"in use by a framebus reader ({tcp_door.address}/door, pid {os.getpid()}: " in str(error.value)


def test_an_address_of_another_machine_cannot_be_listened_on() -> None:
    with pytest.raises(Unavailable, match=r"192\.0\.2\.1: not an address of this machine; connect to it instead"):
        TcpDoor("192.0.2.1", 5555, anybody)


def test_an_unknown_host_is_named() -> None:
    with pytest.raises(Unavailable, match=r"nosuch\.invalid: no such host"):
        TcpDoor("nosuch.invalid", 5555, anybody)


def test_a_host_that_no_name_service_could_know_is_named() -> None:
    with pytest.raises(Unavailable, match="xxx: no such host"):
        TcpDoor("x" * 64, 5555, anybody)


@pytest.mark.parametrize("port", [-1, 65_536, 70_000])
def test_a_port_has_16_bits(port: int) -> None:
    with pytest.raises(AddressError, match="from 0 to 65535"):
        TcpDoor("127.0.0.1", port, anybody)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs to become another user")
def test_a_reserved_port_is_explained(child: StartChild) -> None:
    code = """
import encodings.idna, os, psutil
from framebus.links.doors import TcpDoor
os.environ["XDG_RUNTIME_DIR"] = ""
os.setuid(65534)
try: TcpDoor("127.0.0.1", 81, lambda address: "")
except OSError as error: print(type(error).__name__, error)
"""
    if int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text()) <= 81:
        pytest.skip("no port is reserved here")
    assert "Forbidden port 81 may not be opened by this user" in child("-c", code).succeed()


# a file for streams -----------------------------------------------------------------------------------------------


def test_a_file_door_lets_streams_in(stack: ExitStack, path: str) -> None:
    door = stack.enter_context(closing(FileDoor(path)))
    assert door.address == f"ipc://{path}"
    assert door.accept() is None

    caller = _stream_to(stack, path)
    connection, address = _next(stack, door)

    assert isinstance(connection, StreamConnection)
    assert address == HERE
    assert connection.where == f"pid {os.getpid()}"
    connection.flush()
    assert caller.recv(1) == b"\xff"


def test_a_file_door_takes_its_file_along(path: str) -> None:
    FileDoor(path).close()
    assert not os.path.exists(path)


@pytest.mark.parametrize("make", [FileDoor, pytest.param(LocalDoor, marks=shares_memory)])
def test_a_file_that_somebody_listens_at_is_respected(path: str, make: Callable[[str], Door]) -> None:
    with (
        closing(make(path)),
        pytest.raises(Unavailable, match=f"cannot listen on ipc://{path}: a running process listens there"),
    ):
        make(path)


# a file for shared memory -----------------------------------------------------------------------------------------


@shares_memory
def test_a_local_door_lets_processes_of_this_user_in(stack: ExitStack, path: str) -> None:
    door = stack.enter_context(closing(LocalDoor(path)))
    assert (door.path, door.address) == (path, f"ipc://{path}")
    assert door.accept() is None

    caller = stack.enter_context(closing(LocalConnection(dial_local(path))))
    connection, address = _next(stack, door)

    assert isinstance(connection, LocalConnection)
    assert address == HERE
    assert connection.where == f"pid {os.getpid()}"
    assert connection.ready
    caller.send(b"hello")
    assert connection.receive() == [[b"hello"]]


@shares_memory
def test_a_local_door_goes_by_the_address_it_was_given(path: str) -> None:
    with closing(LocalDoor(path, "shm://cam")) as door:
        assert (door.path, door.address) == (path, "shm://cam")
    assert not os.path.exists(path)


@shares_memory
def test_processes_of_other_users_are_told_to_people_and_sent_away(
    stack: ExitStack, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    door = stack.enter_context(closing(LocalDoor(path)))
    monkeypatch.setattr(doors, "peer_of", lambda socket: (4711, os.getuid() + 12_345))
    caller = stack.enter_context(dial_local(path))
    caller.settimeout(PATIENCE_S)

    with pytest.raises(Gone, match=rf"process 4711 of user {os.getuid() + 12_345} was refused: memory is shared with"):
        door.accept()
    assert _heard(caller) == b""
    assert door.accept() is None


@shares_memory
def test_the_administrator_may_come_in(stack: ExitStack, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    door = stack.enter_context(closing(LocalDoor(path)))
    monkeypatch.setattr(doors, "peer_of", lambda socket: (4711, 0))
    monkeypatch.setattr(os, "getuid", lambda: 1000)
    stack.enter_context(dial_local(path))

    assert _next(stack, door)[0].where == "pid 4711"


@shares_memory
def test_streams_do_not_fit_a_local_door(stack: ExitStack, path: str) -> None:
    stack.enter_context(closing(LocalDoor(path)))

    with pytest.raises(OSError, match="wrong type"):
        _stream_to(stack, path)
