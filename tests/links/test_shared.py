"""How processes of one machine find each other's shared memory, and what is left when they die."""

from __future__ import annotations

import os
import socket as system
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import framebus as fb
from framebus.core.addresses import Link, parse
from framebus.core.contracts import Item
from framebus.core.source import Source
from framebus.links import dialling, directory, discovery, doors, ipc, shared
from framebus.links.discovery import Discovery
from framebus.links.doors import LocalDoor
from framebus.links.link import open_link
from framebus.memory.pool import pool, supported
from framebus.testing.links import WAIT_S, Reading, numbers, picture
from framebus.verbs.flock import FlockSource
from tests.conftest import StartChild
from tests.waiting import until

pytestmark = pytest.mark.skipif(not supported(), reason="memory files are Linux's")

PUBLISHER = """
import sys, time, numpy as np, framebus as fb
out = fb.publish(sys.argv[1])
print("publishing", flush=True)
while True:
    out.send(np.zeros((200, 500), "uint8"), *sys.argv[2:])
    time.sleep(0.002)
"""

ANOTHER_USER = 4711


def link(address: str) -> Link:
    found = parse(address)
    assert isinstance(found, Link)
    return found


def files(runtime: Path) -> list[str]:
    return sorted(path.name for path in (runtime / "framebus").iterdir())


@pytest.fixture(autouse=True)
def _trimmed(runtime_dir: Path) -> Iterator[None]:
    pool().trim()
    yield
    pool().trim()


# one publisher to a name ----------------------------------------------------------------------------------------


def test_a_second_publisher_of_a_name_is_told_who_has_it(child: StartChild) -> None:
    first = child("-c", PUBLISHER, "shm://cam")
    first.wait_line("publishing")
    with pytest.raises(fb.errors.Unavailable, match=rf"already published by process {first.pid} \(.*python.*\)"):
        fb.publish("shm://cam")


def test_a_publisher_that_has_not_registered_yet_is_named_too(child: StartChild) -> None:
    listening = "import sys; from framebus.links.doors import LocalDoor; door = LocalDoor(sys.argv[1]); print('on')\n"
    first = child("-c", listening + "import time; time.sleep(60)", shared._path("cam"))
    first.wait_line("on")
    with pytest.raises(fb.errors.Unavailable, match=rf"already published by process {first.pid} \(.*python.*\)"):
        fb.publish("shm://cam")


def test_a_stream_of_a_publisher_of_many_is_taken_as_well(child: StartChild) -> None:
    first = child("-c", PUBLISHER, "shm://", "cam")
    first.wait_line("publishing")
    until(lambda: shared.find("cam") != ("", False) and shared.find("cam")[1])
    with pytest.raises(fb.errors.Unavailable, match=rf"already published by process {first.pid}"):
        fb.publish("shm://cam")


def test_a_name_longer_than_a_path_is_found() -> None:
    name = "c" * 64
    with fb.publish(f"shm://{name}", wait_for=1) as out:
        reading = Reading(fb.open(f"shm://{name}", keep="all", timeout=WAIT_S))
        out.send(picture(1))
    assert [frame.stream for frame in reading.result()] == [name]
    assert len(os.fsencode(shared._path("c" * 100))) <= ipc.MAX_PATH_BYTES


# the dead -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["shm://cam", "shm://", "tcp://127.0.0.1:{port}/cam"])
def test_what_a_killed_publisher_leaves_vanishes_when_somebody_looks(
    address: str, child: StartChild, runtime_dir: Path, free_port: int
) -> None:
    address = address.format(port=free_port)
    first = child("-c", PUBLISHER, address, "cam")
    first.wait_line("publishing")
    until(lambda: [info.pid for info in fb.streams() if info.name == "cam"] == [first.pid])
    first.kill()
    assert files(runtime_dir)
    assert fb.streams() == []
    assert files(runtime_dir) == []
    fb.publish(address).close()


