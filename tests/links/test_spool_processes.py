"""Spools of real processes: killed, closed, started again, out of room."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import framebus as fb
from framebus.core.addresses import Link, parse
from framebus.core.frame import Frame
from framebus.links.link import observe
from framebus.memory.pool import pool, supported
from framebus.testing.children import Child
from framebus.testing.links import WAIT_S, Reading
from framebus.testing.marked import mark, number_of
from tests.conftest import StartChild
from tests.waiting import until

SHAPE = (200, 500)
"""100 KB: large enough for a slot of shared memory."""
RETAIN = 2_000_000

PUBLISHER = """
import signal, sys, numpy as np, framebus as fb
from framebus.testing.marked import mark
address, folder, first, count, then = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5]
out = fb.publish(address, wait_for=["saver"], when_full="spool", spool=folder, retain="2MB")
for number in range(first, first + count):
    image = np.empty((200, 500), np.uint8)
    mark(image, number)
    out.send(image)
print("sent", flush=True)
if then == "close":
    out.close()
else:
    signal.pause()
print("closed", flush=True)
"""


@pytest.fixture(autouse=True)
def _trimmed(runtime_dir: Path) -> Iterator[None]:
    if supported():
        pool().trim()
    yield
    if supported():
        pool().trim()


@pytest.fixture(params=["tcp", "shm"])
def link(request: pytest.FixtureRequest, free_port: int) -> str:
    """An address to publish at."""
    if request.param == "shm" and not supported():
        pytest.skip("memory files are Linux's")
    return "shm://yard" if request.param == "shm" else f"tcp://127.0.0.1:{free_port}/yard"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where frames are kept."""
    return tmp_path / "spool"


def publish(link: str, folder: Path, **more: Any) -> fb.Publisher:
    """A publisher that spools there."""
    return fb.publish(link, when_full="spool", spool=folder, retain=RETAIN, **more)


def send(out: fb.Publisher, *numbers: int) -> None:
    """Marked pictures."""
    for number in numbers:
        image = np.empty(SHAPE, np.uint8)
        mark(image, number)
        out.send(image)


def read(link: str, count: int, group: str = "saver", **more: Any) -> list[Frame]:
    """So many frames, read by a new reader of that group; the last one is acknowledged, too."""
    source = fb.open(link, keep="all", group=group, timeout=WAIT_S, **more)
    reading = Reading(source, lambda frames: len(frames) == count)
    return reading.result()


def marks(frames: list[Frame]) -> list[int]:
    """The numbers of pictures, each of which is whole."""
    return [number_of(frame.data) for frame in frames]


def owed(out: fb.Publisher) -> int:
    """Frames owed to the groups of a publisher."""
    return sum(reader.owed for reader in out.stats().readers)


def spooling(child: StartChild, link: str, folder: Path, first: int, count: int, *, then: str = "wait") -> Child:
    """A process that publishes pictures `first` and following, and then closes, or waits."""
    process = child("-c", PUBLISHER, link, folder, str(first), str(count), then, stdin=None)
    process.wait_line("sent")
    return process


# away -------------------------------------------------------------------------------------------------------------


def test_a_reader_gets_ten_times_what_fits_into_memory_when_it_comes_back(link: str, folder: Path) -> None:
    with publish(link, folder, wait_for=["saver"]) as out:
        for number in range(200):
            with out.fill(SHAPE) as image:
                mark(image, number)
        del image
        address = parse(link)
        assert isinstance(address, Link)
        status = observe(address)
        assert status["retained_bytes"] == 0
        assert status["spooled_frames"] == 200
        assert status["spooled_bytes"] > 200 * 100_000
        slots = pool().stats()
        assert slots.slots == slots.free
        frames = read(link, 200)
        assert marks(frames) == list(range(200))
        assert [frame.seq for frame in frames] == list(range(200))
        assert not any(frame.missed for frame in frames)
        until(lambda: owed(out) <= 1)


def test_one_group_is_away_and_another_follows_as_if_nothing_was(link: str, folder: Path) -> None:
    with publish(link, folder, wait_for=["saver"]) as out:
        here = Reading(fb.open(link, keep="all", group="here", timeout=WAIT_S))
        until(lambda: any(reader.name == "here" and not reader.away for reader in out.stats().readers))
        for number in range(50):
            send(out, number)
            here.wait_for(number + 1)
        assert marks(read(link, 50)) == list(range(50))
    assert marks(here.result()) == list(range(50))


# killed and started again -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["killed", "closed"])
def test_what_one_process_left_another_one_delivers(how: str, link: str, folder: Path, child: StartChild) -> None:
    first = spooling(child, link, folder, 0, 60, then="close" if how == "closed" else "wait")
    if how == "closed":
        assert first.succeed()
    else:
        first.kill()
    spooling(child, link, folder, 60, 10)
    frames = read(link, 70)
    assert marks(frames) == list(range(70))
    assert not any(frame.missed for frame in frames)
    assert len({frame.run for frame in frames}) == 2
    assert [frame.seq for frame in frames] == [*range(60), *range(10)]


