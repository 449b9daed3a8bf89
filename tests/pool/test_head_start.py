"""Workers that load while the program still loads: taken by whoever starts workers, and never left."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import psutil
import pytest

from framebus.core.cores import cores
from framebus.core.frame import Frame
from framebus.pool import head_start
from framebus.pool.head_start import MOST, HeadStart
from framebus.pool.supervisor import Supervisor
from framebus.pool.worker_handle import Worker
from framebus.pool.worker_job import Job
from framebus.pool.worker_process import THREADS, Begun, begin
from tests.conftest import StartChild
from tests.kin import descendants
from tests.pool.owner import QUICK, Remembering, frame
from tests.waiting import until

MODULE = "framebus.pool.calling"

PROGRAM = """
import os, signal, sys, time
import psutil
from framebus.pool.head_start import HeadStart, _shelf
def begun(count):
    while len(_shelf.ahead) < count:
        time.sleep(0.01)
    return [one.begun.process.pid for one in _shelf.ahead]
def copies(pids):
    return [psutil.Process(pid).cmdline() == psutil.Process().cmdline() for pid in pids]
"""
ONE_THREAD, TWO_THREADS = (dict.fromkeys(THREADS, count) for count in "12")
LOADED_ONCE = pytest.param(ONE_THREAD, id="copies")
LOADED_BY_EACH = pytest.param(TWO_THREADS, id="programs")
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="NOT TESTED: only Linux has whole copies")


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


@pytest.fixture
def nothing_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of how many threads libraries are to have."""
    for name in THREADS:
        monkeypatch.delenv(name, raising=False)


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


@pytest.mark.parametrize("env", [LOADED_ONCE, LOADED_BY_EACH])
def test_they_end_with_a_program_that_is_killed(child: StartChild, env: dict[str, str]) -> None:
    code = """
with HeadStart(2, "framebus.pool.calling"):
    print(*begun(2), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""
    killed = child("-c", PROGRAM + code, env=env)
    pids = [int(word) for word in killed.wait_line(r"(\d+) (\d+)").groups()]
    until(lambda: not any(map(psutil.pid_exists, pids)))
    killed.wait()
    assert killed.stderr == ""


@on_linux
@pytest.mark.parametrize(("env", "copied"), [(ONE_THREAD, True), (TWO_THREADS, False)])
def test_a_program_of_one_thread_loads_once_and_copies_itself(
    child: StartChild, env: dict[str, str], copied: bool
) -> None:
    """Where libraries start threads as they are loaded it would not be whole."""
    code = """
with HeadStart(2, "framebus.pool.calling"):
    print("framebus.pool.calling" in sys.modules, copies(begun(2)))
"""
    assert child("-c", PROGRAM + code, env=env).succeed() == f"{copied} {[copied] * 2}\n"


@on_linux
def test_libraries_are_told_how_many_threads_to_have_as_they_are_loaded(
    child: StartChild, tmp_path: Path, nothing_said: None
) -> None:
    (tmp_path / "asks.py").write_text("import os\ntold = os.environ.get('OMP_NUM_THREADS')\n")
    code = """
from framebus.core.cores import cores
before = dict(os.environ)
with HeadStart(max(2, cores()), "asks"):
    begun(2)
    print(sys.modules["asks"].told, os.environ == before)
"""
    assert child("-c", PROGRAM + code, cwd=tmp_path).succeed() == "1 True\n"


@on_linux
def test_a_program_of_several_threads_is_not_copied(child: StartChild) -> None:
    code = """
import threading
over = threading.Event()
threading.Thread(target=over.wait).start()
with HeadStart(2, "framebus.pool.calling"):
    print(copies(begun(2)), "framebus.pool.calling" in sys.modules)
over.set()
"""
    assert child("-c", PROGRAM + code, env=ONE_THREAD).succeed() == "[False, False] False\n"


@on_linux
def test_a_program_in_which_loading_has_begun_a_thread_is_not_copied(child: StartChild, tmp_path: Path) -> None:
    (tmp_path / "restless.py").write_text(
        "import threading, time\nthreading.Thread(target=time.sleep, args=(600,), daemon=True).start()\n"
    )
    code = """
with HeadStart(2, "restless"):
    print(copies(begun(2)))
