"""From the network's way to shared memory: a tcp or ipc link between two processes of one machine moves by itself."""

from __future__ import annotations

import itertools
import os
import socket as system
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

import framebus as fb
from framebus.links import dialling, directory, moving
from framebus.links.local import LocalConnection
from framebus.memory.pool import pool, supported
from framebus.testing.links import WAIT_S, Reading, numbers
from framebus.testing.marked import mark, number_of
from tests.conftest import StartChild
from tests.waiting import until

pytestmark = pytest.mark.skipif(not supported(), reason="memory files are Linux's")

SHAPE = (200, 500)

READER = """
import sys, framebus as fb
from framebus.testing.marked import number_of
options = dict(part.split("=") for part in sys.argv[3:])
def mapped():
    return sum("/memfd:framebus" in line for line in open("/proc/self/maps"))
with fb.open(sys.argv[1], keep=sys.argv[2], timeout=20, **options) as frames:
    for frame in frames:
        assert number_of(frame.data) == frame.seq
        print(frame.seq, frame.missed, f"{frame.run:x}", "shared" if mapped() else "sent", flush=True)
print("end", flush=True)
"""

PUBLISHER = """
import sys, itertools, time, framebus as fb
from framebus.testing.marked import mark
out = fb.publish(sys.argv[1])
for number in itertools.count():
    with out.fill((200, 500)) as image:
        mark(image, number)
    if number == 0:
        print("publishing", flush=True)
    time.sleep(0.002)
"""


@pytest.fixture(params=["tcp", "ipc"])
def address(request: pytest.FixtureRequest, free_port: int, runtime_dir: Path) -> str:
    return f"tcp://127.0.0.1:{free_port}/cam" if request.param == "tcp" else f"ipc://{runtime_dir}/link:cam"


@pytest.fixture(autouse=True)
def _trimmed(runtime_dir: Path) -> Iterator[None]:
    pool().trim()
    yield
    pool().trim()


def send(out: fb.Publisher, number: int) -> None:
    """Half of them made in place."""
    if number % 2:
        with out.fill(SHAPE) as image:
            mark(image, number)
    else:
        image = np.empty(SHAPE, np.uint8)
        mark(image, number)
        out.send(image)


def lines(text: str) -> list[tuple[int, int, str, str]]:
    """What a reader process printed: number, missed, run, how it came."""
    found = [line.split() for line in text.splitlines() if line != "end"]
    return [(int(seq), int(missed), run, way) for seq, missed, run, way in found]


def ways(text: str) -> set[str]:
    return {way for *_, way in lines(text)}


# it moves, or it does not ---------------------------------------------------------------------------------------


def test_a_reader_on_this_machine_is_moved_before_the_first_frame(address: str, child: StartChild) -> None:
    reader = child("-c", READER, address, "all")
    with fb.publish(address, wait_for=1) as out:
        for number in range(50):
            send(out, number)
    reader.wait_line("end")
    assert [seq for seq, *_ in lines(reader.stdout)] == list(range(50))
    assert ways(reader.stdout) == {"shared"}


@pytest.mark.parametrize("side", ["reader", "publisher"])
def test_one_side_that_wants_tcp_gets_it(side: str, address: str, child: StartChild) -> None:
    reader = child("-c", READER, address, "all", *(["carrier=tcp"] if side == "reader" else []))
    with fb.publish(address, wait_for=1, carrier="tcp" if side == "publisher" else None) as out:
        for number in range(20):
            send(out, number)
        assert pool().stats().slots == 0
    reader.wait_line("end")
    assert [seq for seq, *_ in lines(reader.stdout)] == list(range(20))
    assert ways(reader.stdout) == {"sent"}


def _remove(path: str) -> None:
    os.unlink(path)


def _replace_by_a_file(path: str) -> None:
    os.unlink(path)
    Path(path).touch()


def _replace_by_one_nobody_listens_at(path: str) -> None:
    os.unlink(path)
    with system.socket(system.AF_UNIX, system.SOCK_SEQPACKET) as dead:
        dead.bind(path)


@pytest.mark.parametrize("spoil", [_remove, _replace_by_a_file, _replace_by_one_nobody_listens_at])
def test_what_cannot_be_reached_stays_on_its_way(spoil: Callable[[str], None], address: str, child: StartChild) -> None:
    with fb.publish(address, wait_for=1) as out:
        [record] = directory.entries()
        spoil(record.local)
        reader = child("-c", READER, address, "all")
        for number in range(20):
            send(out, number)
    reader.wait_line("end")
    assert [seq for seq, *_ in lines(reader.stdout)] == list(range(20))
    assert ways(reader.stdout) == {"sent"}
    if os.path.exists(record.local):
        os.unlink(record.local)


def test_another_users_publisher_is_not_moved_to(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dialling, "peer_of", lambda socket: (1234, 4711))
    with fb.publish(address, wait_for=1) as out:
        reading = Reading(fb.open(address, keep="all", timeout=WAIT_S))
        for number in range(10):
            send(out, number)
        assert pool().stats().leases == 0
    assert [number_of(frame.data) for frame in reading.result()] == list(range(10))


