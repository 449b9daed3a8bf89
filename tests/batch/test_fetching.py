"""What is in an input, read at once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from framebus.batch.fetching import load
from framebus.core.errors import BadFrame


@pytest.mark.parametrize("size", [0, 1, 4096, 3 << 20])
def test_all_of_a_file(size: int, tmp_path: Path) -> None:
    data = os.urandom(size)
    (tmp_path / "a.jpg").write_bytes(data)
    assert load(str(tmp_path / "a.jpg")) == data


@pytest.mark.parametrize("said", [0, 1000])
def test_all_of_a_file_that_became_longer_since_it_was_looked_at(
    said: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = os.urandom(3 << 20)
    path = tmp_path / "a.jpg"
    path.write_bytes(data[:said])
    look = os.fstat

    def looked_at(descriptor: int) -> os.stat_result:
        found = look(descriptor)
        path.write_bytes(data)
        return found

    monkeypatch.setattr(os, "fstat", looked_at)
    assert load(str(path)) == data


def test_a_file_that_is_gone_or_none_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadFrame, match="not there any more"):
        load(str(tmp_path / "a.jpg"))
    with pytest.raises(BadFrame, match="a folder, a pipe or a device"):
        load(str(tmp_path))
    os.mkfifo(tmp_path / "b.jpg")
    with pytest.raises(BadFrame, match="a folder, a pipe or a device"):
        load(str(tmp_path / "b.jpg"))