def test_a_reader_that_lives_through_it_gets_each_frame_once(link: str, folder: Path, child: StartChild) -> None:
    first = spooling(child, link, folder, 0, 60)
    gate = Gate(fb.open(link, keep="all", group="saver", timeout=WAIT_S))
    gate.take(30)
    first.kill()
    second = spooling(child, link, folder, 60, 10)
    gate.take(40)
    assert gate.marks == list(range(70))
    second.kill()
    gate.source.close()


class Gate:
    """Reads so many frames when told to, one after the other."""

    def __init__(self, source: fb.Source) -> None:
        self.source = source
        self.marks: list[int] = []

    def take(self, count: int) -> None:
        """So many more."""
        for _ in range(count):
            frame = self.source.read()
            assert frame is not None
            self.marks.append(number_of(frame.data))


def test_a_hub_that_was_away_gets_everything_once_whatever_was_killed(
    free_port: int, folder: Path, child: StartChild
) -> None:
    code = PUBLISHER.replace("when_full=", "listen=False, when_full=")
    address = f"tcp://127.0.0.1:{free_port}"
    first = child("-c", code, f"{address}/yard", folder, "0", "40", "wait")
    first.wait_line("sent")
    hub = Gate(fb.open(address, listen=True, keep="all", group="saver", timeout=WAIT_S))
    hub.take(15)
    first.kill()
    second = child("-c", code, f"{address}/yard", folder, "40", "10", "wait")
    hub.take(35)
    assert hub.marks == list(range(50))
    second.kill()
    hub.source.close()


def test_closing_takes_no_time_where_the_reader_is_away_and_waits_where_it_is_there(link: str, folder: Path) -> None:
    out = publish(link, folder, wait_for=["saver"], patience=WAIT_S)
    send(out, *range(30))
    reading = Reading(fb.open(link, keep="all", group="saver", timeout=WAIT_S))
    reading.wait_for(1)
    out.close()
    assert marks(reading.result()) == list(range(30))
    with publish(link, folder) as out:
        assert out.stats().readers == []


def test_a_reader_that_takes_nothing_does_not_fail_the_close(link: str, folder: Path) -> None:
    out = publish(link, folder, wait_for=["saver"], patience=0.2)
    with fb.open(link, keep="all", group="saver", timeout=WAIT_S) as source:
        send(out, *range(30))
        assert source.read() is not None
        out.close()
    with publish(link, folder) as out:
        assert owed(out) == 30


# one folder, one publisher ----------------------------------------------------------------------------------------


def test_a_second_publisher_is_told_who_has_the_folder(free_port: int, folder: Path, child: StartChild) -> None:
    first = spooling(child, "shm://first", folder, 0, 1)
    with pytest.raises(fb.errors.Unavailable, match=rf"python.* \(pid {first.pid}\), which publishes shm://first"):
        publish(f"tcp://127.0.0.1:{free_port}", folder)
    first.kill()
    publish(f"tcp://127.0.0.1:{free_port}", folder).close()


def test_a_port_in_use_gives_the_folder_back(free_port: int, folder: Path, tmp_path: Path) -> None:
    other = publish(f"tcp://127.0.0.1:{free_port}", tmp_path / "other")
    with pytest.raises(fb.errors.Unavailable, match="port"):
        publish(f"tcp://127.0.0.1:{free_port}", folder)
    other.close()
    publish(f"tcp://127.0.0.1:{free_port}", folder).close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_forked_child_does_not_hold_the_folder(link: str, folder: Path, child: StartChild) -> None:
    forks = 'import os, time\nif not os.fork():\n    print("forked", flush=True)\n    time.sleep(600)\n'
    parent = child("-c", PUBLISHER.replace("print(", f"{forks}print(", 1), link, folder, "0", "5", "wait")
    parent.wait_line("forked")
    parent.process.kill()
    parent.process.wait()
    with publish(link, folder) as out:
        assert owed(out) == 5
    os.killpg(parent.pid, signal.SIGKILL)
    parent.killed = True


# no room ----------------------------------------------------------------------------------------------------------


def test_beyond_its_size_exactly_what_is_missing_is_counted(link: str, folder: Path) -> None:
    with publish(link, folder, wait_for=["saver"], spool_size="5MB") as out:
        send(out, *range(200))
        [info] = out.stats().readers
        frames = read(link, 200 - info.missed, "saver")
        assert marks(frames) == list(range(info.missed, 200))
        assert 150 < info.missed < 165
        assert frames[0].missed in (0, info.missed)  # a first reader begins with what is left


LIMITED = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (MOST, MOST)){PUBLISHER}"


def test_files_that_may_not_grow_are_made_smaller(link: str, folder: Path, child: StartChild) -> None:
    publisher = child("-c", LIMITED.replace("MOST", "1_000_000"), link, folder, "0", "60", "wait")
    publisher.wait_line("sent")
    assert len([path for path in folder.iterdir() if path.suffix == ".frames"]) == 7
    assert marks(read(link, 60)) == list(range(60))
    publisher.kill()


def test_a_disk_that_takes_nothing_costs_frames_and_never_the_publisher(
    link: str, folder: Path, child: StartChild
) -> None:
    publisher = child("-c", LIMITED.replace("MOST", "50_000"), link, folder, "0", "60", "wait")
    publisher.wait_line("frames that are owed stay in memory")
    publisher.wait_line("sent")
    frames = read(link, 20)
    assert marks(frames) == list(range(20))
    publisher.kill()
