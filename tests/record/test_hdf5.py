"""HDF5 recordings: bit for bit, for every reader, at every moment."""

from __future__ import annotations

import json
from pathlib import Path

import h5py
import numpy as np
import pytest

from framebus.core.addresses import Path as Place
from framebus.core.errors import BadFrame, Unavailable
from framebus.core.registry import SINKS, SOURCES
from framebus.record import hdf5
from framebus.sinks.disk_space import Room
from framebus.sources.hdf5.hdf5 import Hdf5, open_source
from framebus.testing import samples
from framebus.testing.samples import framed, pictures
from framebus.wire.recordings import hdf5_chunks as chunks
from tests.conftest import StartChild
from tests.record.runs import numbers, played, record

FIRST_NS = samples(1)[0].captured_ns


def test_is_what_opens_hdf5_files() -> None:
    assert all(SINKS.get(name) is hdf5.open_sink for name in ("h5", "hdf5"))
    assert all(SOURCES.get(name) is open_source for name in ("h5", "hdf5"))


# frames ---------------------------------------------------------------------------------------------------------


def test_changes_of_shape_and_type_go_on_in_another_part(tmp_path: Path) -> None:
    given = [framed(image, format, seq=seq) for seq, (image, format) in enumerate(pictures().values())] * 2
    given = [frame.replace(seq=seq, captured_ns=FIRST_NS + seq) for seq, frame in enumerate(given)]
    record(tmp_path / "run.h5", given)
    back = played(tmp_path / "run.h5")
    assert [frame.seq for frame in back] == list(range(len(given)))
    assert all(np.array_equal(one.data, other.data) for one, other in zip(back, given, strict=True))
    with h5py.File(tmp_path / "run.h5") as opened:
        assert len(opened) == len(pictures()), "what was there before is gone on with"


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
    code = "import h5py, sys; print(h5py.File(sys.argv[1], 'r', swmr=True)['sample/index']['there'].sum())"
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


# continuing -----------------------------------------------------------------------------------------------------


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
