"""What was lost on its way to a recorder is lost in the recording, before the same frame, whatever the file."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import h5py
import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st

from framebus.core.errors import BadFrame
from framebus.core.frame import Frame
from framebus.record.inspecting import inspect, repair
from framebus.record.recorded import Recorded
from framebus.testing import samples
from framebus.testing.samples import framed, pictures
from framebus.wire.recordings import hdf5, imprint
from framebus.wire.recordings import missed as losses
from framebus.wire.recordings import tiff as pages
from framebus.wire.recordings import zarr as hierarchy
from tests.conftest import StartChild
from tests.record import films, runs
from tests.record.runs import lossy, played, record, told

ARRAYS = ("h5", "tif", "zarr")
EVERY = (*ARRAYS, "mp4", "mkv")


@pytest.fixture(params=EVERY)
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A recording that is not there yet."""
    return tmp_path / f"run.{request.param}"


def found(path: Path) -> Recorded:
    (stream,) = inspect(str(path)).streams
    return stream


# frames ---------------------------------------------------------------------------------------------------------


def test_what_was_lost_is_missed_again(path: Path) -> None:
    frames = lossy([0, 0, 3, 0, 1, 0, 0, 250])
    record(path, frames)
    assert told(played(path)) == told(frames)
    assert (found(path).lost, found(path).left_out, found(path).untold) == (254, 0, 0)
    assert [(loss.before, loss.frames) for loss in found(path).losses] == [(5, 3), (8, 1), (261, 250)]


@settings(max_examples=15, deadline=None)
@given(st.lists(st.sampled_from([0, 0, 0, 1, 2, 2**31]), min_size=1, max_size=12), st.integers(0, 12))
@pytest.mark.parametrize("extension", ARRAYS)
def test_whatever_was_lost_and_wherever_a_recorder_was_started_again(
    extension: str, missed: list[int], again: int
) -> None:
    with TemporaryDirectory() as folder:
        path, frames = Path(folder) / f"run.{extension}", lossy(missed)
        record(path, frames[:again])
        record(path, frames)
        assert told(played(path)) == told(frames)
        assert (found(path).lost, found(path).untold) == (sum(missed), 0)


@pytest.mark.parametrize("compress", ["lz4", "gzip"])
def test_compressed_ones_too(tmp_path: Path, compress: str) -> None:
    frames = lossy([0, 4, 0, 0, 1] * 4)
    record(tmp_path / "run.h5", frames, compress=compress)
    assert told(played(tmp_path / "run.h5")) == told(frames)


@pytest.mark.parametrize("extension", ARRAYS)
def test_it_stays_with_its_frame_where_pictures_change(tmp_path: Path, extension: str) -> None:
    kinds = [framed(image, format) for image, format in (pictures()["bgr24"], pictures()["gray16"])]
    frames = [kinds[one.seq % 2].replace(stream="cam", seq=one.seq, missed=one.missed) for one in lossy([1, 0, 2, 3])]
    frames = [frame.replace(captured_ns=frame.captured_ns + at) for at, frame in enumerate(frames)]
    record(tmp_path / f"run.{extension}", frames)
    assert told(played(tmp_path / f"run.{extension}")) == told(frames)


def test_more_losses_than_fit_into_one_chunk_of_them(tmp_path: Path) -> None:
    for extension in ("h5", "zarr"):
        tiny = Frame.of(np.zeros((2, 2), np.uint8), stream="cam", run=1)
        frames = [tiny.replace(seq=2 * n + 1, missed=1, captured_ns=10**9 + n) for n in range(hierarchy.ROWS + 3)]
        record(tmp_path / f"run.{extension}", frames)
        assert told(played(tmp_path / f"run.{extension}")) == told(frames)


@pytest.mark.parametrize("extension", ARRAYS)
def test_it_is_read_while_it_is_written(tmp_path: Path, extension: str) -> None:
    path, frames = tmp_path / f"run.{extension}", lossy([0, 2, 0, 1, 0, 0, 5, 0])
    recorder = runs.sink(path)
    for frame in frames[:3]:
        recorder.write(frame, lambda: None)
    maker = runs.source(path)
    seen = iter(maker)
    first = [next(seen) for _ in range(3)]
    for frame in frames[3:]:
        recorder.write(frame, lambda: None)
    assert [(frame.seq, frame.missed) for frame in (*first, *seen)] == told(frames)
    assert (inspect(str(path)).busy, found(path).lost) == (True, 8)
    maker.close()
    recorder.close()


