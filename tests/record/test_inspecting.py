"""What a file says of itself, and how one becomes whole again after its recorder was killed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import av
import h5py
import numpy as np
import pytest
import tifffile

from framebus.core.errors import BadFrame, Unavailable
from framebus.record.inspecting import inspect, repair
from framebus.record.recorded import MAX_GAPS, Gap, counted
from framebus.sinks.kept import Form, Kept
from framebus.sinks.zarr.tree import size
from framebus.testing import clip, samples
from framebus.testing.samples import RUN
from tests.conftest import StartChild
from tests.record import films, runs
from tests.record.test_kills import RECORDER

KINDS = [(runs, "h5"), (runs, "tif"), (runs, "zarr"), (films, "mp4"), (films, "mkv")]


@pytest.mark.parametrize(("kind", "extension"), KINDS)
def test_it_says_what_is_in_it_and_what_is_missing(tmp_path: Path, kind: Any, extension: str) -> None:
    path = tmp_path / f"a.{extension}"
    frames = [frame for frame in samples(9) if frame.seq not in (2, 5, 6)]
    kind.record(path, [*frames, *samples(2, run=RUN + 1)])
    found = inspect(str(path))
    (stream,) = found.streams
    assert (found.whole, found.busy, found.nbytes) == (True, False, size(str(path)))
    assert (stream.stream, stream.frames, stream.runs, stream.missing) == ("sample", 8, 2, 3)
    assert stream.lasts_s == pytest.approx(8 * 0.033333333)
    assert stream.begins_ns == frames[0].captured_ns
    after = {gap.after: (gap.frames, gap.at_ns) for gap in stream.gaps}
    assert after == {1: (1, frames[1].captured_ns), 4: (2, frames[3].captured_ns)}
    (look,) = stream.looks
    assert look.frames == 8
    assert look.form.shape[:2] == (32, 48)
    assert look.form.format in ("bgr24", "h264")


def test_frames_that_came_in_any_order_are_no_gaps() -> None:
    form = Form("gray8", (2, 2), "|u1")
    frames = [Kept("a", form, 1, seq, 10**9 * seq) for seq in (3, 1, 0, 2, 2, 6)]
    (found,) = counted(frames)
    assert found.missing == 2
    assert found.gaps == [Gap("0000000000000001", 3, 2, 3 * 10**9)]


def test_a_great_many_gaps_are_counted_and_the_longest_listed() -> None:
    form = Form("gray8", (2, 2), "|u1")
    (found,) = counted(Kept("a", form, 1, 2 * seq + 100 * (seq > 1500), seq) for seq in range(3000))
    assert found.missing == 2999 + 100
    assert len(found.gaps) == MAX_GAPS
    assert max(gap.frames for gap in found.gaps) == 101


def test_a_file_that_gets_its_name_while_one_looks_does_not_stop_the_look(tmp_path: Path) -> None:
    path = tmp_path / "a.zarr"
    runs.record(path, samples(3))
    before = size(str(path))
    (path / ".zarr.json.partial").symlink_to(path / "renamed-by-now")
    assert size(str(path)) == before
    assert inspect(str(path)).streams[0].frames == 3


@pytest.mark.parametrize("extension", ["h5", "mp4", "mkv"])
def test_a_recording_that_was_cut_off_becomes_whole(tmp_path: Path, child: StartChild, extension: str) -> None:
    path = tmp_path / f"a.{extension}"
    recorder = child("-c", RECORDER, path, "0")
    recorder.wait_line(r"^done 20$")
    assert inspect(str(path)).busy
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
    tifffile.imwrite(tmp_path / "stack.tif", np.zeros((3, 8, 8), np.uint8), photometric="minisblack")
    (tmp_path / "file.zarr").write_text("text")
    for name in ("film.mp4", "text.h5", "text.txt", "stack.tif", "file.zarr"):
        with pytest.raises(BadFrame, match=rf"{name} is no recording of framebus: \w"):
            inspect(str(tmp_path / name))
        with pytest.raises(BadFrame, match=rf"{name} is no recording of framebus: \w"):
            repair(str(tmp_path / name))
    with pytest.raises(Unavailable, match=r"nothing\.h5: no such file"):
        inspect(str(tmp_path / "nothing.h5"))
