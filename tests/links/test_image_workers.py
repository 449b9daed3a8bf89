"""Where workers of an older image-folder program come to: heard, answered, missed, sent home; over ipc and tcp."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import zmq

from framebus.core.addresses import Link
from framebus.core.bell import Bell
from framebus.core.errors import AddressError, Unavailable
from framebus.links import sockets
from framebus.links.guard import Guard
from framebus.links.image_workers import Desk, News, address_of
from framebus.testing.links import WAIT_S
from framebus.wire.dialects.workers import Quit, Request, Task, encode

Address = tuple[Link, str, str]
"""What is listened at, and what a worker connects its two sockets to."""


@pytest.fixture(params=["ipc", "tcp"])
def address(request: pytest.FixtureRequest, runtime_dir: Path, free_ports: Callable[[], int]) -> Address:
    if request.param == "ipc":
        folder = f"ipc://{runtime_dir}"
        return address_of(f"{folder}/router.ipc"), f"{folder}/router.ipc", f"{folder}/publisher.ipc"
    port = free_ports()
    router, publisher = f"tcp://127.0.0.1:{port}", f"tcp://127.0.0.1:{port + 1}"
    return address_of(router), router, publisher


class Worker:
    """The sockets of such a worker."""

    def __init__(self, address: Address) -> None:
        self._context = zmq.Context()
        self.dealer = self._context.socket(zmq.DEALER)
        self.listener = self._context.socket(zmq.SUB)
        self.dealer.connect(address[1])
        self.listener.connect(address[2])
        self.listener.subscribe(b"")
        for socket in (self.dealer, self.listener):
            socket.rcvtimeo = int(WAIT_S * 1000)

    def close(self, linger: int = 0) -> None:
        """As if it ended; `linger` -1: when what it said has left."""
        self._context.destroy(linger)


@pytest.fixture
def worker(address: Address) -> Iterator[Worker]:
    found = Worker(address)
    yield found
    found.close()


@pytest.fixture
def bell() -> Iterator[Bell]:
    made = Bell()
    yield made
    made.close()


def next_news(desk: Desk, bell: Bell) -> News:
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline:
        for news in desk.news():
            return news
        desk.wait(bell.fileno(), 0.1)
    raise AssertionError("waited in vain")


def test_a_worker_asks_gets_and_goes(address: Address, worker: Worker, bell: Bell) -> None:
    with Desk(address[0]) as desk:
        worker.dealer.send_multipart([bytes(part) for part in encode(Request())])
        who, parts = next_news(desk, bell)
        assert [bytes(part) for part in parts or ()] == [b"req", b""]
        assert len(desk) == 1
        assert desk.send(who, encode(Task("/photos/é.jpg")))
        assert worker.dealer.recv_multipart() == [b"", "/photos/é.jpg".encode()]
        worker.close()
        assert next_news(desk, bell) == News(who, None)
        assert len(desk) == 0
        assert not desk.send(who, encode(Task("/photos/é.jpg")))


def test_the_end_of_a_worker_that_came_the_moment_the_door_opened_is_seen(
    address: Address, worker: Worker, bell: Bell, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrived = worker.dealer.get_monitor_socket(zmq.EVENT_HANDSHAKE_SUCCEEDED)
    listener = sockets.listener

    def listener_with_a_guest(where: str, **options: Any) -> sockets.Socket:
        opened = listener(where, **options)
        if options["kind"] == zmq.ROUTER:
            arrived.recv_multipart()
        return opened

    monkeypatch.setattr(sockets, "listener", listener_with_a_guest)
    with Desk(address[0]) as desk:
        worker.dealer.send_multipart([bytes(part) for part in encode(Request())])
        who, _ = next_news(desk, bell)
        arrived.close()
        worker.close()
        assert next_news(desk, bell) == News(who, None)


def test_a_worker_that_spoke_and_went_at_once_is_heard_and_missed(address: Address, worker: Worker, bell: Bell) -> None:
    with Desk(address[0]) as desk:
        worker.dealer.send_multipart([bytes(part) for part in encode(Request())])
        worker.close(linger=-1)
        guard = desk._router._lookout
        assert isinstance(guard, Guard)
        while not guard.counts.accepted or len(guard) or not desk._router.socket.poll(0):
            guard.connection(-1)  # until its end is known, and its word unread
        (who, parts), end = desk.news()
        assert [bytes(part) for part in parts or ()] == [b"req", b""]
        assert end == News(who, None)
        assert len(desk) == 0
        assert not list(desk.news())


def test_all_are_told_to_quit(address: Address, worker: Worker, bell: Bell) -> None:
    heard: list[list[bytes]] = []
    listening = threading.Thread(target=lambda: heard.append(worker.listener.recv_multipart()))
    with Desk(address[0]) as desk:
        listening.start()
        while listening.is_alive():
            desk.publish(encode(Quit()))
            desk.wait(bell.fileno(), 0.01)
            list(desk.news())
    listening.join()
    assert heard == [[b"quit", b""]]


def test_whatever_they_send_is_handed_on_in_few_parts(address: Address, worker: Worker, bell: Bell) -> None:
    with Desk(address[0]) as desk:
        worker.dealer.send_multipart([b""] * 40)
        _, parts = next_news(desk, bell)
        assert parts is not None
        assert len(parts) <= 5
        worker.dealer.send_multipart([b"x" * 1000])
        assert [bytes(part) for part in next_news(desk, bell).parts or ()] == [b"x" * 1000]


def test_the_files_are_private_and_go(runtime_dir: Path) -> None:
    before = Path.cwd()
    os.chdir(runtime_dir)
    try:
        with Desk(address_of("ipc://router.ipc")):
            assert sorted(os.listdir()) == ["publisher.ipc", "router.ipc"]
            assert {os.stat(name).st_mode & 0o077 for name in os.listdir()} == {0}
            with pytest.raises(Unavailable, match="a running process listens there"):
                Desk(address_of("ipc://router.ipc"))
        assert os.listdir() == []
    finally:
        os.chdir(before)


def test_the_network_has_to_be_allowed(free_ports: Callable[[], int]) -> None:
    port = free_ports()
    with pytest.raises(Unavailable, match="--allow ADDRESS"):
        Desk(address_of(f"tcp://*:{port}"))
    Desk(address_of(f"tcp://*:{port}"), ["192.168.0.0/16"]).close()
    Desk(address_of(f"tcp://:{port}"), insecure=True).close()


@pytest.mark.parametrize(
    "text", ["shm://x", "imagezmq+tcp://:5555", "tcp://a,b", "tcp://:5555/porch", "ipc://a.sock:x", "photos/", "null:"]
)
def test_what_they_cannot_connect_to(text: str) -> None:
    with pytest.raises(AddressError, match=r"workers cannot join at"):
        address_of(text)
