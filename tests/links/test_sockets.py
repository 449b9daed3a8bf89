"""Sockets: the options every one has, and who is told what when an address cannot be had."""

from __future__ import annotations

import os
import resource
import secrets
import socket as system
from collections.abc import Iterator
from pathlib import Path

import pytest
import zmq

from framebus.core.errors import AddressError, Unavailable
from framebus.links import sockets
from framebus.links.admission import admission
from framebus.links.directory import register
from framebus.links.doorman import on_duty
from framebus.links.keys import KeyStore
from framebus.links.sockets import bound_to, context, dialler, listener
from framebus.links.zap import Loopback
from tests.conftest import StartChild

PATIENCE_MS = 20_000


@pytest.fixture
def domain() -> Iterator[str]:
    name = secrets.token_hex(8)
    on_duty().register(name, Loopback())
    yield name
    admission().unregister(name)


def _exchange(server: sockets.Socket, client: sockets.Socket) -> None:
    """A question and an answer; the client's probe comes first."""
    client.send(b"hello")
    assert server.poll(PATIENCE_MS)
    identity, probe = server.recv_multipart()
    assert probe == b""
    assert server.poll(PATIENCE_MS)
    assert server.recv_multipart() == [identity, b"hello"]
    server.send_multipart([identity, b"welcome"])
    assert client.poll(PATIENCE_MS)
    assert client.recv_multipart() == [b"welcome"]


def _meet(address: str, domain: str = "") -> None:
    with listener(address, domain=domain) as server, dialler(bound_to(server)) as client:
        _exchange(server, client)


# both ends --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_tcp_both_ends_meet(host: str, domain: str) -> None:
    _meet(f"tcp://{host}:0", domain)


def test_inproc_both_ends_meet() -> None:
    _meet("inproc://test-sockets")


def test_encrypted_both_ends_meet(tmp_path: Path) -> None:
    hub, pi = KeyStore(tmp_path / "hub"), KeyStore(tmp_path / "pi")
    keys = pi.join(hub.invite("porch", "tcp://127.0.0.1:5555")).keys
    name = secrets.token_hex(8)
    on_duty().register(name, hub)
    try:
        with (
            listener("tcp://127.0.0.1:0", keys=hub.own(), domain=name) as server,
            dialler(bound_to(server), keys=keys) as client,
        ):
            _exchange(server, client)
    finally:
        admission().unregister(name)


def test_a_dialler_may_be_there_first(free_port: int, domain: str) -> None:
    address = f"tcp://127.0.0.1:{free_port}"
    with dialler(address) as client, listener(address, domain=domain) as server:
        assert client.poll(PATIENCE_MS, zmq.POLLOUT)  # with IMMEDIATE, sendable means connected
        _exchange(server, client)


@pytest.mark.parametrize("kind", [zmq.ROUTER, zmq.PULL])
def test_every_socket_closes_at_once_and_notices_silence(kind: int) -> None:
    with listener("inproc://test-options", kind=kind) as server, dialler("inproc://test-options") as client:
        for socket in (server, client):
            assert socket.get(zmq.LINGER) == 0
            assert socket.get(zmq.HEARTBEAT_IVL) == 1000
            assert socket.get(zmq.HEARTBEAT_TIMEOUT) == 3000
            assert socket.get(zmq.HEARTBEAT_TTL) == 3000
            assert socket.get(zmq.HANDSHAKE_IVL) == 3000
            assert socket.get(zmq.CONNECT_TIMEOUT) == 1000
            assert socket.get(zmq.MAXMSGSIZE) == 256_000_000 + 65_536
        assert (client.get(zmq.RECONNECT_IVL), client.get(zmq.RECONNECT_IVL_MAX)) == (20, 1000)


def test_sending_to_nobody_is_an_error() -> None:
    with listener("inproc://test-mandatory") as server, pytest.raises(zmq.ZMQError) as error:
        server.send_multipart([b"nobody", b"x"])

    assert error.value.errno == zmq.EHOSTUNREACH


def test_nothing_is_queued_for_a_connection_that_does_not_exist(free_port: int) -> None:
    with dialler(f"tcp://127.0.0.1:{free_port}") as client, pytest.raises(zmq.Again):
        client.send(b"x", zmq.NOBLOCK)


