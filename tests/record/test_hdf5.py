"""HDF5 recordings: bit for bit, for every reader, at every moment."""

from __future__ import annotations

import json
import os
from functools import partial
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import framebus as fb
from framebus.core.addresses import Path as Place
from framebus.core.contracts import Maker, Sink
from framebus.core.errors import BadFrame, OptionError, Unavailable
from framebus.core.frame import Frame
from framebus.core.registry import SINKS, SOURCES
from framebus.record import hdf5
from framebus.sinks.room import Room
from framebus.sources.hdf5 import Hdf5, open_source
from framebus.testing import SinkConformance, SourceConformance, clip, samples
from framebus.testing.samples import RUN, framed, pictures
from framebus.wire import chunks
from framebus.wire.encodings import encode
from tests.conftest import StartChild
from tests.record.films import packets
from tests.record.runs import numbers, played, record

FIRST_NS = samples(1)[0].captured_ns


class TestSink(SinkConformance):
    compress: str | None = None

    def make(self, tmp_path: Path) -> Sink:
        return hdf5.open_sink(Place(f"{tmp_path}/run.h5"), compress=self.compress)

    def stored(self, tmp_path: Path) -> int:
        return len(played(tmp_path / "run.h5"))


class TestCompressing(TestSink):
    compress = "lz4"


class TestSource(SourceConformance):
    def make(self, tmp_path: Path) -> Maker:
        record(tmp_path / "run.h5", samples(6))
        return open_source(Place(f"{tmp_path}/run.h5"))

    def test_every_start_is_a_run_of_its_own(self, tmp_path: Path) -> None:
        """Not here: a recording is that of one run, however often it is played."""
        assert {item.run for item in self.taken(tmp_path)} == {RUN}


def test_is_what_opens_hdf5_files() -> None:
    assert all(SINKS.get(name) is hdf5.open_sink for name in ("h5", "hdf5"))
    assert all(SOURCES.get(name) is open_source for name in ("h5", "hdf5"))


# frames ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("compress", [None, "lz4", "gzip"])
@pytest.mark.parametrize("kind", pictures())
def test_every_array_comes_back_bit_for_bit(tmp_path: Path, kind: str, compress: str | None) -> None:
    given = framed(*pictures()[kind])
    record(tmp_path / "run.h5", [given], compress=compress)
    (back,) = played(tmp_path / "run.h5")
    assert (back.format, back.dtype, back.shape) == (given.format, given.dtype, given.shape)
    assert np.array_equal(back.data, given.data)
    assert not back.data.flags.writeable


def test_headers_and_further_arrays_come_back(tmp_path: Path) -> None:
    depth = np.arange(12, dtype=np.float32).reshape(3, 4)
    given = [
        frame.replace(meta=meta, clock="boot", captured_mono_ns=9, extra=(("depth", depth + frame.seq),))
        for frame, meta in zip(samples(4), [{}, {"a": "Größe"}, {"a": "Größe"}, {"b": [1, {"c": None}]}], strict=True)
    ]
    record(tmp_path / "run.h5", given)
    for frame, original in zip(played(tmp_path / "run.h5"), given, strict=True):
        assert frame.identity == original.identity
        assert (frame.captured_ns, frame.captured_mono_ns, frame.clock) == (original.captured_ns, 9, "boot")
        assert frame.meta == original.meta
        assert np.array_equal(frame.arrays["depth"], depth + frame.seq)


def test_pixels_of_encoded_frames_are_kept(tmp_path: Path) -> None:
    given = encode(samples(1)[0], "jpeg=80")
    record(tmp_path / "run.h5", [given])
    assert np.array_equal(played(tmp_path / "run.h5")[0].data, given.data)


def test_what_the_reader_asked_for_is_what_is_written(tmp_path: Path) -> None:
    record(tmp_path / "run.h5", [samples(1)[0].replace(wanted="gray8")])
    assert played(tmp_path / "run.h5")[0].format == "gray8"


