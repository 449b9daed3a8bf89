"""Examples of several programs that work together, each run as it is."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from framebus.memory.pool import supported
from tests.cli.pictures import numbers
from tests.clips import make_clip
from tests.conftest import StartChild
from tests.examples.test_examples import EXAMPLES
from tests.project.snippets import Runner, blocks

FFT = EXAMPLES / "fft_of_a_video"
CAMERA = EXAMPLES / "camera_with_analysis.py"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the example is, with a clip of 60 frames."""
    shutil.copytree(FFT, tmp_path, dirs_exist_ok=True)
    make_clip(tmp_path / "clip.mp4", frames=60)
    return tmp_path


def test_the_readme_of_the_fft_is_right(folder: Path, child: StartChild, free_ports: Callable[[], int]) -> None:
    runner = Runner(folder, child, free_ports)
    for block in blocks(folder / "README.md"):
        runner.run(block)
    runner.finish()
    assert len(list((folder / "spectra").glob("*.png"))) == 60


def test_a_worker_that_dies_is_made_up_for(folder: Path, child: StartChild, free_ports: Callable[[], int]) -> None:
    frames, results = (f"tcp://127.0.0.1:{free_ports()}" for _ in range(2))
    pipe = ("-m", "framebus", "pipe", frames, results, "--no-listen", "--op", "fft.py:fft2", "--group", "fft")
    ventilator = child(folder / "ventilator.py", "--at", frames, cwd=folder)
    sink = child(folder / "sink.py", "--at", results, cwd=folder)
    dies, lives = (child(*pipe, cwd=folder) for _ in range(2))
    sink.wait_line("^#")
    dies.kill()
    assert sink.succeed().endswith("60 results, none missing: True\n")
    assert ventilator.succeed() == "60 frames dealt out, all worked on\n"
    lives.succeed()


@pytest.mark.skipif(not supported(), reason="this system cannot share memory between processes")
def test_a_camera_with_who_analyses_who_saves_and_who_looks(child: StartChild, tmp_path: Path) -> None:
    seen = child(CAMERA, "--frames", "20", cwd=tmp_path).succeed().splitlines()
    assert len(seen) == 20
    assert all(re.fullmatch(r"camera #\d+, \d+ ms old · spectrum #\d+, \d+ ms old", line) for line in seen[1:]), seen
    saved = numbers(tmp_path / "frames")
    assert saved == list(range(saved[0], saved[0] + len(saved)))


@pytest.mark.skipif(not supported(), reason="this system cannot share memory between processes")
def test_any_of_them_may_be_killed_and_started_again(child: StartChild, tmp_path: Path) -> None:
    camera, spectrum = (child(CAMERA, role, cwd=tmp_path) for role in ("camera", "spectrum"))
    view = child(CAMERA, "view", "--frames", "1000000", cwd=tmp_path)
    for role, running in (("spectrum", spectrum), ("camera", camera)):
        view.wait_line("spectrum #")
        running.kill()
        again = child(CAMERA, role, cwd=tmp_path)
        for _ in range(5):
            view.wait_line("spectrum #")
        assert again.process.poll() is None
