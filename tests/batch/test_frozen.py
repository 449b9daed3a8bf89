"""Processes that were stopped: noticed, ended after a while that this process has seen, and no others."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from framebus.batch.frozen import Frozen, is_stopped
from framebus.batch.process import process
from tests.batch import ops
from tests.batch.photos import contents, jpeg, photos
from tests.waiting import until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only /proc tells who is stopped")


@pytest.fixture
def stopped() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["/bin/sleep", "60"]) as process:
        process.send_signal(signal.SIGSTOP)
        until(lambda: is_stopped(process.pid))
        yield process
        process.kill()


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_who_stays_stopped_is_ended(stopped: subprocess.Popen[bytes]) -> None:
    clock = Clock()
    frozen = Frozen(2.0, clock)
    for _ in range(9):
        clock.now += 0.2
        assert frozen.look([stopped.pid]) == []
    clock.now += 0.4
    assert frozen.look([stopped.pid]) == [stopped.pid]
    assert stopped.wait() == -signal.SIGKILL


def test_who_goes_on_is_not(stopped: subprocess.Popen[bytes]) -> None:
    clock = Clock()
    frozen = Frozen(1.0, clock)
    clock.now += 0.9
    frozen.look([stopped.pid])
    stopped.send_signal(signal.SIGCONT)
    until(lambda: not is_stopped(stopped.pid))
    for _ in range(10):
        clock.now += 0.9
        assert frozen.look([stopped.pid]) == []


def test_time_in_which_this_process_was_stopped_too_does_not_count(stopped: subprocess.Popen[bytes]) -> None:
    clock = Clock()
    frozen = Frozen(60.0, clock)
    clock.now += 3600.0
    assert frozen.look([stopped.pid]) == []


def test_only_children_are_looked_after() -> None:
    assert not is_stopped(1)
    assert not is_stopped(os.getpid())
    assert not is_stopped(2**22 + 1)


def test_a_worker_that_was_stopped_costs_nothing_and_blames_nobody(tmp_path: Path) -> None:
    photos(tmp_path / "in", 20)
    for number in range(2):
        (tmp_path / f"in/stop-{number}.jpg").write_bytes(jpeg(number))
    (tmp_path / "stops").mkdir()
    report = process(
        *(tmp_path / "in", tmp_path / "out", f"{ops.__name__}:Stopping='{tmp_path}/stops'"),
        workers=2,
        work_timeout="1s",
    )
    assert (report.ok, report.done, report.quarantined, report.lost_workers) == (True, 22, [], 2)
    assert len(contents(tmp_path / "out")) == 22
