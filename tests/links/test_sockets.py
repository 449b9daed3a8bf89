"""Sockets: the options every one has, and who is told what when an address cannot be had."""

from __future__ import annotations

import contextlib
import os
import resource
import secrets
import socket as system
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
import zmq

from framebus.core.errors import AddressError, Unavailable
from framebus.links import ipc, locks, sockets
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


def test_ipc_both_ends_meet(runtime_dir: Path) -> None:
    _meet(f"ipc://{runtime_dir}/cam.sock")


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
    assert "Unavailable port 81 may not be opened" in child("-c", code).succeed()


# ipc files --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mask", [0o000, 0o022])
def test_an_ipc_file_is_private_in_a_private_folder(runtime_dir: Path, mask: int) -> None:
    path = runtime_dir / "new" / "deep" / "cam.sock"
    before = os.umask(mask)
    try:
        with listener(f"ipc://{path}"):
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
            assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        assert not path.exists()
    finally:
        os.umask(before)


def test_an_ipc_file_is_private_from_the_first_moment(runtime_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    monkeypatch.setattr(os, "chmod", lambda path, mode: seen.append(os.stat(path).st_mode))
    before = os.umask(0o000)
    try:
        with listener(f"ipc://{runtime_dir}/cam.sock"):
            pass
    finally:
        os.umask(before)

    assert [mode & 0o077 for mode in seen] == [0]


def test_looking_and_replacing_are_one_step_for_other_processes(
    runtime_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free: list[bool] = []

    def look(path: str) -> None:
        descriptor = os.open(Path(path).parent, os.O_RDONLY)
        free.append(locks.lock(descriptor, wait=False))
        os.close(descriptor)

    monkeypatch.setattr(ipc, "_clear", look)
    with listener(f"ipc://{runtime_dir}/cam.sock"):
        pass

    assert free == [False]


def test_the_umask_is_as_it_was(runtime_dir: Path) -> None:
    before = os.umask(0o027)
    try:
        with listener(f"ipc://{runtime_dir}/cam.sock"):
            assert os.umask(0o027) == 0o027
    finally:
        os.umask(before)


def test_the_file_of_a_dead_process_is_replaced(runtime_dir: Path, child: StartChild) -> None:
    path = runtime_dir / "cam.sock"
    code = f"""
from framebus.links.sockets import listener
socket = listener("ipc://{path}")
print("listening", flush=True)
import signal; signal.pause()
"""
    process = child("-c", code)
    process.wait_line("listening")
    process.kill()
    assert path.exists()

    _meet(f"ipc://{path}")


def test_the_file_of_a_live_process_is_respected(runtime_dir: Path) -> None:
    address = f"ipc://{runtime_dir}/cam.sock"
    with listener(address) as server:
        with pytest.raises(Unavailable, match=r"cam\.sock: a running process listens there"):
            listener(address)
        with dialler(address) as client:
            _exchange(server, client)


def test_a_file_that_is_no_socket_is_left_alone(runtime_dir: Path) -> None:
    path = runtime_dir / "notes.txt"
    path.write_text("mine")

    with pytest.raises(Unavailable, match=r"notes\.txt: that file is not a socket"):
        listener(f"ipc://{path}")
    assert path.read_text() == "mine"
    path.unlink()


def test_a_folder_that_cannot_be_used_is_named(runtime_dir: Path) -> None:
    (runtime_dir / "file").write_text("")

    with pytest.raises(Unavailable, match=r"cannot listen on ipc://.*/file/cam\.sock"):
        listener(f"ipc://{runtime_dir}/file/cam.sock")
    (runtime_dir / "file").unlink()


@pytest.mark.parametrize("make", [listener, dialler])
@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/tmp/" + "x" * 103, "108 bytes, but the path of a unix socket holds 107"),  # noqa: S108
        ("/tmp/" + "é" * 60, "125 bytes"),  # noqa: S108
        ("", "names no file"),
        ("*", "names no file"),
        ("@abstract", "abstract sockets have no permissions"),
    ],
)
def test_paths_a_unix_socket_cannot_have(make: object, path: str, reason: str) -> None:
    assert callable(make)
    with pytest.raises(AddressError, match=reason):
        make(f"ipc://{path}")


def test_the_longest_path_works(runtime_dir: Path) -> None:
    path = f"{runtime_dir}/{'x' * (106 - len(str(runtime_dir)))}"
    assert len(path) == ipc.MAX_PATH_BYTES

    _meet(f"ipc://{path}")


def test_of_two_processes_that_find_a_stale_file_one_gets_it(runtime_dir: Path, child: StartChild) -> None:
    path = runtime_dir / "cam.sock"
    with contextlib.closing(system.socket(system.AF_UNIX)) as stale:
        stale.bind(str(path))
    code = f"""
from framebus.core.errors import Unavailable
from framebus.links.sockets import listener
import sys
sys.stdin.readline()
try:
    socket = listener("ipc://{path}")
    print("got it", flush=True)
except Unavailable:
    print("taken", flush=True)
sys.stdout.close()
import signal; signal.pause()
"""
    racers = [child("-c", code, stdin="go\n") for _ in range(4)]
    outcomes = sorted(racer.wait_line("got it|taken")[0] for racer in racers)

    assert outcomes == ["got it", "taken", "taken", "taken"]


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