def test_what_a_killed_hub_leaves_vanishes(child: StartChild, runtime_dir: Path, free_port: int) -> None:
    hub = child("-c", f"import framebus as fb; fb.open('tcp://127.0.0.1:{free_port}', listen=True).read()")
    until(lambda: any(record.kind == "reader" for record in directory.entries()))
    hub.kill()
    assert any(name.endswith(".shm") for name in files(runtime_dir))
    directory.entries()
    assert files(runtime_dir) == []


def test_the_socket_of_one_that_was_killed_before_it_registered_vanishes(runtime_dir: Path) -> None:
    left = system.socket(system.AF_UNIX, system.SOCK_SEQPACKET)
    left.bind(shared._path("cam"))
    left.close()
    directory.entries()
    assert files(runtime_dir) == []


def test_whoever_sweeps_leaves_a_successor_alone(runtime_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = shared._path("cam")
    left = system.socket(system.AF_UNIX, system.SOCK_SEQPACKET)
    left.bind(path)
    left.close()
    successors: list[LocalDoor] = []
    starting = threading.Thread(target=lambda: successors.append(LocalDoor(path)))
    answers = ipc.answers

    def answers_and_then_a_successor_starts(path: str, *kind: int) -> bool:
        answered = answers(path, *kind)
        if threading.current_thread() is not starting:
            starting.start()
            starting.join(0.2)  # it gets as far as it may
        return answered

    monkeypatch.setattr(ipc, "answers", answers_and_then_a_successor_starts)
    directory.entries()
    starting.join(WAIT_S)
    assert os.path.exists(path)
    for door in successors:
        door.close()


def test_sockets_of_the_living_stay(runtime_dir: Path) -> None:
    with fb.publish("shm://cam"), fb.publish("tcp://127.0.0.1:0/door"):
        before = files(runtime_dir)
        directory.entries()
        assert files(runtime_dir) == before


# another user ---------------------------------------------------------------------------------------------------


def test_another_users_process_is_refused_and_everybody_is_told(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with fb.publish("shm://cam") as out:
        with monkeypatch.context() as patch:
            patch.setattr(doors, "peer_of", lambda socket: (1234, ANOTHER_USER))
            with fb.open("shm://cam", timeout=0.3) as refused, pytest.raises(fb.Timeout):
                refused.read()
        assert out.stats().readers == []
        assert f"process 1234 of user {ANOTHER_USER} was refused" in caplog.text
        reading = Reading(fb.open("shm://cam", keep="all", timeout=WAIT_S))
        until(lambda: out.stats().readers)
        out.send(picture(1))
    assert numbers(reading.result()) == [0]


def test_another_users_publisher_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    with fb.publish("shm://cam") as out:
        monkeypatch.setattr(dialling, "peer_of", lambda socket: (1234, ANOTHER_USER))
        with fb.open("shm://cam", timeout=0.2) as deaf, pytest.raises(fb.Timeout):
            deaf.read()
        assert out.stats().readers == []


def test_a_process_that_became_another_user_cannot_come_in(child: StartChild, runtime_dir: Path) -> None:
    if os.getuid():
        pytest.skip("only root can become another user")
    path = shared._path("cam")
    intruder = """
import os, socket, sys
with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as stranger:
    directory = os.open(os.path.dirname(sys.argv[1]), os.O_PATH)  # held since it was root: folders do not stop it
    os.fchdir(directory)
    os.setuid(4711)
    stranger.connect("cam.shm")
    print("end" if not stranger.recv(100) else "?")
"""
    with fb.publish("shm://cam"):
        os.chmod(path, 0o666)  # noqa: S103
        os.chmod(os.path.dirname(path), 0o711)  # noqa: S103
        stranger = child("-c", intruder, path)
        printed = stranger.succeed()
        os.chmod(os.path.dirname(path), 0o700)
    assert printed == "end\n"


# noticing publishers as they come -------------------------------------------------------------------------------


@pytest.fixture
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discovery, "LOOK_S", 0.005)
    monkeypatch.setattr(discovery, "AGAIN_S", 0.02)


@pytest.mark.usefixtures("_quick")
class TestDiscovery:
    def test_it_tells_of_each_that_fits_once(self) -> None:
        told: list[str] = []
        watching = Discovery("cam-*", told.extend)
        with fb.publish("shm://cam-1"), fb.publish("shm://door"):
            until(lambda: len(told) == 1)
            with fb.publish("shm://cam-2"):
                until(lambda: len(told) == 2)
        watching.close()
        assert [os.path.basename(path) for path in told] == ["cam-1.shm", "cam-2.shm"]

    def test_it_tells_again_of_one_that_came_back(self) -> None:
        told: list[str] = []
        watching = Discovery("cam", told.extend)
        for count in (1, 2):
            with fb.publish("shm://cam"):
                until(lambda count=count: len(told) == count)  # type: ignore[misc]
            until(lambda: not watching._known)
        watching.close()

    def test_what_could_not_be_told_is_told_again(self, caplog: pytest.LogCaptureFixture) -> None:
        told: list[str] = []
        failures = [OSError(24, "Too many open files")] * 2

        def tell(paths: list[str]) -> None:
            if failures:
                raise failures.pop()
            told.extend(paths)

        watching = Discovery("cam", tell)
        with fb.publish("shm://cam"):
            until(lambda: told)
        watching.close()


@pytest.mark.usefixtures("_quick")
class TestFlock:
    def test_whoever_appears_is_read_and_the_loop_ends_with_the_last(self) -> None:
        reading = Reading(fb.open("shm://", keep="all", timeout=WAIT_S))
        with fb.publish("shm://left", wait_for=1) as left:
            left.send(picture(1))
            with fb.publish("shm://right", wait_for=1) as right:
                right.send(picture(2))
        assert sorted(frame.stream for frame in reading.result()) == ["left", "right"]

    @pytest.mark.parametrize("address", ["shm://cam", "shm://"])
    def test_a_killed_one_is_followed_by_its_successor(self, address: str, child: StartChild) -> None:
        reading = Reading(fb.open("shm://", timeout=WAIT_S), lambda got: len({frame.run for frame in got}) == 3)
        for count in (1, 2, 3):
            publisher = child("-c", PUBLISHER, address, "cam")
            until(lambda count=count: len({frame.run for frame in reading.frames}) == count)  # type: ignore[misc]
            publisher.kill()
        assert {frame.stream for frame in reading.result()} == {"cam"}

    def test_one_that_ends_and_begins_again_before_anybody_looked_is_read_again(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(discovery, "AGAIN_S", 0.3)
        reading = Reading(fb.open("shm://", keep="all", timeout=WAIT_S))
        with fb.publish("shm://other"):
            for number in range(3):
                with fb.publish("shm://cam", wait_for=1) as out:
                    out.send(picture(number))
        assert [int(frame.data.flat[0]) for frame in reading.result()] == [0, 1, 2]

    def test_the_dead_are_buried_after_their_successors_were_met(self, runtime_dir: Path) -> None:
        flock: FlockSource | None = None
        ended: list[bool] = []

        def open_one(path: str) -> Source[Item]:
            ended.append(flock is not None and flock._ended())
            return open_link(link("shm://cam"))

        flock = FlockSource("nobody", open_one)
        for number in range(3):
            flock._meet([shared._path(f"{shared._UNNAMED}1-{number}")])  # of which there is no file
        assert ended == [False] * 3
        assert len(flock._running) == 1
        flock.close()

    def test_one_that_is_buried_when_it_was_to_be_asked_next_is_no_error(self, runtime_dir: Path) -> None:
        with fb.publish("shm://cam") as out, open_link(link("shm://cam")) as source:
            flock = FlockSource("nobody", lambda path: source, WAIT_S)
            flock._meet([shared._path(f"{shared._UNNAMED}1-1")])  # of which there is no file
            until(lambda: out.stats().readers)
            out.send(picture(1))
            flock._wait(time.monotonic() + WAIT_S)
            flock._meet([])
            assert flock.take(0) is None
            flock.close()
