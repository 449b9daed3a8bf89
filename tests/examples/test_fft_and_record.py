"""One camera: its spectrum in one process, every frame into a file in another, a viewer in a third."""

from __future__ import annotations

from pathlib import Path

import pytest

import framebus as fb
from framebus.memory.pool import supported
from framebus.testing.children import Child
from tests.conftest import StartChild
from tests.examples.test_examples import EXAMPLES

HERE = EXAMPLES / "fft_and_record"
FRAMES = 60
pytestmark = pytest.mark.skipif(not supported(), reason="this system cannot share memory between processes")
ORDERS = ["camera view record fft", "record fft view camera", "view camera fft record"]


def started(child: StartChild, role: str, folder: Path, frames: int = FRAMES) -> Child:
    words = {
        "camera": ["synthetic:radar", "--frames", str(frames)],
        "view": ["--to", "null:"],
    }
    return child(HERE / f"{role}.py", *words.get(role, []), cwd=folder)


def recorded(path: Path) -> list[int]:
    """The numbers of the frames in it."""
    with fb.open(str(path)) as source:
        return [frame.seq for frame in source]


@pytest.mark.parametrize("order", ORDERS)
def test_nothing_is_lost_whichever_starts_first(child: StartChild, tmp_path: Path, order: str) -> None:
    running = {role: started(child, role, tmp_path) for role in order.split()}
    assert running["camera"].succeed(90) == f"{FRAMES} frames sent\n"
    assert f"{FRAMES} frames recorded, 0 missed" in running["record"].succeed()
    running["fft"].succeed()
    running["view"].succeed()
    assert recorded(tmp_path / "run.h5") == list(range(FRAMES))


def test_nothing_is_lost_when_the_recorder_is_killed(child: StartChild, tmp_path: Path) -> None:
    many = 5 * FRAMES  # the camera goes on for longer than recorders take to start
    camera, fft, view = (started(child, role, tmp_path, many) for role in ("camera", "fft", "view"))
    for _ in range(2):
        recorder = started(child, "record", tmp_path)
        recorder.wait_line(r"^[1-9]\d* written")
        recorder.kill()
    last = started(child, "record", tmp_path)
    assert camera.succeed(90) == f"{many} frames sent\n"
    last.succeed()
    fft.succeed()
    view.succeed()
    assert recorded(tmp_path / "run.h5") == list(range(many))