def test_changes_of_shape_and_type_go_on_in_another_part(tmp_path: Path) -> None:
    given = [framed(image, format, seq=seq) for seq, (image, format) in enumerate(pictures().values())] * 2
    given = [frame.replace(seq=seq, captured_ns=FIRST_NS + seq) for seq, frame in enumerate(given)]
    record(tmp_path / "run.h5", given)
    back = played(tmp_path / "run.h5")
    assert [frame.seq for frame in back] == list(range(len(given)))
    assert all(np.array_equal(one.data, other.data) for one, other in zip(back, given, strict=True))
    with h5py.File(tmp_path / "run.h5") as opened:
        assert len(opened) == len(pictures()), "what was there before is gone on with"


def test_several_streams_come_back_in_the_order_of_time(tmp_path: Path) -> None:
    both = [frame for pair in zip(samples(4, stream="left"), samples(4, stream="right"), strict=True) for frame in pair]
    record(tmp_path / "run.h5", sorted(both, key=lambda frame: frame.stream))
    assert numbers(tmp_path / "run.h5") == [(frame.stream, frame.seq) for frame in both]
    assert numbers(tmp_path / "run.h5", streams="r*") == [("right", seq) for seq in range(4)]
    with pytest.raises(BadFrame, match="holds no stream top: there is left, right"):
        played(tmp_path / "run.h5", streams="top")


def test_coded_video_is_refused_saying_where_it_goes(tmp_path: Path) -> None:
    film = clip(tmp_path / "film.mp4", 3, "160x120")
    with pytest.raises(BadFrame, match=r"\.mp4"):
        record(tmp_path / "run.h5", packets(film))


# other readers --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("compress", [None, "gzip"])
def test_h5py_reads_it_like_any_other_file(tmp_path: Path, compress: str | None) -> None:
    given = [frame.replace(meta={"seq": frame.seq}) for frame in samples(5)]
    record(tmp_path / "run.h5", given, compress=compress)
    with h5py.File(tmp_path / "run.h5") as opened:
        part = opened["sample"]
        assert part["frames"].chunks == (1, 32, 48, 3)
        assert np.array_equal(part["frames"][:], [frame.data for frame in given])
        assert list(part["index"]["captured_ns"]) == [frame.captured_ns for frame in given]
        row = part["index"][3]
        text = part["meta"][row["meta_at"] : row["meta_at"] + row["meta_bytes"]].tobytes()
        assert json.loads(text) == {"seq": 3}


def test_lz4_is_what_others_call_lz4(tmp_path: Path) -> None:
    hdf5plugin = pytest.importorskip("hdf5plugin")
    given = [
        framed(image, format, seq=seq)
        for seq, (image, format) in enumerate([pictures(64, 48)["gray16"], pictures(64, 48)["gray8"]])
    ]
    record(tmp_path / "run.h5", given, compress="lz4")
    assert hdf5plugin.LZ4.filter_id == 32004
    with h5py.File(tmp_path / "run.h5") as opened:
        assert np.array_equal(opened["sample"]["frames"][0], given[0].data)
        assert np.array_equal(opened["sample@2"]["frames"][0], given[1].data)


def test_compression_saves_room(tmp_path: Path) -> None:
    smooth = [framed(*pictures(512, 512)["gray16"], seq=seq) for seq in range(4)]
    sizes = {}
    for compress in (None, "lz4", "gzip"):
        record(tmp_path / f"{compress}.h5", smooth, compress=compress)
        sizes[compress] = (tmp_path / f"{compress}.h5").stat().st_size
    assert sizes["lz4"] < 0.9 * sizes[None]
    assert sizes["gzip"] < 0.9 * sizes[None]


