"""Zarr recordings: what zarr-python sees, what a dead recorder leaves, and what is refused."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from framebus.core.errors import BadFrame, Unavailable
from framebus.record.inspecting import inspect, repair
from framebus.sinks.zarr.part import BLOCK
from framebus.testing import samples
from framebus.testing.samples import framed, pictures
from tests.conftest import StartChild
from tests.record import runs
from tests.record.runs import numbers, played, record
from tests.record.test_kills import RECORDER

Look = Callable[[Path], dict[str, dict[str, Any]]]

READER = """
import json, sys
import numpy as np
import zarr

root = zarr.open_group(sys.argv[1], mode="r")
found = {}
for name, part in root.groups():
    there = np.flatnonzero(part["there"][:])  # it may be shorter than the frames
    found[name] = {
        "arrays": sorted(part.array_keys()),
        "shape": part["frames"].shape,
        "chunks": part["frames"].chunks,
        "dtype": str(part["frames"].dtype),
        "seq": part["seq"][:][there].tolist(),
        "captured_ns": part["captured_ns"][:][there].tolist(),
        "sums": [int(frame.sum()) for frame in part["frames"][:][there]],
        "attributes": dict(part.attrs),
    }
print(json.dumps(found))
"""


@pytest.fixture
def by_zarr(child: StartChild) -> Look:
    """What zarr-python finds in a recording; in a process of its own, because it leaves threads running."""

    def look(path: Path) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = json.loads(child("-W", "error", "-c", READER, path).succeed(60))
        return found

    return look


@pytest.mark.parametrize("compress", [None, "gzip"])
@pytest.mark.parametrize("kind", ["bgr24", "gray16", "float"])
def test_zarr_reads_it_like_any_other(tmp_path: Path, by_zarr: Look, kind: str, compress: str | None) -> None:
    image, format = pictures()[kind]
    given = [framed(np.roll(image, seq, 0), format, seq=seq) for seq in range(5)]
    record(tmp_path / "run.zarr", given, **({"compress": compress} if compress else {}))
    (part,) = by_zarr(tmp_path / "run.zarr").values()
    assert part["shape"] == [5, *image.shape]
    assert part["chunks"] == [1, *image.shape]
    assert part["dtype"] == str(image.dtype)
    assert part["seq"] == list(range(5))
    assert part["captured_ns"] == [frame.captured_ns for frame in given]
    assert part["sums"] == [int(frame.data.sum()) for frame in given]
    assert part["attributes"] == {"stream": "sample", "format": format, "arrays": []}


def test_a_change_of_shape_goes_on_in_another_group(tmp_path: Path, by_zarr: Look) -> None:
    large = [frame.replace(seq=3 + frame.seq) for frame in samples(2, width=64)]
    record(tmp_path / "run.zarr", [*samples(3), *large])
    found = by_zarr(tmp_path / "run.zarr")
    assert {name: part["shape"] for name, part in found.items()} == {
        "sample": [3, 32, 48, 3],
        "sample@2": [2, 32, 64, 3],
    }


def test_it_grows_in_blocks_and_ends_exactly(tmp_path: Path) -> None:
    path = tmp_path / "run.zarr"
    recorder = runs.sink(path)
    lengths = []
    for frame in samples(BLOCK + 2):
        recorder.write(frame, lambda: None)
        lengths.append(json.loads((path / "sample/frames/zarr.json").read_text())["shape"][0])
    assert lengths == [BLOCK] * BLOCK + [2 * BLOCK] * 2
    assert inspect(str(path)).busy
    recorder.close()
    assert json.loads((path / "sample/frames/zarr.json").read_text())["shape"][0] == BLOCK + 2
    assert inspect(str(path)).whole


def test_more_frames_than_a_chunk_of_the_index_holds(tmp_path: Path) -> None:
    given = [frame.replace(content=frame.data[:1, :1]) for frame in samples(1, width=2, height=2)]
    many = [given[0].replace(seq=seq, captured_ns=10**18 + seq, meta={"n": seq}) for seq in range(2100)]
    record(tmp_path / "run.zarr", many[:1030])
    record(tmp_path / "run.zarr", many)
    back = played(tmp_path / "run.zarr")
    assert [(frame.seq, frame.meta["n"]) for frame in back] == [(seq, seq) for seq in range(2100)]


def test_what_a_killed_recorder_leaves_opens_in_zarr(tmp_path: Path, child: StartChild, by_zarr: Look) -> None:
    path = tmp_path / "run.zarr"
    recorder = child("-c", RECORDER, path, "0")
    recorder.wait_line(r"^done 80$")
    recorder.kill()
    done = max(int(number) for number in re.findall(r"^done (\d+)$", recorder.stdout, re.MULTILINE))
    found = by_zarr(path)["cam"]["seq"]
    assert found == list(range(len(found)))
    assert len(found) >= done + 1
    before = inspect(str(path))
    assert not before.whole
    assert repair(str(path)).whole
    assert inspect(str(path)).streams == before.streams
    assert by_zarr(path)["cam"]["shape"] == [len(found), 96, 128]


def test_what_was_being_written_is_removed(tmp_path: Path) -> None:
    path = tmp_path / "run.zarr"
    record(path, samples(3))
    (path / "sample/frames/.c.7.0.0.0.partial").write_bytes(b"half")
    (path / "other/frames").mkdir(parents=True)
    assert numbers(path) == [("sample", seq) for seq in range(3)]
    assert not inspect(str(path)).whole
    record(path, samples(4))
    assert inspect(str(path)).whole
    assert sorted(entry.name for entry in path.iterdir()) == ["sample", "zarr.json"]
    assert [name for name in os.listdir(path / "sample/frames") if name.startswith(".")] == []


def test_it_may_be_written_with_a_slash_behind(tmp_path: Path) -> None:
    import framebus as fb

    fb.pipe(samples(3), f"{tmp_path}/run.zarr/")
    with fb.open(f"{tmp_path}/run.zarr/") as source:
        assert len(list(source)) == 3
    assert inspect(f"{tmp_path}/run.zarr/").streams[0].frames == 3


def test_hierarchies_of_others_are_refused_and_left(tmp_path: Path) -> None:
    path = tmp_path / "other.zarr"
    path.mkdir()
    (path / "zarr.json").write_text('{"zarr_format": 3, "node_type": "group", "attributes": {}}')
    (path / "precious").write_text("text")
    with pytest.raises(Unavailable, match="exists and is not a recording"):
        runs.sink(path)
    with pytest.raises(Unavailable, match="was not recorded by framebus: remove it"):
        record(path, samples(1), overwrite=True)
    with pytest.raises(BadFrame, match=r"other\.zarr is no recording of framebus"):
        played(path)
    with pytest.raises(BadFrame, match=r"other\.zarr is no recording of framebus"):
        inspect(str(path))
    assert (path / "precious").read_text() == "text"


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ("zarr.json", "no json"),
        ("sample/zarr.json", '{"attributes": {"stream": "../..", "format": "bgr24"}}'),
        ("sample/zarr.json", '{"attributes": {"stream": "a", "format": "bgr24", "arrays": ["arrays/../../x"]}}'),
        ("sample/frames/zarr.json", "{}"),
        ("sample/frames/zarr.json", None),
        ("sample/seq/zarr.json", '{"shape": [1]}'),
    ],
)
def test_damaged_descriptions_are_said_to_be(tmp_path: Path, place: str, text: str | None) -> None:
    path = tmp_path / "run.zarr"
    record(path, samples(3))
    if text is None:
        described = json.loads((path / place).read_text())
        described["chunk_grid"]["configuration"]["chunk_shape"] = [1, 10**9, 10**9, 3]
        text = json.dumps(described)
    (path / place).write_text(text)
    with pytest.raises(BadFrame, match=r"run\.zarr"):
        played(path)


def test_the_oldest_go_when_all_together_are_too_large(tmp_path: Path) -> None:
    frames = [frame.replace(captured_ns=10**18 + frame.seq * 60 * 10**9) for frame in samples(6)]
    record(tmp_path / "one" / "a.zarr", frames[:1])
    size = inspect(str(tmp_path / "one" / "a.zarr")).nbytes
    record(tmp_path / "out" / "a.zarr", frames, rotate="1min", max_size=3 * size + 3000)
    assert len(os.listdir(tmp_path / "out")) == 3
    assert numbers(tmp_path / "out" / "*.zarr") == [("sample", 3), ("sample", 4), ("sample", 5)]