def test_a_tcp_listener_always_has_a_policy() -> None:
    with pytest.raises(ValueError, match="admission"):
        listener("tcp://127.0.0.1:0")


# addresses that cannot be had -------------------------------------------------------------------------------------


def test_a_port_in_use_names_the_process(domain: str) -> None:
    with system.create_server(("127.0.0.1", 0)) as other, pytest.raises(Unavailable) as error:
        listener(f"tcp://127.0.0.1:{other.getsockname()[1]}", domain=domain)

    assert f"is in use by {os.getpid()} " in str(error.value)
    assert "choose another port" in str(error.value)


def test_a_port_in_use_by_framebus_says_so(domain: str) -> None:
    with listener("tcp://127.0.0.1:0", domain=domain) as first:
        address = bound_to(first)
        with register("reader", f"{address}/door"), pytest.raises(Unavailable) as error:
            listener(address, domain=domain)

    assert f"in use by a framebus reader ({address}/door, pid {os.getpid()}: " in str(error.value)


def test_an_address_of_another_machine_cannot_be_listened_on(domain: str) -> None:
    with pytest.raises(Unavailable, match=r"192\.0\.2\.1: not an address of this machine; connect to it instead"):
        listener("tcp://192.0.2.1:5555", domain=domain)


def test_an_unknown_host_is_named(domain: str) -> None:
    with pytest.raises(Unavailable, match=r"nosuch\.invalid: no such host"):
        listener("tcp://nosuch.invalid:5555", domain=domain)


@pytest.mark.parametrize("address", ["tcp://127.0.0.1", "tcp://127.0.0.1:x", "tcp://127.0.0.1:70000"])
def test_a_listener_needs_a_port(address: str, domain: str) -> None:
    with pytest.raises(AddressError, match="port from 0 to 65535"):
        listener(address, domain=domain)


@pytest.mark.parametrize("address", ["tcp://desk", "tcp://:5555", "nonsense", "udp://x:1"])
def test_what_cannot_be_connected_to_is_an_address_error(address: str) -> None:
    with pytest.raises(AddressError, match="cannot connect to"):
        dialler(address)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs to become another user")
def test_a_reserved_port_is_explained(child: StartChild) -> None:
    code = """
import encodings.idna, os, psutil
from framebus.links.sockets import listener
os.environ["XDG_RUNTIME_DIR"] = ""
os.setuid(65534)
try: listener("tcp://127.0.0.1:81", domain="x")
except OSError as error: print(type(error).__name__, error)
"""
    if int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text()) <= 81:
        pytest.skip("no port is reserved here")
    assert "Forbidden port 81 may not be opened" in child("-c", code).succeed()


# the process ------------------------------------------------------------------------------------------------------


def test_there_is_one_context() -> None:
    assert context() is context()
    assert context().get(zmq.IO_THREADS) == 1
    assert context().get(zmq.MAX_SOCKETS) == sockets.MAX_SOCKETS


def test_a_forked_child_has_a_context_of_its_own(child: StartChild) -> None:
    code = """
import os
from framebus.links.sockets import bound_to, context, dialler, listener
parents = context()
server = listener("inproc://parents")
if os.fork() == 0:
    assert context() is not parents
    with listener("inproc://childs") as socket, dialler("inproc://childs") as client:
        assert socket.poll(10_000)
    del parents, server
    os._exit(7)
assert os.waitstatus_to_exitcode(os.wait()[1]) == 7
with dialler("inproc://parents") as client:
    assert server.poll(10_000)
server.close()
print("both work")
"""
    assert "both work" in child("-W", "error", "-c", code).succeed()


def test_the_descriptor_limit_is_raised_once_sockets_are_used(child: StartChild) -> None:
    code = """
import resource
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))
from framebus.links.sockets import context
assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == 64
context()
print(resource.getrlimit(resource.RLIMIT_NOFILE)[0] == hard)
"""
    assert child("-c", code).succeed() == "True\n"
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] > 64


def test_importing_opens_nothing(child: StartChild) -> None:
    code = """
import os
before = len(os.listdir("/proc/self/fd"))
import framebus.links.sockets, framebus.links.admission, framebus.links.guard, framebus.links.directory
print(len(os.listdir("/proc/self/fd")) - before)
"""
    assert child("-c", code).succeed() == "0\n"