def test_it_is_read_while_it_is_written(tmp_path: Path, child: StartChild) -> None:
    sink = hdf5.open_sink(Place(f"{tmp_path}/run.h5"))
    frames = iter(samples(9))
    for _ in range(3):
        sink.write(next(frames), lambda: None)
    source = open_source(Place(f"{tmp_path}/run.h5"))
    seen = iter(source)
    assert [next(seen).seq for _ in range(3)] == [0, 1, 2]
    for _ in range(2):
        sink.write(next(frames), lambda: None)
    assert [frame.seq for frame in seen] == [3, 4], "what was added meanwhile, too"
    code = "import h5py, sys; print(len(h5py.File(sys.argv[1], 'r', swmr=True)['sample/frames']))"
    assert child("-c", code, tmp_path / "run.h5").succeed() == "5\n", "by others, too"
    source.close()
    for frame in frames:
        sink.write(frame, lambda: None)
    sink.close()
    assert len(played(tmp_path / "run.h5")) == 9


def test_nothing_takes_room_on_the_disk_in_the_end(tmp_path: Path) -> None:
    record(tmp_path / "run.h5", samples(3))
    status = (tmp_path / "run.h5").stat()
    assert status.st_blocks * 512 < status.st_size + 65_536


# parts ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"start": 1.99}, range(60, 90)),
        ({"stop": "490ms"}, range(15)),
        ({"start": "#10", "stop": "#12"}, range(10, 12)),
        ({"start": "2025-06-15T15:06:41Z", "stop": "2025-06-15T15:06:41.1Z"}, (31, 32, 33)),
        ({"start": 1000}, ()),
    ],
)
def test_a_part_of_it(tmp_path: Path, options: dict[str, Any], expected: Any) -> None:
    record(tmp_path / "run.h5", samples(90))
    assert [seq for _, seq in numbers(tmp_path / "run.h5", **options)] == list(expected)


def test_with_speed_it_is_live_and_keeps_its_times(tmp_path: Path) -> None:
    record(tmp_path / "run.h5", samples(5))
    with fb.open(str(tmp_path / "run.h5"), speed=1000, keep="all") as source:
        assert source.live
        assert [frame.captured_ns for frame in source] == [frame.captured_ns for frame in samples(5)]


# continuing -----------------------------------------------------------------------------------------------------


def test_it_is_continued_in_the_same_file(tmp_path: Path) -> None:
    record(tmp_path / "run.h5", samples(3))
    assert record(tmp_path / "run.h5", samples(5)[1:]) == [1, 2, 3, 4]
    record(
        tmp_path / "run.h5", [frame.replace(captured_ns=frame.captured_ns + 10**9) for frame in samples(2, run=RUN + 1)]
    )
    assert os.listdir(tmp_path) == ["run.h5"]
    assert [(frame.run, frame.seq) for frame in played(tmp_path / "run.h5")] == [
        *((RUN, seq) for seq in range(5)),
        (RUN + 1, 0),
        (RUN + 1, 1),
    ]


def test_a_recording_of_other_streams_is_refused(tmp_path: Path) -> None:
    record(tmp_path / "run.h5", samples(2, stream="door"))
    before = (tmp_path / "run.h5").read_bytes()
    with pytest.raises(Unavailable, match=r"run\.h5 exists and is not a recording of yard.*--overwrite"):
        record(tmp_path / "run.h5", samples(2, stream="yard"))
    assert (tmp_path / "run.h5").read_bytes() == before
    record(tmp_path / "run.h5", samples(2, stream="yard"), overwrite=True)
    assert numbers(tmp_path / "run.h5") == [("yard", 0), ("yard", 1)]


def test_files_of_others_are_refused_and_left(tmp_path: Path) -> None:
    (tmp_path / "text.h5").write_text("text")
    with h5py.File(tmp_path / "other.h5", "w") as other:
        other["data"] = [1, 2]
    for name in ("text.h5", "other.h5"):
        before = (tmp_path / name).read_bytes()
        with pytest.raises(Unavailable, match="exists and is not a recording"):
            hdf5.open_sink(Place(f"{tmp_path}/{name}"))
        with pytest.raises(BadFrame, match=r"text|data"):
            Hdf5(f"{tmp_path}/{name}")
        assert (tmp_path / name).read_bytes() == before


