"""A real clip moves between two terminals: every frame, pixel-equal, numbered, gap-free, whatever happens."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import framebus as fb
from framebus.testing.children import Child
from framebus.testing.sample_video import clip
from tests.cli.pictures import numbers, pictures
from tests.conftest import StartChild

FRAMES = 60
ACCIDENT = f"""
import os, signal
def suddenly(frame):
    if frame.seq == {FRAMES // 2}:
        os.kill(os.getpid(), signal.SIGKILL)
    return frame
"""


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real clip, its numbers in the pixels."""
    pytest.importorskip("av")
    return Path(clip(tmp_path_factory.mktemp("clip") / "clip.mp4", FRAMES, "320x240"))


class Terminals:
    """Where the two commands are typed, in one folder."""

    def __init__(self, child: StartChild, video: Path, folder: Path, port: int) -> None:
        self._child = child
        self._video = video
        self.folder = folder
        self._address = f"tcp://127.0.0.1:{port}"
        (folder / "accident.py").write_text(ACCIDENT)

    def send(self) -> Child:
        """`framebus pipe clip.mp4 tcp://…`."""
        return self._pipe(str(self._video), self._address)

    def save(self, *more: str) -> Child:
        """`framebus pipe tcp://… frames/`."""
        return self._pipe(self._address, "frames/", *more)

    def save_until_the_accident(self) -> Child:
        """The same, killed half way."""
        return self.save("--op", "accident.py:suddenly")

    def _pipe(self, *arguments: str) -> Child:
        return self._child("-m", "framebus", "pipe", *arguments, cwd=self.folder)


@pytest.fixture
def terminals(child: StartChild, video: Path, tmp_path: Path, free_port: int) -> Terminals:
    return Terminals(child, video, tmp_path, free_port)


def killed(process: Child) -> None:
    """Wait until it has killed itself."""
    assert process.wait() == -9
    process.kill()  # the fixture's way of knowing that somebody died without tidying up


def assert_all_there(video: Path, folder: Path, first: int = 0) -> None:
    """The pictures numbered from `first` are the clip, each pixel of each frame."""
    kept = [frame for frame in pictures(folder) if frame.seq >= first]
    assert [frame.seq for frame in kept] == list(range(first, first + FRAMES))
    with fb.open(str(video)) as original:
        for sent, found in zip(original, kept, strict=True):
            assert np.array_equal(sent.image, found.image)
    assert not list(folder.glob("*partial*"))


@pytest.mark.parametrize("reader_first", [True, False])
def test_every_frame_arrives_in_either_start_order(terminals: Terminals, video: Path, reader_first: bool) -> None:
    ways = [terminals.send, terminals.save]
    for process in [start() for start in (reversed(ways) if reader_first else ways)]:
        process.succeed()
    assert_all_there(video, terminals.folder / "frames")


@pytest.mark.parametrize("reader_first", [True, False])
def test_a_reader_killed_half_way_and_started_again_completes_the_clip(
    terminals: Terminals, video: Path, reader_first: bool
) -> None:
    ways = [terminals.send, terminals.save_until_the_accident]
    started = {start: start() for start in (reversed(ways) if reader_first else ways)}
    killed(started[terminals.save_until_the_accident])
    half = numbers(terminals.folder / "frames")
    assert 0 < len(half) <= FRAMES // 2
    terminals.save().succeed()
    started[terminals.send].succeed()
    assert_all_there(video, terminals.folder / "frames")


@pytest.mark.parametrize("accident", [True, False])
def test_a_folder_that_holds_another_run_keeps_it(terminals: Terminals, video: Path, accident: bool) -> None:
    for process in (terminals.send(), terminals.save()):
        process.succeed()
    sender = terminals.send()
    if accident:
        # the first reader sees frames numbered from 0 again, so the accident happens half way again
        killed(terminals.save_until_the_accident())
    terminals.save().succeed()
    sender.succeed()
    assert len(list(pictures(terminals.folder / "frames"))) == 2 * FRAMES
    assert_all_there(video, terminals.folder / "frames", first=FRAMES)
