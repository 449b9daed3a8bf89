"""Objects in a process of their own: built there, called from here, started again when they die."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from framebus.core.errors import Closed, OpError, OptionError, RemoteError
from framebus.verbs.open import open as open_source
from framebus.work.objects.proxy import Remote
from framebus.work.spawn import spawn
from tests.conftest import StartChild
from tests.work.devices import (
    Agent,
    Camera,
    Motor,
    OnceOnly,
    Patient,
    Unbuildable,
    Working,
    camera_with,
    nothing,
)

ROOT = Path(__file__).parents[2]


def slay(pid: int) -> None:
    """Kill a process from elsewhere, and wait until it is dead; whose child it is may reap it."""
    descriptor = os.pidfd_open(pid)
    os.kill(pid, signal.SIGKILL)
    select.select([descriptor], [], [])
    os.close(descriptor)


def test_it_lives_in_a_process_of_its_own_and_is_called_from_here() -> None:
    with spawn(Camera, gain=3) as cam:
        pid = cam.pid()
        assert pid != os.getpid()
        assert cam.gain == 3
        cam.exposure_ms = 20
        assert (cam.read().image == 20).all()
        assert [int(array[0, 0]) for array in cam.frames(3)] == [0, 1, 2]
        assert [frame.seq for frame in cam.synthetic(2)] == [0, 1]
        assert repr(cam) == f"<Remote of Camera, in process {pid}>"
    assert not psutil.pid_exists(pid)


@pytest.mark.parametrize(
    "target", ["tests.work.devices:Camera", "tests.work.devices:Camera=gain=4", camera_with, "file.py:camera_with"]
)
def test_it_is_named_as_people_like(target: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file.py").write_text("from tests.work.devices import camera_with\n")
    monkeypatch.chdir(tmp_path)
    with spawn(target, *(() if "=" in str(target) else (4,))) as cam:
        assert cam.gain == 4


def test_a_class_made_here_goes_along_with_what_it_refers_to() -> None:
    much = np.arange(100_000)

    class Summing:
        def total(self, more: int = 0) -> int:
            return int(much.sum()) + more

    with spawn(Summing) as summing:
        assert summing.total(more=1) == much.sum() + 1


def test_arguments_may_be_anything_that_can_be_taken_along() -> None:
    with spawn(Camera, gain=np.arange(4)) as cam:
        assert list(cam.gain) == [0, 1, 2, 3]
    with pytest.raises(OptionError, match="Camera cannot be taken to its own process"):
        spawn(Camera, gain=threading.Lock())


def test_what_it_does_not_take_is_refused_at_once() -> None:
    with pytest.raises(OptionError, match="Camera cannot be built: got an unexpected keyword argument 'gian'"):
        spawn(Camera, gian=3)
    with pytest.raises(OptionError, match=r"restart='on_failure' is not possible: did you mean on-failure"):
        spawn(Camera, restart="on_failure")  # type: ignore[arg-type]
    with pytest.raises(OptionError, match="int cannot be spawned"):
        spawn(3)  # type: ignore[arg-type]
    with pytest.raises(OptionError, match=r"nowhere\.py does not exist"):
        spawn("nowhere.py:Camera")


def test_what_cannot_be_built_is_raised_at_the_first_use(caplog: pytest.LogCaptureFixture) -> None:
    with spawn(Unbuildable) as broken, pytest.raises(OpError, match="Unbuildable could not be built: RuntimeError: no"):
        broken.read()
    assert "Unbuildable could not be built: RuntimeError: no camera" in caplog.text
    with spawn(nothing) as broken, pytest.raises(OptionError, match="nothing returned None"):
        broken.read()
    with spawn("tests.work.devices:Camera", gian=3) as broken, pytest.raises(OptionError, match="'gian'"):
        broken.read()


# dying --------------------------------------------------------------------------------------------------------------


def test_one_that_dies_is_built_again_with_the_same_arguments(caplog: pytest.LogCaptureFixture) -> None:
    with spawn(Camera, gain=3) as cam:
        before = cam.pid()
        cam.gain = 9
        with pytest.raises(
            RemoteError, match=r"Camera\.die\(\) was under way when its process was killed by SIGKILL; it"
        ):
            cam.die()
        assert cam.gain == 3
        assert cam.pid() != before
    assert "Camera: its process was killed by SIGKILL; it starts again" in caplog.text


def test_one_that_is_killed_from_elsewhere_costs_no_call() -> None:
    with spawn(Camera) as cam:
        for _ in range(5):
            slay(cam.pid())
            assert cam.gain == 1


def test_calls_that_wait_go_to_the_one_that_is_started_in_its_place(tmp_path: Path) -> None:
    go = tmp_path / "go"

    async def use() -> list[Any]:
        async with spawn(Camera) as cam:
            pid = await cam.pid()
            first = asyncio.ensure_future(cam.wait_for(str(go))._answer())
            rest = [asyncio.ensure_future(cam.note(str(number))._answer()) for number in range(3)]
            while not (tmp_path / "go.waits").exists():
                await asyncio.sleep(0)
            os.kill(pid, signal.SIGKILL)
            outcome: list[Any] = await asyncio.gather(first, *rest, return_exceptions=True)
            return [*outcome, await cam.calls]

    first, *rest, calls = asyncio.run(use())
    assert isinstance(first, RemoteError)
    assert rest == [None, None, None]
    assert calls == ["0", "1", "2"]


def test_a_stream_breaks_off_and_events_go_on() -> None:
    with spawn(Camera) as cam, cam.events() as events:
        cam.tell("one")
        frames = cam.frames(100)
        next(frames)
        slay(cam.pid())
        assert cam.gain == 1
        with pytest.raises(RemoteError, match=r"Camera\.frames\(\) was under way when"):
            next(frames)
        cam.tell("two")
        assert [next(events)] == ["two"]  # what the one before told, and nobody had fetched, died with it


def test_never_is_never() -> None:
    with spawn(Camera, restart="never") as cam:
        with pytest.raises(RemoteError, match="was killed by SIGKILL"):
            cam.die()
        with pytest.raises(OpError, match="Camera: its process was killed by SIGKILL; it is not started again"):
            _ = cam.gain


def test_one_that_cannot_be_built_again_is_given_up(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("framebus.supervise.restarts.Restarts._delay_s", lambda self: 0.0)
    with spawn(OnceOnly, str(tmp_path / "built")) as camera:
        with pytest.raises(RemoteError):
            camera.die()
        with pytest.raises(OpError, match="it is not started again"):
            camera.die()
    assert "OnceOnly could not be built: RuntimeError: the camera is gone" in caplog.text


def test_an_object_that_is_stopped_ends_with_its_process() -> None:
    with spawn(Camera) as cam:
        pid = cam.pid()
        cam.stop()
        assert not psutil.pid_exists(pid)
        with pytest.raises(Closed, match="Camera is closed: spawn a new one"):
            cam.pid()
    with spawn(Motor) as motor:
        assert motor.stop() == "the motor stopped"


# a loop of its own --------------------------------------------------------------------------------------------------


def test_a_plain_loop_runs_beside_the_calls_and_ends_with_the_object(tmp_path: Path) -> None:
    with spawn(Working, str(tmp_path)) as working:
        first = working.turns
        while working.turns == first:
            pass
        assert "run" not in dir(working)
    assert (tmp_path / "left").exists()
    assert (tmp_path / "closed").exists()


def test_a_loop_that_sleeps_is_woken_to_end(tmp_path: Path) -> None:
    with spawn(Patient, str(tmp_path)) as patient:
        events = patient.events()
        assert [next(events), next(events)] == ["built", "running"]
    assert (tmp_path / "left").exists()
    assert (tmp_path / "closed").exists()


def test_an_object_whose_loop_has_ended_has_ended(tmp_path: Path) -> None:
    with spawn(Working, str(tmp_path)) as working:
        events = working.events()
        assert next(events) == "built"
        working.wish("end")
        assert list(events) == []
        with pytest.raises(Closed, match="Working: its process has ended by itself"):
            _ = working.turns
    assert (tmp_path / "closed").exists()


def test_always_starts_it_again_when_its_loop_has_ended(tmp_path: Path) -> None:
    with spawn(Working, str(tmp_path), restart="always") as working:
        pid = working.pid()
        events = working.events()
        assert next(events) == "built"
        working.wish("end")
        assert next(events) == "built"
        assert working.pid() != pid


def test_a_loop_that_fails_is_a_failure(child: StartChild, tmp_path: Path) -> None:
    code = (
        "import sys\nfrom framebus.work.spawn import spawn\n"
        "with spawn('tests.work.devices:Working', sys.argv[1]) as working:\n"
        "    events = working.events(); print(next(events))\n"
        "    working.wish('fail'); print(next(events))\n"
    )
    process = child("-c", code, str(tmp_path), cwd=ROOT)
    assert process.succeed() == "built\nbuilt\n"
    assert "run() failed: RuntimeError: the loop failed\nTraceback" in process.stderr
    assert "its process ended with exit code 1; it starts again" in process.stderr


def test_an_event_loop_runs_beside_the_calls() -> None:
    with spawn(Agent) as agent:
        assert agent.running()
        assert agent.after(10)
        assert list(agent.count(3)) == [0, 1, 2]


def test_it_may_own_publishers() -> None:
    class Publishing:
        def run(self) -> None:
            import numpy

            import framebus

            with framebus.publish("shm://own") as out:
                while True:
                    out.send(numpy.zeros((8, 8), numpy.uint8))

    with spawn(Publishing), open_source("shm://own", timeout=20) as frames:
        assert next(frames).shape == (8, 8)


def test_events_from_before_somebody_listens_are_there(tmp_path: Path) -> None:
    with spawn(Working, str(tmp_path)) as working:
        assert working.turns >= 0
        assert next(working.events()) == "built"


# many, and the end --------------------------------------------------------------------------------------------------


def test_many_are_watched_and_end_together() -> None:
    with ExitStack() as together:
        cameras = [together.enter_context(spawn(Camera, gain)) for gain in range(4)]
        slay(cameras[2].pid())
        assert [camera.gain for camera in cameras] == [0, 1, 2, 3]
        pids = [camera.pid() for camera in cameras]
        assert len(set(pids)) == 4
    assert not any(psutil.pid_exists(pid) for pid in pids)


def test_closing_frees_whoever_waits_and_ends_what_is_busy(tmp_path: Path) -> None:
    outcome: list[BaseException] = []

    def call(cam: Remote) -> None:
        try:
            cam.wait_for(str(tmp_path / "go"))
        except RemoteError as error:
            outcome.append(error)
        except Closed as error:
            outcome.append(error)

    with spawn(Camera) as cam:
        pid = cam.pid()
        thread = threading.Thread(target=call, args=(cam,))
        thread.start()
        while not (tmp_path / "go.waits").exists():
            pass
    thread.join()
    assert isinstance(outcome[0], Closed)
    assert not psutil.pid_exists(pid)


def test_a_forked_child_is_told_that_the_object_is_its_parents(child: StartChild) -> None:
    code = (
        "import os\nfrom framebus.work.spawn import spawn\n"
        "with spawn('tests.work.devices:Camera') as cam:\n"
        "    cam.gain\n"
        "    if (pid := os.fork()) == 0:\n"
        "        try: cam.gain\n"
        "        except Exception as error: print(type(error).__name__, error, flush=True)\n"
        "        os._exit(0)\n"
        "    os.waitpid(pid, 0); print(cam.gain)\n"
    )
    said = child("-c", code, cwd=ROOT).succeed()
    assert said.startswith("Closed tests.work.devices:Camera: this remote belongs to process ")
    assert said.endswith("1\n")


SCRIPT = """
import sys, time
from framebus.work.spawn import spawn

class Mine:
    def close(self):
        print("closed", flush=True)
    def pid(self):
        import os
        return os.getpid()

mine = spawn(Mine)
print(mine.pid(), flush=True)
"""


def test_it_ends_with_a_program_that_forgets_it(child: StartChild, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    process = child(script)
    pid, closed = process.succeed().splitlines()
    assert closed == "closed"
    assert not psutil.pid_exists(int(pid))


@pytest.mark.parametrize("how", ["kill", "interrupt"])
def test_it_ends_with_a_program_that_is_ended(child: StartChild, tmp_path: Path, how: str) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT + "time.sleep(600)\n")
    process = child(script)
    alive = psutil.Process(int(process.wait_line(r"^(\d+)$")[1]))
    getattr(process, how)()
    process.wait()
    alive.wait(10)