"""
    assert child("-c", PROGRAM + code, cwd=tmp_path, env=ONE_THREAD).succeed() == "[False, False]\n"


@on_linux
def test_ctrl_c_reaches_a_copy_once_it_has_said_that_it_heeds_it(child: StartChild) -> None:
    code = """
from framebus.pool import worker
def work(*given):
    os.write(1, b"%d %d\\n" % tuple(sorted(signal.pthread_sigmask(signal.SIG_BLOCK, []))))
worker.work = work
with HeadStart(2, "framebus.pool.calling"):
    begun(2)
    for each in psutil.Process().children():
        each.wait()
    print(signal.pthread_sigmask(signal.SIG_BLOCK, []))
"""
    both = f"{int(signal.SIGINT)} {int(signal.SIGTERM)}\n"
    assert child("-c", PROGRAM + code, env=ONE_THREAD).succeed() == both * 2 + "set()\n"


@on_linux
def test_of_copies_all_begin_ahead(child: StartChild) -> None:
    code = f"""
with HeadStart({MOST + 3}, "framebus.pool.calling"):
    print(sum(copies(begun({MOST + 3}))))
print(psutil.Process().children())
"""
    assert child("-c", PROGRAM + code, env=ONE_THREAD).succeed() == f"{MOST + 3}\n[]\n"


@on_linux
def test_where_no_process_is_left_whoever_needs_it_says_so(child: StartChild) -> None:
    code = """
def no_more():
    raise BlockingIOError
os.fork = no_more
with HeadStart(2, "framebus.pool.calling"):
    print(copies(begun(2)))
"""
    assert child("-c", PROGRAM + code, env=ONE_THREAD).succeed() == "[False, False]\n"


OP = """
import json, os, signal, sys
import psutil
SEEN = {
    "copy": "process" in psutil.Process().cmdline(),
    "main": os.path.basename(sys.argv[0]),
    "threads": os.environ.get("OMP_NUM_THREADS"),
    "stdin": sys.stdin.read(),
    "ignored": [signal.getsignal(n) is signal.SIG_IGN for n in (signal.SIGINT, signal.SIGTERM)],
    "default": signal.getsignal(signal.SIGHUP) is signal.SIG_DFL,
    "blocked": sorted(signal.pthread_sigmask(signal.SIG_BLOCK, [])),
    "handlers": str(__import__("logging").getLogger("framebus").handlers),
    "sockets": sum(os.readlink(f"/proc/self/fd/{n}").startswith("socket:") for n in os.listdir("/proc/self/fd")
                 if os.path.exists(f"/proc/self/fd/{n}")),
}
def told(image):
    with open(os.path.join(os.environ["TOLD"], str(os.getpid())), "w") as file:
        json.dump(SEEN, file)
    return image
"""


@on_linux
@pytest.mark.parametrize(("env", "copied"), [({}, True), (ONE_THREAD, True), (TWO_THREADS, False)])
def test_an_op_finds_the_same_in_a_copy_and_in_a_program(
    child: StartChild, tmp_path: Path, env: dict[str, str], copied: bool, nothing_said: None
) -> None:
    """Of as many workers as there are cores, each has one thread where nobody has said anything."""
    count = max(2, cores())
    photos, told = tmp_path / "photos", tmp_path / "told"
    photos.mkdir()
    told.mkdir()
    for number in range(4 * count):
        cv2.imwrite(str(photos / f"{number}.png"), np.full((8, 8, 3), number, np.uint8))
    (tmp_path / "op.py").write_text(OP)
    words = ("photos", "out", "--op", "op.py:told", "--workers", str(count))
    child("-m", "framebus", "process", *words, cwd=tmp_path, stdin="ours", env={**env, "TOLD": str(told)}).succeed()
    seen = [json.loads(file.read_text()) for file in told.iterdir()]
    assert seen
    for each in seen:
        assert each == {
            "copy": copied,
            "main": "worker.py",
            "threads": env.get("OMP_NUM_THREADS", "1"),
            "stdin": "",
            "ignored": [True, True],
            "default": True,
            "blocked": [],
            "handlers": "[]",
            "sockets": 3,  # its own, and the two ends of a bell
        }


@pytest.mark.skipif(not hasattr(os, "fork"), reason="NOT TESTED: this system has no fork")
def test_a_forked_child_takes_none_of_its_parents() -> None:
    with HeadStart(1, MODULE):
        ahead(1)
        if (pid := os.fork()) == 0:
            os._exit(0 if head_start.taken(1) is None else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
