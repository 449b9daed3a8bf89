"""Recordings of arrays, whatever the file: bit for bit, continued, never over anybody's files."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import framebus as fb
from framebus.core.contracts import Maker, Sink
from framebus.core.errors import BadFrame, OptionError, Unavailable
from framebus.core.frame import Frame
from framebus.record.recording_kind import Writer
from framebus.sinks.hdf5.hdf5 import Hdf5File
from framebus.sinks.tiff.tiff import TiffFile
from framebus.sinks.zarr.zarr import ZarrFolder
from framebus.testing import SinkConformance, SourceConformance, clip, samples
from framebus.testing.samples import RUN, framed, pictures
from framebus.wire.encodings import encode
from tests.record import runs
from tests.record.films import packets
from tests.record.runs import numbers, played, record

FIRST_NS = samples(1)[0].captured_ns
EVERY = ("h5", "tif", "zarr")
WRITERS: dict[str, Callable[[str], Writer]] = {"h5": Hdf5File, "tif": TiffFile, "zarr": ZarrFolder}
PACKED = [("h5", "lz4"), ("h5", "gzip"), ("zarr", "gzip")]


@pytest.fixture(params=EVERY)
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A recording that is not there yet."""
    return tmp_path / f"run.{request.param}"


class TestHdf5(SinkConformance):
    extension = "h5"
    compress: str | None = None

    def make(self, tmp_path: Path) -> Sink:
        options = {"compress": self.compress} if self.compress else {}
        return runs.sink(tmp_path / f"run.{self.extension}", **options)

    def stored(self, tmp_path: Path) -> int:
        return len(played(tmp_path / f"run.{self.extension}"))


class TestHdf5Compressing(TestHdf5):
    compress = "lz4"


class TestTiff(TestHdf5):
    extension = "tif"


class TestZarr(TestHdf5):
    extension = "zarr"


class TestZarrCompressing(TestZarr):
    compress = "gzip"


class TestHdf5Source(SourceConformance):
    extension = "h5"

    def make(self, tmp_path: Path) -> Maker:
        record(tmp_path / f"run.{self.extension}", samples(6))
        return runs.source(tmp_path / f"run.{self.extension}")

    def test_every_start_is_a_run_of_its_own(self, tmp_path: Path) -> None:
        """Not here: a recording is that of one run, however often it is played."""
        assert {item.run for item in self.taken(tmp_path)} == {RUN}


class TestTiffSource(TestHdf5Source):
    extension = "tif"


class TestZarrSource(TestHdf5Source):
    extension = "zarr"


# frames ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("extension", "compress"), [*((one, None) for one in EVERY), *PACKED])
@pytest.mark.parametrize("kind", pictures())
def test_every_array_comes_back_bit_for_bit(tmp_path: Path, kind: str, extension: str, compress: str | None) -> None:
    given = framed(*pictures()[kind])
    options = {"compress": compress} if compress else {}
    record(tmp_path / f"run.{extension}", [given], **options)
    (back,) = played(tmp_path / f"run.{extension}")
    assert (back.format, back.dtype, back.shape) == (given.format, given.dtype, given.shape)
    assert np.array_equal(back.data, given.data)
    assert not back.data.flags.writeable


@pytest.mark.parametrize("dtype", ["?", "i1", "<u2", ">u2", "<i8", "<u8", "<f2", "<f4", ">f8", "<c8", "<c16"])
@pytest.mark.parametrize("shape", [(6,), (4, 3), (4, 3, 5), (2, 2, 3, 2), (1, 1)])
def test_every_type_and_shape_does(path: Path, dtype: str, shape: tuple[int, ...]) -> None:
    given = framed(np.arange(np.prod(shape)).reshape(shape).astype(dtype), "array")
    record(path, [given])
    (back,) = played(path)
    assert (back.dtype, back.shape) == (given.dtype, given.shape)
    assert np.array_equal(back.data, given.data)


def test_headers_and_further_arrays_come_back(path: Path) -> None:
    depth = np.arange(12, dtype=np.float32).reshape(3, 4)
    given = [
        frame.replace(
            meta=meta, clock="boot", captured_mono_ns=9, extra=(("z", depth + frame.seq), ("a.b", depth[:, ::2]))
        )
        for frame, meta in zip(samples(4), [{}, {"a": "Größe"}, {"a": "Größe"}, {"b": [1, {"c": None}]}], strict=True)
    ]
    record(path, given[:2])
    record(path, given)
    back = played(path)
    for frame, original in zip(back, given, strict=True):
        assert frame.identity == original.identity
        assert (frame.captured_ns, frame.captured_mono_ns, frame.clock) == (original.captured_ns, 9, "boot")
        assert frame.meta == original.meta
        assert np.array_equal(frame.arrays["z"], depth + frame.seq)
        assert np.array_equal(frame.arrays["a.b"], depth[:, ::2])


def test_meta_as_long_as_may_be_comes_back(path: Path) -> None:
    given = [frame.replace(meta={"text": f"{frame.seq}" * 20_000, "shape": [frame.seq]}) for frame in samples(6)]
    record(path, given)
    assert [frame.meta for frame in played(path)] == [frame.meta for frame in given]