@pytest.mark.parametrize("keep", ["all", "latest"])
def test_a_hub_and_a_publisher_that_connects_to_it_move_as_well(keep: str, free_port: int, child: StartChild) -> None:
    hub = f"tcp://127.0.0.1:{free_port}"
    reader = child("-c", READER.replace("timeout=20", "timeout=20, listen=True"), hub, keep)
    with fb.publish(f"{hub}/cam", listen=False, wait_for=1) as out:
        for number in range(50):
            send(out, number)
        until(lambda: lines(reader.stdout))
    until(lambda: keep == "latest" or len(lines(reader.stdout)) == 50)
    assert ways(reader.stdout) == {"shared"}


# nothing is lost or repeated ------------------------------------------------------------------------------------


@pytest.mark.parametrize("keep", ["all", "latest"])
def test_a_single_frame_sent_the_moment_a_reader_is_there_arrives(keep: str, address: str) -> None:
    for number in range(8):
        reading = Reading(fb.open(address, keep=keep, timeout=WAIT_S))
        with fb.publish(address, wait_for=1) as out:
            send(out, 0)
        assert [number_of(frame.data) for frame in reading.result()] == [0], f"round {number}"


def test_readers_that_come_while_frames_are_sent_lose_and_repeat_nothing(address: str) -> None:
    readings: list[Reading] = []
    with fb.publish(address, wait_for=0, when_full="wait") as out:
        for number in range(300):
            if number % 30 == 0:
                readings.append(Reading(fb.open(address, keep="all", timeout=WAIT_S)))
            send(out, number)
            if number % 10 == 0:
                time.sleep(0.002)
        until(lambda: sum(not reader.away for reader in out.stats().readers) == len(readings))
        send(out, 300)
    for reading in readings:
        frames = reading.result()
        assert numbers(frames) == list(range(frames[0].seq, 301))
        assert sum(frame.missed for frame in frames[1:]) == 0
        assert [number_of(frame.data) for frame in frames] == numbers(frames)


def test_a_group_that_is_owed_all_from_the_first_gets_it(address: str) -> None:
    with fb.publish(address, wait_for=["saver"], when_full="wait") as out:
        reading = Reading(fb.open(address, group="saver", keep="all", timeout=WAIT_S))
        for number in range(100):
            send(out, number)
    assert numbers(reading.result()) == list(range(100))


def test_an_end_that_follows_the_arrival_at_once_is_told(address: str) -> None:
    for _ in range(10):
        reading = Reading(fb.open(address, timeout=WAIT_S))
        with fb.publish(address) as out:
            until(lambda: out.stats().readers)
        assert reading.result() == []


# and back -------------------------------------------------------------------------------------------------------


def test_when_the_publisher_is_killed_its_successor_is_moved_to_again(address: str, child: StartChild) -> None:
    settle = "import framebus.links.moving as moving; moving.SETTLED_S = 0.05"
    reader = child("-c", settle + READER, address, "latest")
    runs: list[str] = []
    for life in range(3):
        publisher = child("-c", PUBLISHER, address)
        until(lambda life=life: len({run for _, _, run, _ in lines(reader.stdout)}) == life + 1)  # type: ignore[misc]
        seen = len(lines(reader.stdout))
        until(lambda seen=seen: len(lines(reader.stdout)) > seen + 5)  # type: ignore[misc]
        publisher.kill()
    found = lines(reader.stdout)
    for (seq, _, run, _), (after, missed, later, _) in itertools.pairwise(found):
        assert missed == (after - seq - 1 if run == later else after)
    for _, _, run, _ in found:
        if run not in runs:
            runs.append(run)
    assert len(runs) == 3
    last = [way for _, _, run, way in found if run == runs[-1]]
    assert last[-1] == "shared"


def test_when_only_shared_memory_breaks_the_link_goes_on(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    near: list[LocalConnection] = []
    monkeypatch.setattr(moving, "reach", lambda path: near.append(dialling.reach(path)) or near[-1])  # type: ignore[func-returns-value, arg-type]
    with fb.publish(address, wait_for=1) as out:
        reading = Reading(fb.open(address, keep="all", timeout=WAIT_S))
        for number in range(30):
            send(out, number)
            if number == 10:
                reading.wait_for(5)
                near[0]._socket.shutdown(system.SHUT_RDWR)
    frames = reading.result()
    assert len(near) == 1
    assert numbers(frames) == list(range(30))
    assert [number_of(frame.data) for frame in frames] == list(range(30))


def test_coming_and_going_leaves_nothing_behind(address: str) -> None:
    for number in range(5):
        with fb.publish(address) as out, fb.open(address, keep="all") as frames:
            frames.fileno()
            until(lambda: out.stats().readers)
            send(out, number)
            assert number_of(frames.read().data) == number
            out.abandon()
