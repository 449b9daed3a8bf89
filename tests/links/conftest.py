"""Where the ends of links meet, and who they meet there."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
import zmq

from framebus.links.doors import TcpDoor
from framebus.links.switchboard import Switchboard
from framebus.memory.pool import supported
from tests.links.boards import End, Place
from tests.links.doorstep import anybody
from tests.links.fakes import FakeDoor
from tests.links.yard import Yard


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def path(runtime_dir: Path) -> str:
    return str(runtime_dir / "cam.sock")


@pytest.fixture
def tcp_door(stack: ExitStack) -> TcpDoor:
    return stack.enter_context(closing(TcpDoor("127.0.0.1", 0, anybody)))


@pytest.fixture(params=["tcp", "ipc"])
def listening(request: pytest.FixtureRequest, stack: ExitStack, runtime_dir: Path) -> socket.socket:
    if request.param == "tcp":
        return stack.enter_context(socket.create_server(("127.0.0.1", 0)))
    door = stack.enter_context(socket.socket(socket.AF_UNIX))
    door.bind(str(runtime_dir / "door"))
    door.listen()
    stack.callback((runtime_dir / "door").unlink)
    return door


@pytest.fixture
def tcp(path: str, free_port: int) -> Place:
    return Place("tcp", path, free_port)


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


@pytest.fixture
def zeromq(stack: ExitStack) -> Callable[[int], zmq.Socket[bytes]]:
    """Makes sockets of libzmq's."""
    context = stack.enter_context(zmq.Context())

    def make(kind: int) -> zmq.Socket[bytes]:
        made: zmq.Socket[bytes] = context.socket(kind)
        made.linger = 0
        return stack.enter_context(made)

    return make


@pytest.fixture
def door(stack: ExitStack) -> FakeDoor:
    return FakeDoor()


@pytest.fixture
def hub(stack: ExitStack, door: FakeDoor) -> End:
    return stack.enter_context(closing(End(Switchboard([door]))))


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    made = Yard(tmp_path / "spool")
    yield made
    for kept in made.retentions:
        kept.disown()
