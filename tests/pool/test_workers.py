"""Worker processes: what they run, what they say, how they end, and that none is left."""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import psutil
import pytest

from framebus.core.errors import OpError, OptionError
from framebus.core.frame import Frame
from framebus.pool.questions import question
from framebus.pool.supervisor import Supervisor
from framebus.pool.worker_handle import Worker
from framebus.pool.worker_job import Job
from tests.conftest import StartChild
from tests.pool.owner import Remembering, frame, worker

Array = npt.NDArray[Any]


def brightness(image: Array) -> int:
    return int(image[0, 0])


class Counting:
    """Answers how often it was called."""

    def __init__(self, first: int = 1) -> None:
        self.number = first - 1

    def __call__(self, frame: Frame) -> tuple[int, int]:
        self.number += 1
        return self.number, frame.seq


def suddenly(image: Array) -> str:
    if image[0, 0] == 9:
        os._exit(7)
    if image[0, 0] == 8:
        os.kill(os.getpid(), 11)
    return "survived"


def test_it_answers_frame_after_frame() -> None:
    with worker(brightness) as (one, owner):
        owner.wait("ready")
        for number in range(20):
            one.send(frame(number, number * 3))
        owner.wait("answer", 20)
        assert owner.all("answer") == [number * 3 for number in range(20)]


def test_a_class_is_built_once_in_its_process_and_called_for_every_frame() -> None:
    with worker(Counting) as (one, owner):
        owner.wait("ready")
        for number in (5, 6, 7):
            one.send(frame(number))
        owner.wait("answer", 3)
        assert owner.all("answer") == [(1, 5), (2, 6), (3, 7)]


def test_functions_and_classes_by_name_have_arguments() -> None:
    with worker("tests.pool.test_workers:Counting=first=10") as (one, owner):
        owner.wait("ready")
        one.send(frame(3))
        assert owner.wait("answer") == (10, 3)


def test_a_file_is_found_from_where_the_parent_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine.py").write_text("def seen(image):\n    return 'mine'\n")
    monkeypatch.chdir(tmp_path)
    job = Job.of("seen", "mine.py:seen")
    monkeypatch.chdir("/")
    owner = Remembering()
    one = Worker(job, owner)
    supervisor = Supervisor([one], "test")
    owner.wait("ready")
    one.send(frame())
    assert owner.wait("answer") == "mine"
    supervisor.close()


def test_lambdas_and_closures_travel_by_value() -> None:
    much = np.arange(300_000)  # more than one message of a socket holds
    with worker(lambda image: int(much.sum()) + int(image[0, 0])) as (one, owner):
        owner.wait("ready")
        one.send(frame(0, 4))
        assert owner.wait("answer") == int(much.sum()) + 4


def test_it_gets_the_frame_as_it_was_before_it_became_a_question() -> None:
    with worker(lambda frame: (frame.stream, frame.seq, dict(frame.meta))) as (one, owner):
        owner.wait("ready")
        one.send(question(frame(7).replace(meta={"a": 1}), "ask-1", 3, 0))
        assert owner.wait("answer") == ("cam", 7, {"a": 1})


def test_an_exception_is_told_with_the_users_own_traceback() -> None:
    def dark(image: Array) -> None:
        raise ValueError("too dark")

    with worker(dark) as (one, owner):
        owner.wait("ready")
        one.send(frame())
        first, *trace = owner.wait("error").splitlines()
        assert first == "ValueError: too dark"
        assert trace[0].startswith("Traceback")
        assert "in dark" in trace[1]
        assert "framebus" not in "".join(trace).replace(__file__, "")
        one.send(frame(1))
        owner.wait("error", 2)
        assert owner.all("lost") == []


def test_even_sys_exit_is_only_an_answer() -> None:
    with worker(lambda image: sys.exit("enough")) as (one, owner):
        owner.wait("ready")
        one.send(frame())
        assert owner.wait("error").startswith("SystemExit: enough")


def test_an_answer_that_cannot_travel_is_an_error() -> None:
    with worker(lambda image: {"boxes": {1, 2}}) as (one, owner):
        owner.wait("ready")
        one.send(frame())
        assert "the answer['boxes'] is of type set" in owner.wait("error")


@pytest.mark.parametrize(("value", "how"), [(9, "ended with exit code 7"), (8, "was killed by SIGSEGV")])
def test_one_that_dies_is_blamed_and_started_again(value: int, how: str) -> None:
    with worker(suddenly) as (one, owner):
        owner.wait("ready")
        one.send(frame(0, value))
        lost = owner.wait("lost")
        assert (lost.at_work, lost.why) == (True, how)
        owner.wait("ready", 2)
        one.send(frame(1))
        assert owner.wait("answer") == "survived"
        first, second = owner.all("ready")
        assert first != second


def test_what_it_answered_before_it_died_arrives() -> None:
    with worker(suddenly) as (one, owner):
        owner.wait("ready")
        for number, value in enumerate([0, 0, 9]):
            one.send(frame(number, value))
        owner.wait("lost")
        assert [what for what, _ in owner.said] == ["ready", "answer", "answer", "lost"]


def test_one_that_dies_whenever_it_works_is_given_up() -> None:
    with worker(suddenly) as (one, owner):
        for times in (1, 2, 3):
            owner.wait("ready", times)
            one.send(frame(times, 9))
            owner.wait("lost", times)
        assert one.life.state == "failed"
        assert isinstance(one.refusal, OpError)
        assert "3 times without any work done" in one.why