def test_pixels_of_encoded_frames_are_kept(path: Path) -> None:
    given = encode(samples(1)[0], "jpeg=80")
    record(path, [given])
    assert np.array_equal(played(path)[0].data, given.data)


def test_what_the_reader_asked_for_is_what_is_written(path: Path) -> None:
    record(path, [samples(1)[0].replace(wanted="gray8")])
    assert played(path)[0].format == "gray8"


def test_changes_of_shape_and_type_go_on_in_another_part(path: Path) -> None:
    given = [framed(image, format, seq=seq) for seq, (image, format) in enumerate(pictures().values())] * 2
    given = [frame.replace(seq=seq, captured_ns=FIRST_NS + seq) for seq, frame in enumerate(given)]
    record(path, given)
    back = played(path)
    assert [frame.seq for frame in back] == list(range(len(given)))
    assert all(np.array_equal(one.data, other.data) for one, other in zip(back, given, strict=True))


def test_several_streams_come_back_in_the_order_of_time(path: Path) -> None:
    both = [frame for pair in zip(samples(4, stream="left"), samples(4, stream="right"), strict=True) for frame in pair]
    record(path, sorted(both, key=lambda frame: frame.stream))
    assert numbers(path) == [(frame.stream, frame.seq) for frame in both]
    assert numbers(path, streams="r*") == [("right", seq) for seq in range(4)]
    with pytest.raises(BadFrame, match="holds no stream top: there is left, right"):
        played(path, streams="top")


@pytest.mark.parametrize("stream", ["zarr.json", "c", "frames", "a@2".replace("@", "-"), "meta"])
def test_streams_may_be_called_as_they_like(path: Path, stream: str) -> None:
    record(path, samples(2, stream=stream))
    record(path, samples(3, stream=stream))
    assert numbers(path) == [(stream, seq) for seq in range(3)]


def test_coded_video_is_refused_saying_where_it_goes(tmp_path: Path, path: Path) -> None:
    film = clip(tmp_path / "film.mp4", 3, "160x120")
    with pytest.raises(BadFrame, match=r"\.mp4"):
        record(path, packets(film))


def test_what_no_file_holds_is_refused_by_name(path: Path) -> None:
    empty = samples(1)[0].replace(extra=(("boxes", np.zeros((0, 4))),))
    with pytest.raises(BadFrame, match=r"boxes, float64 of shape \(0, 4\)"):
        record(path, [empty])
    assert os.listdir(path.parent) == []


def test_it_is_read_while_it_is_written(path: Path) -> None:
    recorder = runs.sink(path)
    frames = iter(samples(9))
    for _ in range(3):
        recorder.write(next(frames), lambda: None)
    maker = runs.source(path)
    seen = iter(maker)
    assert [next(seen).seq for _ in range(3)] == [0, 1, 2]
    for _ in range(2):
        recorder.write(next(frames), lambda: None)
    assert [frame.seq for frame in seen] == [3, 4], "what was added meanwhile, too"
    maker.close()
    for frame in frames:
        recorder.write(frame, lambda: None)
    recorder.close()
    assert len(played(path)) == 9


# parts ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"start": 1.99}, range(60, 90)),
        ({"stop": "490ms"}, range(15)),
        ({"start": "#10", "stop": "#12"}, range(10, 12)),
        ({"start": "2025-06-15T15:06:41Z", "stop": "2025-06-15T15:06:41.1Z"}, (31, 32, 33)),
    ],
)
def test_a_part_of_it(path: Path, options: dict[str, Any], expected: Any) -> None:
    record(path, samples(90))
    assert [seq for _, seq in numbers(path, **options)] == list(expected)


def test_with_speed_it_is_live_and_keeps_its_times(path: Path) -> None:
    record(path, samples(5))
    with fb.open(str(path), speed=1000, keep="all") as opened:
        assert opened.live
        assert [frame.captured_ns for frame in opened] == [frame.captured_ns for frame in samples(5)]


def test_several_files_are_one_recording(path: Path) -> None:
    frame_bytes = samples(1)[0].nbytes
    record(path, samples(20), rotate=f"{5 * frame_bytes}B")
    assert len(list(path.parent.iterdir())) > 2
    assert numbers(path.with_name(f"*{path.suffix}")) == [("sample", seq) for seq in range(20)]


# continuing -----------------------------------------------------------------------------------------------------


def test_it_is_continued_in_the_same_file(path: Path) -> None:
    record(path, samples(3))
    assert record(path, samples(5)[1:]) == [1, 2, 3, 4]
    record(path, [frame.replace(captured_ns=frame.captured_ns + 10**9) for frame in samples(2, run=RUN + 1)])
    assert os.listdir(path.parent) == [path.name]
    assert [(frame.run, frame.seq) for frame in played(path)] == [
        *((RUN, seq) for seq in range(5)),
        (RUN + 1, 0),
        (RUN + 1, 1),
    ]


