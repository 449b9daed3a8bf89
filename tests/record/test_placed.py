"""Rows of HDF5 recordings that are written past HDF5: they are where HDF5 reads them, whatever else is written."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framebus.core.frame import Frame
from framebus.record import inspecting
from framebus.sinks.hdf5 import part as parts
from framebus.sinks.hdf5 import superblock
from framebus.sinks.hdf5.contents import mend
from framebus.sinks.hdf5.hdf5 import Hdf5File
from framebus.sinks.hdf5.part import AHEAD
from framebus.sinks.hdf5.placed import Placed
from framebus.testing import samples
from framebus.wire.recordings.hdf5 import INDEX, there
from tests.record.runs import numbers, played, record, sink

KINDS = {
    "points": ((3,), "f4"),
    "lines": ((300,), "u2"),
    "rows": ((2, 1500), "u1"),
    "page": ((64, 64), "u1"),
    "deep": ((160, 160), "u2"),
    "colour": ((150, 151, 3), "u1"),
}
"""Of a few bytes, of about a page, and of many."""


def numbered(kind: str, seq: int, *, beside: bool = False, noted: bool = False) -> Frame:
    """A frame full of its number."""
    shape, dtype = KINDS[kind]
    arrays = {"depth": np.full((20, 30), seq, "f8")} if beside else None
    meta = {"number": seq, "text": "x" * (seq % 700)} if noted else None
    image = np.full(shape, seq % 251, dtype)
    return Frame.of(image, stream=kind, run=1, seq=seq, captured_ns=10**9 + seq, arrays=arrays, meta=meta)


def check(path: Path, written: dict[str, int]) -> None:
    """`path` has what was written, for h5py and for framebus, and nothing else."""
    with h5py.File(path) as file:
        for kind, count in written.items():
            parts = [group for group in file.values() if group.attrs["stream"] == kind]
            assert sum(len(part["index"]) for part in parts) == sum(len(part["frames"]) for part in parts) == count
            for part in parts:
                told = part["index"]["seq"].astype(np.int64) % 251
                shape = (-1, *(1 for _ in KINDS[kind][0]))
                assert (part["frames"][:] == told.reshape(shape)).all()
    assert sorted(numbers(path)) == sorted((kind, seq) for kind, count in written.items() for seq in range(count))


MOMENTS: list[tuple[Any, str]] = [
    (Placed, "finish"),
    (Placed, "put"),
    (h5py.File, "close"),
    (Hdf5File, "_open"),
    (Hdf5File, "_follow"),
    (parts, "make"),
    (parts, "trim"),
    (superblock, "closed"),
]
"""What changes a file."""

STEPS = st.tuples(
    st.sampled_from(sorted(KINDS)),
    st.integers(1, 40),
    st.sampled_from(["go on", "close", "cut"]),
    st.booleans(),
    st.booleans(),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(STEPS, min_size=1, max_size=8))
def test_every_row_is_where_hdf5_reads_it(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int, str, bool, bool]]
) -> None:
    folder = tmp_path_factory.mktemp("placed")
    path, written = folder / "run.h5", dict.fromkeys(KINDS, 0)
    file = Hdf5File(str(path))
    for number, (kind, count, then, beside, noted) in enumerate(steps):
        for _ in range(count):
            file.write(numbered(kind, written[kind], beside=beside, noted=noted), lambda: None)
            written[kind] += 1
        if then == "cut":  # what a recorder that is killed leaves
            path, former = folder / f"{number}.h5", path
            shutil.copyfile(former, path)
        if then != "go on":
            file.close()
            file = Hdf5File(str(path), resume=True)
    file.close()
    check(path, written)


@pytest.mark.parametrize("compress", [None, "lz4"])
def test_many_rows_of_many_streams(tmp_path: Path, compress: str | None) -> None:
    order = np.random.default_rng(7).permutation(np.repeat(np.arange(len(KINDS)), 700))
    written, frames = dict.fromkeys(KINDS, 0), []
    for kind in (list(KINDS)[index] for index in order):
        frames.append(numbered(kind, written[kind], beside=kind == "deep", noted=kind == "lines"))
        written[kind] += 1
    record(tmp_path / "run.h5", frames, compress=compress)
    if compress is None:
        check(tmp_path / "run.h5", written)
    back = played(tmp_path / "run.h5")
    assert [dict(frame.meta) for frame in back if frame.stream == "lines"] == [
        {"number": seq, "text": "x" * (seq % 700)} for seq in range(700)
    ]
    assert all((frame.arrays["depth"] == frame.seq).all() for frame in back if frame.stream == "deep")


def test_nothing_comes_into_the_index_but_rows_of_frames(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever reads along believes what is in it, also if the recorder is killed a moment later."""
    looked, is_at = list[str](), Placed._is_at

    def look(self: Placed, place: int, chunk: int) -> bool:
        looked.append(self._dataset.name)
        return is_at(self, place, chunk)

    monkeypatch.setattr(Placed, "_is_at", look)
    record(tmp_path / "run.h5", (numbered("deep", seq, noted=True) for seq in range(600)))
    assert "/deep/frames" in looked
    assert set(looked) == {"/deep/frames"}


