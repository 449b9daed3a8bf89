"""Bytes begin their way to the disk while more are written."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue
from threading import Event, Thread
from threading import enumerate as threads

import numpy as np
import numpy.typing as npt
import pytest

import framebus as fb
from framebus.sinks import writeback
from framebus.sinks.writeback import AT_ONCE, Writeback

Span = tuple[int, int]
PART = AT_ONCE // 8


class Disk:
    """What was asked of the system, instead of it; `busy` until it is let go."""

    def __init__(self) -> None:
        self.asked: SimpleQueue[Span] = SimpleQueue()
        self.free = Event()
        self.free.set()

    def __call__(self, descriptor: int, at: int, nbytes: int, how: int) -> int:
        assert (descriptor, how) == (7, 2)
        self.asked.put((at, nbytes))
        assert self.free.wait(20)
        return 0


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    disk = Disk()
    monkeypatch.setattr(writeback, "_sync_file_range", lambda: disk)
    return disk


@pytest.fixture
def early(disk: Disk) -> Iterator[Writeback]:
    early = Writeback(7)
    yield early
    disk.free.set()
    early.close()


@pytest.fixture
def disks(monkeypatch: pytest.MonkeyPatch) -> SimpleQueue[Span]:
    """What was asked for of any file, from a file that is really written."""
    asked: SimpleQueue[Span] = SimpleQueue()
    real = writeback._sync_file_range()

    def ask(descriptor: int, at: int, nbytes: int, how: int) -> int:
        asked.put((at, nbytes))
        return 0 if real is None else int(real(descriptor, at, nbytes, how))

    monkeypatch.setattr(writeback, "_sync_file_range", lambda: ask)
    return asked


def test_nothing_begins_before_it_is_worth_it(early: Writeback, disk: Disk) -> None:
    early.wrote(0, AT_ONCE - 1)
    assert disk.asked.empty()
    assert not any(thread.name == "framebus writeback" for thread in threads())


def test_what_was_written_begins_together(early: Writeback, disk: Disk) -> None:
    for part in range(16):
        early.wrote(part * PART, PART)
    assert [disk.asked.get(timeout=20) for _ in range(2)] == [(0, AT_ONCE), (AT_ONCE, AT_ONCE)]


def test_what_lies_apart_begins_as_well(early: Writeback, disk: Disk) -> None:
    """As of two datasets, whose rows are written in turns."""
    for part in range(4):
        early.wrote(10 * AT_ONCE + part * PART, PART)
        early.wrote(part * PART, PART)
    at, nbytes = disk.asked.get(timeout=20)
    assert (at, at + nbytes) == (0, 10 * AT_ONCE + 4 * PART)


def test_who_writes_never_waits_for_the_disk(early: Writeback, disk: Disk) -> None:
    disk.free.clear()
    for part in range(100):
        early.wrote(part * AT_ONCE, AT_ONCE)
    disk.asked.get(timeout=20)
    assert disk.asked.empty()


def test_what_has_not_begun_when_it_is_closed_is_left_to_the_system(
    early: Writeback, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Freeing(Thread):
        def join(self, timeout: float | None = None) -> None:
            disk.free.set()
            super().join(timeout)

    monkeypatch.setattr(writeback, "Thread", Freeing)
    disk.free.clear()
    for part in range(100):
        early.wrote(part * AT_ONCE, AT_ONCE)
    disk.asked.get(timeout=20)
    early.close()
    assert disk.asked.empty()


def picture(number: int) -> npt.NDArray[np.uint8]:
    return np.full((1024, 2048), number, np.uint8)


@pytest.mark.parametrize("kind", ["h5", "tif"])
def test_a_recording_begins_its_way_while_it_is_written(kind: str, tmp_path: Path, disks: SimpleQueue[Span]) -> None:
    path = tmp_path / f"run.{kind}"
    with fb.publish(str(path)) as out:
        for number in range(12):
            out.send(picture(number))
    assert sum(disks.get()[1] for _ in range(disks.qsize())) >= 2 * AT_ONCE
    with fb.open(str(path)) as frames:
        assert [frame.image[5, 5] for frame in frames] == list(range(12))


@pytest.mark.parametrize("kind", ["h5", "tif"])
def test_what_is_told_of_is_there(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes into the file only afterwards would be left behind."""
    there: list[bytes] = []
    monkeypatch.setattr(Writeback, "wrote", lambda self, at, size: there.append(os.pread(self._descriptor, size, at)))
    with fb.publish(str(tmp_path / f"run.{kind}")) as out:
        for number in range(1, 4):
            out.send(picture(number))
    pixels = [data for data in there if len(data) == picture(0).nbytes]
    assert pixels == [picture(number).tobytes() for number in range(1, 4)]


@pytest.mark.parametrize("kind", ["h5", "tif"])
def test_what_is_forced_to_the_disk_is_not_asked_for_twice(kind: str, tmp_path: Path, disks: SimpleQueue[Span]) -> None:
    with fb.publish(str(tmp_path / f"run.{kind}"), fsync=True) as out:
        for number in range(12):
            out.send(picture(number))
    assert disks.empty()


@pytest.mark.skipif(sys.platform != "linux", reason="NOT TESTED: only Linux can be asked to begin")
def test_the_system_takes_what_it_is_asked(tmp_path: Path) -> None:
    asked = writeback._sync_file_range()
    with open(tmp_path / "file", "wb", buffering=0) as file:
        file.write(bytes(1 << 20))
        assert asked(file.fileno(), 0, 1 << 20, 2) == 0
        assert asked(-1, 0, 1 << 20, 2) == -1
