"""What a file says of itself, and how one becomes whole again after its recorder was killed."""

from __future__ import annotations

import os
from pathlib import Path
from random import Random
from typing import Any

import av
import h5py
import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st

from framebus.core.errors import BadFrame, Unavailable
from framebus.record.inspecting import inspect, repair
from framebus.record.recorded import MAX_GAPS, Gap, Loss, counted
from framebus.sinks.kept import Form, Kept
from framebus.sinks.zarr.tree import size
from framebus.testing import clip, samples
from framebus.testing.samples import RUN
from tests.conftest import StartChild
from tests.record import films, runs
from tests.record.test_kills import RECORDER

KINDS = [(runs, "h5"), (runs, "tif"), (runs, "zarr"), (films, "mp4"), (films, "mkv")]


@pytest.mark.parametrize(("kind", "extension"), KINDS)
def test_it_says_what_is_in_it_what_was_lost_and_what_was_left_out(tmp_path: Path, kind: Any, extension: str) -> None:
    path = tmp_path / f"a.{extension}"
    lost = {3: 1, 8: 2}
    frames = [frame.replace(missed=lost.get(frame.seq, 0)) for frame in samples(10) if frame.seq not in (2, 5, 6, 7)]
    kind.record(path, [*frames, *samples(2, run=RUN + 1)])
    found = inspect(str(path))
    (stream,) = found.streams
    assert (found.whole, found.busy, found.nbytes) == (True, False, size(str(path)))
    assert (stream.stream, stream.frames, stream.runs, stream.untold) == ("sample", 8, 2, 0)
    assert stream.lasts_s == pytest.approx(9 * 0.033333333)
    assert stream.begins_ns == frames[0].captured_ns
    run = f"{RUN:016x}"
    assert stream.lost == 3
    assert stream.losses == [Loss(run, 3, 1, frames[2].captured_ns), Loss(run, 8, 2, frames[4].captured_ns)]
    assert stream.left_out == 1
    assert stream.gaps == [Gap(run, 4, 1, frames[3].captured_ns)]
    (look,) = stream.looks
    assert look.frames == 8
    assert look.form.shape[:2] == (32, 48)
    assert look.form.format in ("bgr24", "h264")


def test_frames_that_came_in_any_order_are_no_gaps() -> None:
    form = Form("gray8", (2, 2), "|u1")
    frames = [Kept("a", form, 1, seq, 10**9 * seq) for seq in (3, 1, 0, 2, 2, 6)]
    (found,) = counted(frames)
    assert found.left_out == 2
    assert found.gaps == [Gap("0000000000000001", 3, 2, 3 * 10**9)]


@given(st.lists(st.tuples(st.sampled_from(["kept", "lost", "left out"]), st.integers(1, 5)), max_size=30), st.randoms())
def test_what_was_lost_and_what_was_left_out_are_told_apart(told: list[tuple[str, int]], chance: Random) -> None:
    form = Form("gray8", (2, 2), "|u1")
    frames, seq, lost, gone = [Kept("a", form, 1, 0, 0, 0)], 0, 0, {"lost": 0, "left out": 0}
    for what, count in [*told, ("kept", 1)]:
        if what == "kept":
            frames += [Kept("a", form, 1, seq + 1 + more, seq, 0 if more else lost) for more in range(count)]
            lost = 0
        else:
            gone[what] += count
            lost += count * (what == "lost")
        seq += count
    (found,) = counted(frames)
    assert (found.lost, sum(loss.frames for loss in found.losses)) == (gone["lost"], gone["lost"])
    assert (found.left_out, sum(gap.frames for gap in found.gaps)) == (gone["left out"], gone["left out"])
    chance.shuffle(frames)
    (mixed,) = counted(frames)
    assert (mixed.lost, mixed.left_out) == (found.lost, found.left_out), "frames of a group come in any order"


def test_before_the_first_frame_nothing_is_left_out_but_some_may_have_been_lost() -> None:
    form = Form("gray8", (2, 2), "|u1")
    (found,) = counted([Kept("a", form, 1, 9, 90, 4), Kept("a", form, 1, 20, 200, 0)])
    assert (found.lost, found.losses) == (4, [Loss("0000000000000001", 9, 4, 90)])
    assert (found.left_out, found.gaps) == (10, [Gap("0000000000000001", 9, 10, 90)])


def test_what_is_told_late_was_lost_in_the_gaps_before() -> None:
    form = Form("gray8", (2, 2), "|u1")
    (found,) = counted([Kept("a", form, 1, seq, seq, missed) for seq, missed in ((0, 0), (3, 0), (5, 2), (7, 0))])
    assert (found.lost, found.left_out) == (2, 2)
    assert [(gap.after, gap.frames) for gap in found.gaps] == [(0, 1), (5, 1)]


def test_where_a_recording_does_not_say_what_was_lost_that_is_said() -> None:
    form = Form("gray8", (2, 2), "|u1")
    (found,) = counted([Kept("a", form, 1, 0, 0), Kept("a", form, 1, 5, 0), Kept("a", form, 1, 8, 0, 2)])
    assert (found.frames, found.untold, found.lost, found.left_out) == (3, 2, 2, 4)


def test_a_great_many_gaps_are_counted_and_the_longest_listed() -> None:
    form = Form("gray8", (2, 2), "|u1")
    (found,) = counted(Kept("a", form, 1, 2 * seq + 100 * (seq > 1500), seq) for seq in range(3000))
    assert found.left_out == 2999 + 100
    assert len(found.gaps) == MAX_GAPS
    assert max(gap.frames for gap in found.gaps) == 101
    (found,) = counted(Kept("a", form, 1, 2 * seq, seq, 1) for seq in range(3000))
    assert (found.lost, found.left_out) == (3000, 0)
    assert [loss.before for loss in found.losses] == [2 * seq for seq in range(MAX_GAPS)]


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