class Broken:
    """Cannot be built."""

    def __init__(self) -> None:
        raise RuntimeError("no weights")

    def __call__(self, image: Array) -> None:
        return


def test_one_that_cannot_be_built_says_why_and_is_not_started_again() -> None:
    with worker(Broken) as (one, owner):
        assert not owner.wait("lost").at_work
        assert isinstance(one.refusal, OpError)
        assert "seg could not be built: RuntimeError: no weights" in str(one.refusal)
        assert "no weights" in "".join(one.refusal.__notes__)
        assert one.life.state == "failed"


@pytest.mark.parametrize(
    ("target", "says"),
    [("no_such_module:thing", "no_such_module"), ("numpy:flipr", "fliplr"), ("numpy:ndarray=1,2,3,4,5,6,7", "built")],
)
def test_what_is_not_there_is_the_askers_mistake(target: str, says: str) -> None:
    with worker(target) as (one, owner):
        owner.wait("lost")
        assert isinstance(one.refusal, OptionError)
        assert says in str(one.refusal)


def test_what_cannot_be_taken_along_is_refused_at_once() -> None:
    lock = threading.Lock()
    with pytest.raises(OptionError, match=r"seg cannot be taken to its own process.*class"):
        Job.of("seg", lambda image: lock.locked())


def test_a_file_that_is_not_there_is_refused_at_once() -> None:
    with pytest.raises(OptionError, match=r"seg: file nowhere\.py does not exist"):
        Job.of("seg", "nowhere.py:thing")


def test_a_busy_one_is_killed_when_nobody_needs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("framebus.pool.supervisor.GRACE_S", 0.2)

    def busy(image: Array) -> None:
        while True:
            time.sleep(60)

    with worker(busy) as (one, owner):
        owner.wait("ready")
        one.send(frame())
        pid = one.pid
    assert not psutil.pid_exists(pid)


def test_one_that_is_killed_while_it_is_built_is_built_again() -> None:
    class Slow:
        """Leaves time to be killed."""

        def __init__(self) -> None:
            time.sleep(0.3)

        def __call__(self, image: Array) -> str:
            return "built"

    with worker(Slow) as (one, owner):
        while not one.pid:
            os.sched_yield()
        psutil.Process(one.pid).kill()
        assert not owner.wait("lost").at_work
        owner.wait("ready")
        one.send(frame())
        assert owner.wait("answer") == "built"


def test_several_share_the_cores_unless_the_user_has_said_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "77")
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)

    def said(image: Array) -> list[str | None]:
        return [os.environ.get("OMP_NUM_THREADS"), os.environ.get("OPENBLAS_NUM_THREADS")]

    owner = Remembering()
    many = [Worker(Job.of("one", said), owner, among=1), Worker(Job.of("many", said), owner, among=1000)]
    supervisor = Supervisor(many, "test")
    owner.wait("ready", 2)
    for each in many:
        each.send(frame())
    owner.wait("answer", 2)
    assert sorted(owner.all("answer"), key=str) == [["77", "1"], ["77", None]]
    supervisor.close()


class Unimportable:
    """Stands in the way of what the program itself imports."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _raise, ()

    def __call__(self, image: Array) -> Self:
        return self


def _raise() -> None:
    raise ImportError("only here")


def test_what_cannot_be_loaded_there_is_told() -> None:
    with worker(Unimportable()) as (one, owner):
        owner.wait("lost")
        assert "could not be built: ImportError: only here" in str(one.refusal)


SCRIPT = """
import os, sys, time
from tests.pool.owner import worker, frame
def pid(image):
    print("user says", os.getpid(), flush=True)
    if image[0, 0] == 1:
        while True: pass
    return os.getpid()
with worker(pid) as (one, owner):
    owner.wait("ready")
    print("worker", one.pid, flush=True)
    one.send(frame(0, int(sys.argv[1])))
    while True: time.sleep(0.1)  # in pieces: a Ctrl-C just before a sleep is noticed after it
"""
INTERRUPTED = """
import os, signal
from tests.pool.owner import worker
signal.signal(signal.SIGINT, lambda number, frame: None)
with worker("numpy:fliplr") as (one, owner):
    interrupts = 0
    while not owner.said:
        os.killpg(0, signal.SIGINT)
        interrupts += 1
    print([what for what, _ in owner.said], interrupts > 100)
"""
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("busy", ["0", "1"])
def test_it_dies_with_its_parent(child: StartChild, busy: str) -> None:
    parent = child("-c", SCRIPT, busy, cwd=ROOT)
    process = psutil.Process(int(parent.wait_line(r"worker (\d+)")[1]))
    parent.wait_line(f"user says {process.pid}")
    parent.kill()
    process.wait(30)


def test_ctrl_c_is_the_parents_business(child: StartChild) -> None:
    parent = child("-c", SCRIPT, "0", cwd=ROOT)
    pid = int(parent.wait_line(r"worker (\d+)")[1])
    parent.wait_line(f"user says {pid}")
    parent.interrupt()
    assert parent.wait() != 0
    assert parent.tracebacks == 1
    assert not psutil.pid_exists(pid)


def test_not_even_while_it_starts_does_ctrl_c_reach_it(child: StartChild) -> None:
    assert child("-c", INTERRUPTED, cwd=ROOT).succeed() == "['ready'] True\n"
