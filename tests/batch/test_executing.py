"""A whole job on somebody else's executor: same files, same report, same resume."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from framebus.batch.process import process
from framebus.core.errors import OptionError, Unavailable
from tests.batch import ops
from tests.batch.photos import contents, jpeg, photos
from tests.conftest import StartChild

SMALL = "resize=24x16"


PROCESSES = """
import multiprocessing, sys
from concurrent.futures import ProcessPoolExecutor
from framebus.batch.process import process

with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as executor:
    report = process(sys.argv[1], sys.argv[2], sys.argv[3:], workers=executor)
print(report.done, report.total, report.workers)
"""


def test_threads_make_the_same_files_and_go_on(tmp_path: Path) -> None:
    photos(tmp_path / "in", 60)
    (tmp_path / "in/bad.jpg").write_bytes(b"")
    process(tmp_path / "in", tmp_path / "alone", SMALL, workers=0)
    with ThreadPoolExecutor(2) as executor:
        report = process(tmp_path / "in", tmp_path / "out", SMALL, workers=executor)
        assert (report.done, report.total, len(report.failures), report.workers) == (60, 61, 1, 2)
        assert contents(tmp_path / "out") == contents(tmp_path / "alone")
        again = process(tmp_path / "in", tmp_path / "out", SMALL, workers=executor)
        assert (again.resumed, again.files) == (60, 0)


def test_functions_travel_by_value(tmp_path: Path) -> None:
    photos(tmp_path / "in", 3)
    with ThreadPoolExecutor(1) as executor:
        assert process(tmp_path / "in", tmp_path / "out", lambda image: image // 2, workers=executor).ok


def test_so_do_processes(child: StartChild, tmp_path: Path) -> None:
    photos(tmp_path / "in", 60)
    process(tmp_path / "in", tmp_path / "alone", SMALL, workers=0)
    assert child("-c", PROCESSES, tmp_path / "in", tmp_path / "out", SMALL).succeed() == "60 60 2\n"
    assert contents(tmp_path / "out") == contents(tmp_path / "alone")


def test_a_broken_executor_is_said_and_the_job_goes_on_later(child: StartChild, tmp_path: Path) -> None:
    photos(tmp_path / "in", 20)
    (tmp_path / "in/killed-1.jpg").write_bytes(jpeg())
    broken = child("-c", PROCESSES, tmp_path / "in", tmp_path / "out", f"{ops.__name__}:trouble")
    assert broken.wait() == 1
    assert "Unavailable: ProcessPoolExecutor does not work any more: BrokenProcessPool" in broken.stderr
    (tmp_path / "in/killed-1.jpg").unlink()
    assert process(tmp_path / "in", tmp_path / "out", f"{ops.__name__}:trouble", workers=0).ok
    assert len(contents(tmp_path / "out")) == 20


class Losing(ThreadPoolExecutor):
    """An executor that loses what it is given where `loses` says so, as clusters do."""

    def __init__(self, loses: Callable[[bytes], bool]) -> None:
        super().__init__(1)
        self._loses = loses

    def submit(self, function: Any, /, *args: Any, **named: Any) -> Future[Any]:
        """Run it, or fail as if the worker had died."""
        if not self._loses(args[1]):
            return super().submit(function, *args, **named)
        future: Future[Any] = Future()
        future.set_exception(ConnectionError("the worker is gone"))
        return future


def test_what_an_executor_loses_twice_alone_is_quarantined(tmp_path: Path) -> None:
    photos(tmp_path / "in", 30)
    with Losing(lambda paths: b"p007.jpg" in paths) as executor:
        report = process(tmp_path / "in", tmp_path / "out", SMALL, workers=executor)
    assert [Path(trouble.path).name for trouble in report.quarantined] == ["p007.jpg"]
    assert "gave it up, twice: ConnectionError: the worker is gone" in report.quarantined[0].reason
    assert report.done == 29


def test_what_it_loses_once_is_done_the_next_time(tmp_path: Path) -> None:
    photos(tmp_path / "in", 10)
    lost: set[bytes] = set()

    def loses(paths: bytes) -> bool:
        known = paths in lost
        lost.add(paths)
        return not known

    with Losing(loses) as executor:
        report = process(tmp_path / "in", tmp_path / "out", SMALL, workers=executor)
    assert (report.ok, report.done) == (True, 10)


def test_ops_that_cannot_travel_are_refused(tmp_path: Path) -> None:
    photos(tmp_path / "in", 1)
    lock = threading.Lock()
    with ThreadPoolExecutor(1) as executor, pytest.raises(OptionError, match="cannot be taken to its own process"):
        process(tmp_path / "in", tmp_path / "out", lambda image: image if lock else None, workers=executor)


def test_an_executor_that_cancels_what_it_was_given_does_not_work_any_more(tmp_path: Path) -> None:
    photos(tmp_path / "in", 3)

    class Cancelling(ThreadPoolExecutor):
        def submit(self, function: Any, /, *args: Any, **named: Any) -> Future[Any]:
            future: Future[Any] = Future()
            future.cancel()
            future.set_running_or_notify_cancel()
            return future

    with Cancelling(1) as executor, pytest.raises(Unavailable, match="does not work any more"):
        process(tmp_path / "in", tmp_path / "out", SMALL, workers=executor)
