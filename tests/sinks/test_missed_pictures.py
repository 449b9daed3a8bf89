"""What was lost on its way to a folder of pictures is noted beside them, and missed by whoever reads the folder."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

import framebus as fb
from framebus.core.frame import Frame
from tests.record.runs import lossy, told


@pytest.fixture(params=["frames/", "{stream}/{seq}.png"])
def pictured(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, Path, str]:
    """A folder or template, where its index is, and where the pictures are."""
    places: dict[str, tuple[str, Path, str]] = {
        "frames/": (f"{tmp_path}/frames/", tmp_path / "frames", f"{tmp_path}/frames/"),
        "{stream}/{seq}.png": (f"{tmp_path}/{{stream}}/{{seq}}.png", tmp_path, f"{tmp_path}/cam/"),
    }
    return places[request.param]


def _save(place: str, frames: Iterable[Frame], **options: Any) -> None:
    with fb.publish(place, **options) as folder:
        for frame in frames:
            folder.send(frame)


def _looked_at(place: str) -> list[tuple[int, int]]:
    with fb.open(place) as folder:
        return told(frame for frame in folder if isinstance(frame, Frame))


def test_a_folder_of_pictures_notes_what_was_lost(pictured: tuple[str, Path, str]) -> None:
    place, index, where = pictured
    frames = lossy([0, 0, 3, 0, 1])
    _save(place, frames[:4])
    _save(place, frames[2:])
    lines = [json.loads(line) for line in (index / "framebus-missed.jsonl").read_text().splitlines()]
    prefix = "cam-" if place.endswith("/") else "cam/"
    assert lines == [
        {"file": f"{prefix}00000005.png", "missed": 3},
        {"file": f"{prefix}00000008.png", "missed": 1},
    ]
    assert _looked_at(where) == told(frames)


def test_only_where_something_was(pictured: tuple[str, Path, str]) -> None:
    place, index, where = pictured
    _save(place, lossy([0, 0]))
    assert not (index / "framebus-missed.jsonl").exists()
    assert _looked_at(where) == [(0, 0), (1, 0)]


def test_a_line_that_was_cut_off_is_none_and_stops_nobody(pictured: tuple[str, Path, str]) -> None:
    place, index, where = pictured
    _save(place, lossy([0, 2]))
    notes = index / "framebus-missed.jsonl"
    notes.write_bytes(notes.read_bytes()[:-5])
    assert _looked_at(where) == [(0, 0), (1, 0)]
    _save(place, lossy([0, 2, 1]))
    assert _looked_at(where) == [(0, 0), (3, 2), (5, 1)]


def test_a_picture_that_replaces_another_tells_of_itself(pictured: tuple[str, Path, str]) -> None:
    place, _, where = pictured
    _save(place, lossy([0, 0, 2]))
    _save(place, [frame.replace(run=5, seq=seq, missed=0) for seq, frame in enumerate(lossy([0] * 6))], overwrite=True)
    assert [missed for _, missed in _looked_at(where)] == [0] * len(_looked_at(where))


def test_a_folder_of_photographs_has_lost_nothing(tmp_path: Path) -> None:
    notes = b'{"file": 3}\nnothing\n{"file":"a.png","missed":-1}\n{"file":"\xff","missed":1}\n{"x":' + b"[" * 9000
    (tmp_path / "framebus-missed.jsonl").write_bytes(notes)
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((4, 4), np.uint8))
    assert _looked_at(f"{tmp_path}/") == [(0, 0)]