# what it costs, and how others read it --------------------------------------------------------------------------


def test_nothing_is_written_where_nothing_was_lost(tmp_path: Path) -> None:
    for extension in ARRAYS:
        record(tmp_path / f"run.{extension}", samples(9))
    films.record(tmp_path / "run.mp4", samples(9))
    with h5py.File(tmp_path / "run.h5") as file:
        assert file["sample/missed"].shape == (0, 2)
        assert file["sample/missed"].id.get_storage_size() == 0
    assert [file.name for file in (tmp_path / "run.zarr/sample/missed").iterdir()] == ["zarr.json"]
    with tifffile.TiffFile(tmp_path / "run.tif") as tiff:
        assert ["missed" in json.loads(page.description) for page in tiff.pages] == [True, *[False] * 8]
    assert [one.missed for one in films.headers(tmp_path / "run.mp4")] == [0, *[None] * 8]


def test_others_read_it_as_pairs_of_row_and_frames(tmp_path: Path, child: StartChild) -> None:
    for extension in ("h5", "zarr"):
        record(tmp_path / f"run.{extension}", lossy([0, 2, 0, 0, 7]))
    with h5py.File(tmp_path / "run.h5") as file:
        assert file["cam/missed"][:].tolist() == [[1, 2], [4, 7]]
    code = "import sys, zarr; print(zarr.open_group(sys.argv[1], mode='r')['cam/missed'][:].tolist())"
    assert child("-c", code, tmp_path / "run.zarr").succeed() == "[[1, 2], [4, 7]]\n"


# recordings of early days ---------------------------------------------------------------------------------------