def test_in_the_end_nothing_is_ahead_of_the_last_frame(tmp_path: Path) -> None:
    record(tmp_path / "run.h5", (numbered("colour", seq) for seq in range(70)))
    assert (tmp_path / "run.h5").stat().st_size < 70 * numbered("colour", 0).nbytes + 500_000


def test_a_recording_is_as_large_as_its_frames_while_it_is_written(tmp_path: Path) -> None:
    file, nbytes = Hdf5File(str(tmp_path / "run.h5")), numbered("colour", 0).nbytes
    for seq in range(70):
        file.write(numbered("colour", seq), lambda: None)
    assert 70 * nbytes < file.nbytes < 71 * nbytes, "or it would be rotated too early"
    file.close()


def test_what_was_cut_off_has_places_that_nothing_came_to_and_is_mended(tmp_path: Path) -> None:
    recorder = sink(tmp_path / "run.h5")
    for seq in range(30):
        recorder.write(numbered("deep", seq), lambda: None)
    shutil.copyfile(tmp_path / "run.h5", tmp_path / "cut.h5")
    recorder.close()
    with h5py.File(tmp_path / "cut.h5", swmr=True) as file:
        part = file["deep"]
        assert 30 < len(part["frames"]) <= 30 + AHEAD // numbered("deep", 0).nbytes
        assert part["index"]["there"].tolist() == [1] * 30 + [0] * (len(part["index"]) - 30)
        assert len(there(part["index"][:])) == 30
        assert not part["frames"][30:].any(), "zeros"
    assert inspecting.inspect(str(tmp_path / "cut.h5")).streams[0].frames == 30
    mend(str(tmp_path / "cut.h5"))
    check(tmp_path / "cut.h5", {"deep": 30})


def test_a_recording_that_was_moved_while_it_was_written_stays_as_it_is(tmp_path: Path) -> None:
    recorder = sink(tmp_path / "run.h5")
    recorder.write(numbered("deep", 0), lambda: None)
    (tmp_path / "run.h5").rename(tmp_path / "elsewhere.h5")
    (tmp_path / "run.h5").write_text("somebody else's")
    recorder.write(numbered("deep", 1), lambda: None)
    recorder.close()
    assert (tmp_path / "run.h5").read_text() == "somebody else's"
    assert numbers(tmp_path / "elsewhere.h5") == [("deep", 0), ("deep", 1)]


def test_recordings_of_early_days_are_read_and_continued_beside(tmp_path: Path) -> None:
    given_ = samples(5)
    record(tmp_path / "run.h5", given_[:3])
    with h5py.File(tmp_path / "run.h5", "r+") as file:
        file.attrs["framebus"] = 1
        part = file["sample"]
        early = np.dtype([(name, INDEX[name]) for name in INDEX.names or () if name != "there"])
        rows = part["index"][:][list(early.names or ())].astype(early)
        del part["index"]
        part.create_dataset("index", data=rows, maxshape=(None,), chunks=(256,))
    assert [frame.seq for frame in played(tmp_path / "run.h5")] == [0, 1, 2]
    record(tmp_path / "run.h5", given_)
    back = played(tmp_path / "run.h5")
    assert [frame.seq for frame in back] == [0, 1, 2, 3, 4]
    assert all(np.array_equal(one.data, other.data) for one, other in zip(back, given_, strict=True))
    with h5py.File(tmp_path / "run.h5") as file:
        assert sorted(file) == ["sample", "sample@2"]


@pytest.mark.parametrize("then", ["close", "another part", "continued"])
def test_it_is_read_at_every_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, then: str) -> None:
    """Also by those who open it only then: what a recorder that is killed there leaves is what they see."""
    path, copies = tmp_path / "run.h5", list[Path]()
    recorder = sink(path)
    for seq in range(5):
        recorder.write(numbered("deep", seq), lambda: None)

    def copied(what: Any) -> Any:
        def called(*given_: Any, **how: Any) -> Any:
            answer = what(*given_, **how)
            copies.append(Path(shutil.copyfile(path, tmp_path / f"then{len(copies)}.h5")))
            return answer

        return called

    if then == "continued":
        shutil.copyfile(path, tmp_path / "cut.h5")
        recorder.close()
        path = tmp_path / "cut.h5"
    for owner, name in MOMENTS:
        monkeypatch.setattr(owner, name, copied(getattr(owner, name)))
    if then == "another part":
        recorder.write(numbered("page", 0), lambda: None)
    elif then == "continued":
        Hdf5File(str(path), resume=True).close()
    else:
        recorder.close()
    monkeypatch.undo()
    recorder.close()
    assert len(copies) > 4
    assert {sum(frame.stream == "deep" for frame in played(copy)) for copy in copies} == {5}
    for copy in copies:
        mend(str(copy))
        assert [seq for stream, seq in numbers(copy) if stream == "deep"] == list(range(5))
