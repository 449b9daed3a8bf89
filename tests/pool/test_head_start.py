"""Workers that load while the program still loads: taken by whoever starts workers, and never left."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from framebus.core.frame import Frame
from framebus.pool import head_start
from framebus.pool.head_start import MOST, HeadStart
from framebus.pool.supervisor import Supervisor
from framebus.pool.worker_handle import Worker
from framebus.pool.worker_job import Job
from framebus.pool.worker_process import Begun, begin
from tests.conftest import StartChild
from tests.kin import descendants
from tests.pool.owner import QUICK, Remembering, frame
from tests.waiting import until

MODULE = "framebus.pool.calling"

ABANDONED = """
import os, signal, sys, time
import psutil
from framebus.pool.head_start import HeadStart
with HeadStart(2, "framebus.pool.calling"):
    while len(children := psutil.Process().children()) < 2:
        time.sleep(0.01)
    print(*(child.pid for child in children), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def process_id(seen: Frame) -> int:
    return os.getpid()


@contextmanager
def workers(count: int) -> Iterator[list[Remembering]]:
    """As many under supervision, and what each of them says."""
    owners = [Remembering() for _ in range(count)]
    made = [Worker(Job.of("seg", process_id), owner, among=count, rules=QUICK) for owner in owners]
    supervisor = Supervisor(made, "test")
    try:
        for one, owner in zip(made, owners, strict=True):
            owner.wait("ready")
            one.send(frame())
            owner.wait("answer")
        yield owners
    finally:
        supervisor.close()


def ahead(count: int) -> set[int]:
    """The processes that wait to be taken, once there are so many."""
    until(lambda: len(head_start._shelf.ahead) == count)
    return {one.begun.process.pid for one in head_start._shelf.ahead}


def answers(owners: list[Remembering]) -> set[int]:
    """Which processes have answered."""
    return {pid for owner in owners for pid in owner.all("answer")}


def test_whoever_starts_workers_takes_those_that_began_ahead() -> None:
    with HeadStart(2, MODULE):
        there = ahead(2)
        with workers(2) as owners:
            assert answers(owners) == there
    assert descendants() == []


def test_those_that_nobody_takes_are_ended() -> None:
    with HeadStart(2, MODULE):
        ahead(2)
    assert descendants() == []


def test_of_many_a_few_begin_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[Begun] = []

    def noted(*told: int) -> Begun:
        begun.append(begin(*told))
        return begun[-1]

    monkeypatch.setattr(head_start, "begin", noted)
    with HeadStart(MOST + 1, MODULE):
        there = ahead(MOST)
        with workers(MOST + 1) as owners:
            assert answers(owners) > there
    assert {one.process.pid for one in begun} == there


def test_workers_who_share_the_cores_with_others_than_meant_begin_anew() -> None:
    """Their libraries would have as many threads as were meant for another number of workers."""
    with HeadStart(2, MODULE):
        there = ahead(2)
        with workers(1) as owners:
            assert there.isdisjoint(answers(owners))


def test_without_workers_none_begins() -> None:
    with HeadStart(0, MODULE):
        assert descendants() == []


def test_one_that_has_died_before_it_was_taken_costs_nothing() -> None:
    with HeadStart(1, MODULE):
        (pid,) = ahead(1)
        os.kill(pid, signal.SIGKILL)
        until(lambda: psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
        with workers(1) as owners:
            assert pid not in answers(owners)
            assert owners[0].all("lost") == []


def test_one_that_dies_once_it_was_taken_starts_again() -> None:
    with HeadStart(1, MODULE):
        (pid,) = ahead(1)
        with workers(1) as owners:
            os.kill(pid, signal.SIGKILL)
            owners[0].wait("ready", 2)
            assert owners[0].all("ready")[0] == pid != owners[0].all("ready")[1]


def test_what_cannot_be_loaded_ahead_is_told_by_who_needs_it(capfd: pytest.CaptureFixture[str]) -> None:
    with HeadStart(1, "no_such_module"):
        there = ahead(1)
        with workers(1) as owners:
            assert answers(owners) == there
    assert capfd.readouterr() == ("", "")


def test_what_is_imported_from_where_is_as_it_is_when_the_job_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "come_later.py").write_text("def seen(image):\n    return 'later'\n")
    owner = Remembering()
    with HeadStart(1, MODULE):
        ahead(1)
        monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
        one = Worker(Job.of("seg", "come_later:seen"), owner, rules=QUICK)
        supervisor = Supervisor([one], "test")
        try:
            owner.wait("ready")
            one.send(frame())
            assert owner.wait("answer") == "later"
        finally:
            supervisor.close()


def test_they_end_with_a_program_that_is_killed(child: StartChild) -> None:
    killed = child("-c", ABANDONED)
    pids = [int(word) for word in killed.wait_line(r"(\d+) (\d+)").groups()]
    until(lambda: not any(map(psutil.pid_exists, pids)))
    killed.wait()
    assert killed.stderr == ""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="NOT TESTED: this system has no fork")
def test_a_forked_child_takes_none_of_its_parents() -> None:
    with HeadStart(1, MODULE):
        ahead(1)
        if (pid := os.fork()) == 0:
            os._exit(0 if head_start.taken(1) is None else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
