"""What a file says of itself, and how one becomes whole again after its recorder was killed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import av
import h5py
import pytest

from framebus.core.errors import BadFrame, Unavailable
from framebus.record.inspecting import inspect, repair
from framebus.testing import clip, samples
from framebus.testing.samples import RUN
from tests.conftest import StartChild
from tests.record import films, runs
from tests.record.test_kills import RECORDER

KINDS = [(runs, "h5"), (films, "mp4"), (films, "mkv")]


@pytest.mark.parametrize(("kind", "extension"), KINDS)
def test_it_says_what_is_in_it_and_what_is_missing(tmp_path: Path, kind: Any, extension: str) -> None:
    path = tmp_path / f"a.{extension}"
    frames = [frame for frame in samples(9) if frame.seq not in (2, 5, 6)]
    kind.record(path, [*frames, *samples(2, run=RUN + 1)])
    found = inspect(str(path))
    (stream,) = found.streams
    assert (found.whole, found.nbytes) == (True, path.stat().st_size)
    assert (stream.stream, stream.frames, stream.runs, stream.missing) == ("sample", 8, 2, 3)
    assert stream.lasts_s == pytest.approx(8 * 0.033333333)
    assert stream.begins_ns == frames[0].captured_ns


@pytest.mark.parametrize("extension", ["h5", "mp4", "mkv"])
def test_a_recording_that_was_cut_off_becomes_whole(tmp_path: Path, child: StartChild, extension: str) -> None:
    path = tmp_path / f"a.{extension}"
    recorder = child("-c", RECORDER, path, "0")
    recorder.wait_line(r"^done 20$")
    assert not inspect(str(path)).whole, "it is being written"
    with pytest.raises(Unavailable, match="another recorder"):
        repair(str(path))
    recorder.kill()
    before = inspect(str(path))
    assert not before.whole
    after = repair(str(path))
    assert after.whole
    assert after.streams == before.streams
    assert os.listdir(tmp_path) == [path.name]
    if extension == "h5":
        with h5py.File(path) as opened:
            assert len(opened["cam/frames"]) == len(opened["cam/index"]) == after.streams[0].frames
    else:
        with av.open(str(path)) as container:
            assert container.duration is not None
            assert sum(1 for _ in container.decode(video=0)) == after.streams[0].frames
    untouched = path.read_bytes()
    assert repair(str(path)) == after
    assert path.read_bytes() == untouched, "what is whole is left alone"


def test_files_of_others_are_no_recordings(tmp_path: Path) -> None:
    clip(tmp_path / "film.mp4", 3, "160x120")
    (tmp_path / "text.h5").write_text("text")
    (tmp_path / "text.txt").write_text("text")
    for name in ("film.mp4", "text.h5", "text.txt"):
        with pytest.raises(BadFrame, match=name):
            inspect(str(tmp_path / name))
        with pytest.raises(BadFrame, match=name):
            repair(str(tmp_path / name))
    with pytest.raises(Unavailable):
        inspect(str(tmp_path / "nothing.h5"))
