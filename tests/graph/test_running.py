"""Systems of real processes: they die, hang, end and are changed, and nobody who is not concerned notices."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from framebus.config.run import run
from framebus.memory.pool import supported
from tests.graph.stage import CAMERA, Condition, Stage, numbers
from tests.kin import descendants

pytestmark = [
    pytest.mark.skipif(not supported(), reason="this system cannot share memory between processes"),
    pytest.mark.usefixtures("ops"),
]


def gone(pid: int) -> bool:
    return not psutil.pid_exists(pid)


# how it goes ---------------------------------------------------------------------------------------------


def test_streams_pipes_and_services_work_together_and_stop_together() -> None:
    pids: list[int] = []

    def script(stage: Stage) -> Iterator[Condition]:
        yield lambda: bool(stage.views) and stage.live()()
        pids.extend(process.pid for process in descendants())
        assert len(pids) == 5  # capture, two pipes, a service and its worker

    system = {
        "streams": {"gate": CAMERA, "yard": "synthetic:yard"},
        "services": {"mean": {"op": "ops.py:Mean"}},
        "pipes": {
            "look": {"source": ["gate", "yard"], "gather": {"light": "mean"}, "sink": "shm://{stream}-seen"},
            "small": {"source": "gate-seen", "op": "ops.py:half"},
        },
    }
    views = Stage(system, script).run()
    assert list(views) == ["streams", "streams.gate", "streams.yard", "pipes.look", "pipes.small", "services.mean"]
    assert {view.state for view in views.values()} == {"stopped"}
    assert all(map(gone, pids))


def test_finite_work_ends_by_itself_with_every_frame(tmp_path: Path) -> None:
    system: dict[str, Any] = {
        "streams": {"clip": {"source": "synthetic:", "frames": 40, "fps": 0, "size": "64x48"}},
        "pipes": {"small": {"source": "clip", "op": "ops.py:half"}, "keep": {"source": "small", "sink": "frames/"}},
    }
    views = Stage(system).run()
    assert [views[key].state for key in ("pipes.small", "pipes.keep")] == ["done", "done"]
    assert numbers(tmp_path / "frames") == list(range(40))
    assert views["pipes.keep"].figures.frames == 40


def test_a_recording_rolls_over_in_a_system_too(tmp_path: Path) -> None:
    pytest.importorskip("h5py")
    pipe = {"source": "synthetic:", "frames": 10, "size": "64x48", "sink": "{time}.h5", "rotate": "10min,2GB"}
    views = Stage({"pipes": {"keep": pipe}}).run()
    assert views["pipes.keep"].state == "done", views["pipes.keep"].why
    assert list(tmp_path.glob("*.h5"))


def test_functions_of_a_program_go_along(tmp_path: Path) -> None:
    level = 7

    def constant(image: Any) -> Any:
        return image * 0 + level

    class Count:
        def __call__(self, image: Any) -> int:
            return len(image)

    system = {
        "services": {"rows": {"op": Count}},
        "pipes": {
            "keep": {
                "source": "synthetic:",
                "frames": 3,
                "size": "64x48",
                "gather": {"rows": "rows"},
                "ops": [constant],
                "sink": "frames/",
            }
        },
    }
    run(system)
    assert numbers(tmp_path / "frames") == [0, 1, 2]


# what nodes print and take ------------------------------------------------------------------------------


def test_what_a_node_prints_comes_with_its_name() -> None:
    pipe = {"source": "synthetic:", "size": "64x48", "frames": 5, "sink": "null:", "op": "ops.py:loud"}
    stage = Stage({"pipes": {"talk": pipe}})
    stage.run()
    assert stage.lines == [("talk", "brightness 0")] * 5


def test_figures_are_told_with_what_they_cost() -> None:
    def script(stage: Stage) -> Iterator[Condition]:
        yield lambda: stage.views["pipes.look"].figures.cpu > 0
        figures = stage.views["pipes.look"].figures
        assert figures.memory > 10_000_000
        yield lambda: 5 < stage.views["pipes.look"].figures.rate < 60
        assert stage.views["pipes.look"].figures.age_s is not None

    Stage({"streams": {"gate": CAMERA}, "pipes": {"look": {"source": "gate", "sink": "null:"}}}, script).run()


# the end -------------------------------------------------------------------------------------------------


def test_ctrl_c_reaches_the_program_after_everything_has_ended() -> None:
    def script(stage: Stage) -> Iterator[Condition]:
        yield stage.live("streams.gate", "pipes.look")
        os.kill(os.getpid(), signal.SIGINT)
        yield lambda: False

    stage = Stage({"streams": {"gate": CAMERA}, "pipes": {"look": {"source": "gate", "sink": "null:"}}}, script)
    with pytest.raises(KeyboardInterrupt):
        stage.run()
    assert descendants() == []
    assert {view.state for view in stage.views.values()} == {"stopped"}


def test_hurry_waits_for_nobody() -> None:
    def script(stage: Stage) -> Iterator[Condition]:
        yield stage.live("pipes.look")
        stage.kill("pipes.look", signal.SIGSTOP)
        stage.system.hurry()
        yield lambda: False

    Stage({"pipes": {"look": {"source": "synthetic:", "size": "64x48", "sink": "null:"}}}, script).run()
    assert descendants() == []


def test_finite_frames_that_nobody_takes_do_not_hold_up_the_end() -> None:
    def script(stage: Stage) -> Iterator[Condition]:
        yield stage.state("streams.clip", "waiting")
        yield lambda: "readers" in stage.views["streams.clip"].why

    Stage({"streams": {"clip": {"source": "synthetic:", "frames": 100, "size": "64x48"}}}, script).run()