def test_two_recorders_never_write_one_file(tmp_path: Path) -> None:
    sink = hdf5.open_sink(Place(f"{tmp_path}/run.h5"))
    sink.write(samples(1)[0], lambda: None)
    with pytest.raises(Unavailable, match="another recorder is writing"):
        record(tmp_path / "run.h5", samples(2))
    sink.close()
    assert numbers(tmp_path / "run.h5") == [("sample", 0)]


# the disk -------------------------------------------------------------------------------------------------------


def test_a_full_disk_is_noticed_before_it_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sink = hdf5.open_sink(Place(f"{tmp_path}/run.h5"))
    first, *frames = samples(4)
    sink.write(first, lambda: None)
    with monkeypatch.context() as full:
        full.setattr(Room, "_take", lambda self, end: False)
        full.setattr(sink._rolls[""].writer._room, "_end", 0)  # type: ignore[attr-defined]
        with pytest.raises(
            Unavailable, match=r"run\.h5: the disk is full, [\d,]+ bytes are needed and [\d,]+ are free"
        ):
            sink.write(frames[0], lambda: None)
    for frame in frames:
        sink.write(frame, lambda: None)
    sink.close()
    assert [seq for _, seq in numbers(tmp_path / "run.h5")] == [0, 1, 2, 3]


def test_a_file_that_was_removed_is_not_written_on(tmp_path: Path) -> None:
    sink = hdf5.open_sink(Place(f"{tmp_path}/run.h5"))
    sink.write(samples(1)[0], lambda: None)
    (tmp_path / "run.h5").unlink()
    with pytest.raises(Unavailable, match="was removed"):
        sink.write(samples(2)[1], lambda: None)
    sink.close()


def test_what_goes_wrong_while_compressing_is_raised_and_nothing_after_it_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sink = hdf5.open_sink(Place(f"{tmp_path}/run.h5"), compress="lz4")
    done: list[int] = []
    monkeypatch.setattr(chunks, "pack", lambda *given: 1 / 0)

    def everything() -> None:
        for frame in samples(50):
            sink.write(frame, lambda: done.append(1))
        sink.close()

    with pytest.raises(ZeroDivisionError):
        everything()
    with pytest.raises(ZeroDivisionError):
        sink.close()
    assert done == []


def test_compression_is_checked(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="compress='zip'"):
        hdf5.open_sink(Place(f"{tmp_path}/run.h5"), compress="zip")


def test_damage_is_said_of_the_frame_that_has_it(tmp_path: Path) -> None:
    given = samples(3)
    record(tmp_path / "run.h5", given, compress="lz4")
    with h5py.File(tmp_path / "run.h5") as opened:
        where = opened["sample/frames"].id.get_chunk_info_by_coord((1, 0, 0, 0)).byte_offset
    data = bytearray((tmp_path / "run.h5").read_bytes())
    data[where : where + 8] = b"\xff" * 8
    (tmp_path / "run.h5").write_bytes(data)
    source = open_source(Place(f"{tmp_path}/run.h5"))
    seen: list[Frame] = []
    with pytest.raises(BadFrame, match=r"run\.h5/sample/frames: frame 1 is damaged"):
        seen.extend(iter(source))
    source.close()
    assert len(seen) <= 1


def test_frames_that_several_bring_may_come_in_any_order(tmp_path: Path) -> None:
    """Publishers of one group share a stream: a later frame says nothing about an earlier one."""
    frames = samples(8)
    order = [1, 0, 3, 2, 2, 0, 5]
    for numbers_ in (order, [5, 4, 7, 1, 6]):
        sink = hdf5.open_sink(Place(f"{tmp_path}/run.h5"))
        sink.shared = lambda stream: True  # type: ignore[attr-defined]
        done: list[int] = []
        for number in numbers_:
            sink.write(frames[number], partial(done.append, number))
        sink.close()
        assert done == numbers_
    assert sorted(seq for _, seq in numbers(tmp_path / "run.h5")) == list(range(8))