def test_what_is_there_already_is_counted_and_stays_as_it_is(path: Path) -> None:
    clip = path.parent / "clip.h5"
    record(clip, samples(3))
    assert fb.pipe(clip, path).repeated == 0
    before = [frame.data.copy() for frame in played(path)]
    assert fb.pipe(clip, path, ops=["flip"]).repeated == 3
    assert all(np.array_equal(frame.data, was) for frame, was in zip(played(path), before, strict=True))
    assert fb.pipe(clip, path, ops=["flip"], overwrite=True).repeated == 0
    assert not any(np.array_equal(frame.data, was) for frame, was in zip(played(path), before, strict=True))


def test_it_is_not_written_while_it_is_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record(path, samples(3))
    monkeypatch.chdir(path.parent)
    with pytest.raises(OptionError, match="would be read and written at once: write to another name"):
        fb.pipe(path, f"./{path.name}")
    assert numbers(path) == [("sample", 0), ("sample", 1), ("sample", 2)]


def test_a_recording_of_other_streams_is_refused(path: Path) -> None:
    record(path, samples(2, stream="door"))
    with pytest.raises(Unavailable, match=r"run\.\w+ exists and is not a recording of yard.*--overwrite"):
        record(path, samples(2, stream="yard"))
    assert numbers(path) == [("door", 0), ("door", 1)]
    record(path, samples(2, stream="yard"), overwrite=True)
    assert numbers(path) == [("yard", 0), ("yard", 1)]
    assert os.listdir(path.parent) == [path.name]


def test_files_of_others_are_refused_and_left(path: Path) -> None:
    path.write_text("text")
    with pytest.raises(Unavailable, match="exists and is not a recording"):
        runs.sink(path)
    assert path.read_text() == "text"


def test_two_recorders_never_write_one_file(path: Path) -> None:
    recorder = runs.sink(path)
    recorder.write(samples(1)[0], lambda: None)
    with pytest.raises(Unavailable, match="another recorder is writing"):
        record(path, samples(2))
    recorder.close()
    assert numbers(path) == [("sample", 0)]


def test_a_second_recorder_leaves_the_first_ones_file_alone_also_before_there_is_a_frame(path: Path) -> None:
    write = WRITERS[path.suffix[1:]]
    first = write(str(path))
    with pytest.raises(Unavailable, match="another recorder is writing"):
        write(str(path))
    first.write(samples(1)[0], lambda: None)
    first.close()
    assert numbers(path) == [("sample", 0)]


def test_frames_that_several_bring_may_come_in_any_order(path: Path) -> None:
    """Publishers of one group share a stream: a later frame says nothing about an earlier one."""
    frames = samples(8)
    order = [1, 0, 3, 2, 2, 0, 5]
    for numbers_ in (order, [5, 4, 7, 1, 6]):
        recorder = runs.sink(path)
        recorder.shared = lambda stream: True  # type: ignore[attr-defined]
        done: list[int] = []
        for number in numbers_:
            recorder.write(frames[number], partial(done.append, number))
        recorder.close()
        assert done == numbers_
    assert sorted(seq for _, seq in numbers(path)) == list(range(8))


@pytest.mark.parametrize("fsync", [True, "no"])
def test_forced_to_the_disk_it_is_the_same(path: Path, fsync: Any) -> None:
    record(path, samples(3), fsync=fsync)
    assert len(played(path)) == 3


# the disk -------------------------------------------------------------------------------------------------------


def test_a_recording_that_was_removed_is_not_written_on(path: Path) -> None:
    from framebus.sinks.zarr.tree import remove

    recorder = runs.sink(path)
    recorder.write(samples(1)[0], lambda: None)
    remove(str(path))
    with pytest.raises(Unavailable, match="was removed"):
        recorder.write(samples(2)[1], lambda: None)
    recorder.close()
    assert os.listdir(path.parent) == [], "and does not come back"


def test_compression_is_checked(tmp_path: Path) -> None:
    for extension, compress in (("h5", "zip"), ("zarr", "zip"), ("zarr", "lz4")):
        with pytest.raises(OptionError, match=compress):
            runs.sink(tmp_path / f"run.{extension}", compress=compress)


def test_damage_is_said_of_the_frame_that_has_it(path: Path) -> None:
    given = samples(3)
    options = {} if path.suffix == ".tif" else {"compress": "gzip"}
    record(path, given, **options)
    _spoil(path)
    seen: list[Frame] = []
    maker = runs.source(path)
    with pytest.raises(BadFrame, match=r"run\.\w+.*damaged"):
        seen.extend(item for item in maker if isinstance(item, Frame))
    maker.close()
    assert len(seen) <= 1


def _spoil(path: Path) -> None:
    """Damage the second frame."""
    if path.suffix == ".zarr":
        (path / "sample/frames/c.1.0.0.0").write_bytes(b"\x1f\x8b" + bytes(20))
    elif path.suffix == ".tif":
        import tifffile

        with tifffile.TiffFile(path) as file:
            where = file.pages[1].dataoffsets[0]
        os.truncate(path, where + 100)
    else:
        import h5py

        with h5py.File(path) as file:
            where = file["sample/frames"].id.get_chunk_info_by_coord((1, 0, 0, 0)).byte_offset
        with open(path, "rb+") as raw:
            raw.seek(where)
            raw.write(b"\xff" * 8)
