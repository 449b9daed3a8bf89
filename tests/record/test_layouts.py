"""The layouts of recordings stay as they are, byte for byte: files of today are read by every later version."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import numpy as np
import pytest

from framebus.core.frame import Frame
from tests.record.runs import played, record


def given() -> list[Frame]:
    """Two small frames with everything a frame can carry."""
    depth = np.arange(6, dtype=np.float32).reshape(2, 3)
    colour = np.arange(18, dtype=np.uint8).reshape(2, 3, 3)
    return [
        Frame.of(
            colour + seq,
            stream="cam",
            run=7,
            seq=seq,
            captured_ns=10**18 + seq,
            meta={"n": seq},
            arrays={"depth": depth},
        )
        for seq in range(2)
    ]


def digest(path: Path) -> str:
    """Of a file, or of all files in a folder with their names."""
    found = hashlib.sha256()
    for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
        if file.is_file():
            found.update(file.relative_to(path.parent).as_posix().encode() + b"\0" + file.read_bytes())
    return found.hexdigest()[:16]


@pytest.mark.parametrize(("name", "expected"), [("run.tif", "4560af04338380d0"), ("run.zarr", "79cc80302d23e074")])
def test_what_is_written_is_what_was_written(tmp_path: Path, name: str, expected: str) -> None:
    record(tmp_path / name, given())
    assert digest(tmp_path / name) == expected
    assert [frame.meta["n"] for frame in played(tmp_path / name)] == [0, 1]


def test_what_was_written_before_losses_were_told_is_the_same_without_them(tmp_path: Path) -> None:
    record(tmp_path / "run.zarr", given())
    shutil.rmtree(tmp_path / "run.zarr/cam/missed")
    assert digest(tmp_path / "run.zarr") == "d023639fb40f5ad2"
    assert [frame.meta["n"] for frame in played(tmp_path / "run.zarr")] == [0, 1]