def _never_tells(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the recording at `path` would be if its recorder had not known of losses."""
    frames = [frame.replace(missed=0) for frame in lossy([0, 2, 0])]
    with monkeypatch.context() as patch:
        if path.suffix == ".tif":
            described = pages.Description
            patch.setattr("framebus.wire.recordings.tiff_bytes.Description", lambda missed, **rest: described(**rest))
        if path.suffix in (".mp4", ".mkv"):
            patch.setattr(imprint.Imprint, "of", _without(imprint.Imprint.of))
        record(path, frames)
    if path.suffix == ".h5":
        with h5py.File(path, "r+") as file:
            del file["cam/missed"]
    if path.suffix == ".zarr":
        shutil.rmtree(path / "cam/missed")


def _without(of: Callable[..., imprint.Imprint]) -> Callable[..., imprint.Imprint]:
    return lambda item, first: of(item)


def test_one_that_does_not_tell_opens_and_what_was_lost_is_unknown(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _never_tells(path, monkeypatch)
    assert told(played(path)) == [(0, 0), (3, 0), (4, 0)]
    assert (found(path).untold, found(path).lost, found(path).left_out) == (3, 0, 2)
    repair(str(path))
    assert found(path).untold == 3


@pytest.mark.parametrize("extension", ARRAYS)
def test_and_tells_from_where_it_is_continued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, extension: str) -> None:
    path = tmp_path / f"run.{extension}"
    _never_tells(path, monkeypatch)
    frames = lossy([0, 2, 0, 0, 6, 0])
    record(path, frames)
    assert told(played(path)) == [(0, 0), (3, 0), (4, 0), (5, 0), (12, 6), (13, 0)]
    assert (found(path).untold, found(path).lost, found(path).left_out) == (3, 6, 2)
    record(path, [*frames, frames[-1].replace(seq=20, missed=1)])
    assert (found(path).untold, found(path).lost) == (3, 7)


# killed recorders -----------------------------------------------------------------------------------------------

RECORDER = """
import sys
import numpy as np
from framebus.core.addresses import Path
from framebus.core.frame import Frame
from framebus.core.registry import SINKS

path, first = sys.argv[1], int(sys.argv[2])
sink = SINKS.get(path.rpartition(".")[2])(Path(path))
noise = np.random.default_rng(1).integers(0, 255, (96, 128), np.uint8)
number = first
while True:
    seq = 3 * number + 2
    at_ns = 10**18 + seq * 10**7
    frame = Frame.of(np.roll(noise, seq, 1), stream="cam", run=7, seq=seq, captured_ns=at_ns).replace(missed=2)
    sink.write(frame, lambda number=number: sys.stdout.write(f"done {number}\\n"))
    number += 1
"""
"""Loses two of three frames, for ever."""


@pytest.mark.parametrize("extension", EVERY)
def test_a_recorder_that_is_killed_told_what_was_lost_before_every_frame(
    tmp_path: Path, child: StartChild, extension: str
) -> None:
    first = 0
    for _ in range(2):
        recorder = child("-c", RECORDER, tmp_path / f"a.{extension}", str(first))
        recorder.wait_line(rf"^done {first + 15}$")
        recorder.kill()
        first = max(int(number) for number in re.findall(r"^done (\d+)$", recorder.stdout, re.MULTILINE)) + 1
    frames = played(tmp_path / f"*.{extension}")
    assert len(frames) >= first
    assert {frame.missed for frame in frames} == {2}
    for each in tmp_path.iterdir():
        lost = found(each).lost
        assert repair(str(each)).streams[0].lost == lost == 2 * found(each).frames
        assert (found(each).left_out, found(each).untold) == (0, 0)


@pytest.mark.parametrize("extension", ["h5", "zarr"])
def test_what_was_told_of_a_frame_that_never_got_there_is_forgotten(
    tmp_path: Path, child: StartChild, extension: str
) -> None:
    path, frames = tmp_path / f"run.{extension}", lossy([0, 1, 0, 0])
    record(path, frames[:3])
    _tell(path, 3, 99, child)
    assert told(played(path)) == told(frames[:3])
    assert found(path).lost == 1
    record(path, frames)
    assert told(played(path)) == told(frames)
    assert found(path).lost == 1


def _tell(path: Path, row: int, frames: int, child: StartChild) -> None:
    """As a recorder that is killed just then leaves it."""
    if path.suffix == ".h5":
        with h5py.File(path, "r+") as file:
            pairs = file["cam/missed"]
            pairs.resize(len(pairs) + 1, axis=0)
            pairs[-1] = row, frames
        return
    code = f"import sys, zarr; zarr.open_group(sys.argv[1], mode='r+')['cam/missed'].append([[{row}, {frames}]])"
    child("-c", code, path).succeed()
    assert not inspect(str(path)).whole


@pytest.mark.parametrize("damage", ["order", "type"])
def test_a_damaged_list_of_losses_harms_nobody(tmp_path: Path, damage: str) -> None:
    record(tmp_path / "run.h5", lossy([0, 1, 0, 1]))
    with h5py.File(tmp_path / "run.h5", "r+") as file:
        del file["cam/missed"]
        file["cam/missed"] = np.array([[900, 5], [1, 1]], np.uint64) if damage == "order" else np.zeros(4)
    if damage == "order":
        assert len(played(tmp_path / "run.h5")) == 4
    else:
        with pytest.raises(BadFrame, match="missed is not as framebus records it"):
            played(tmp_path / "run.h5")


@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(1, 2**64 - 1)), unique_by=lambda pair: pair[0]).map(sorted),
    st.integers(0, 40),
    st.integers(0, 40),
)
def test_pairs_become_what_was_lost_before_each_row(pairs: list[tuple[int, int]], since: int, begin: int) -> None:
    missed = losses.Missed(np.array(pairs, np.uint64).reshape(-1, 2), since)
    expected = [dict(pairs).get(row, 0) for row in range(41)]
    assert missed.before(begin, 41).tolist() == expected[begin:]
    assert missed.told(begin, 41) == [told if row >= since else None for row, told in enumerate(expected)][begin:]
    assert missed.fitting(begin) == sum(row < begin for row, _ in pairs)


def test_a_group_without_a_list_tells_nothing(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        assert hdf5.missed_of(file.create_group("cam")).told(0, 2) == [None, None]
