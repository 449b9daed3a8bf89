"""From here to there: a stretch that cannot be in the recording is refused, not an empty recording."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import framebus as fb
from framebus.core.errors import OptionError
from framebus.core.frame import Frame
from tests.clips import make_clip


@pytest.mark.parametrize(
    ("start", "stop"), [("4s", "2s"), ("#2", "#1"), ("2026-03-01T13:00", "2026-03-01T12:59"), (1, "500ms")]
)
def test_a_stop_before_the_start_is_refused(start: Any, stop: Any, tmp_path: Path) -> None:
    fb.pipe(np.zeros((3, 4, 4), np.uint8), tmp_path / "run.tif")
    with pytest.raises(OptionError, match="nothing lies between start and stop"):
        fb.open(tmp_path / "run.tif", start=start, stop=stop)


@pytest.mark.parametrize(("start", "stop"), [("#1", "#2"), ("#1", "1min"), ("0s", "#1"), (None, "#1"), ("#2", None)])
def test_any_other_pair_is_read(start: Any, stop: Any, tmp_path: Path) -> None:
    fb.pipe(np.zeros((3, 4, 4), np.uint8), tmp_path / "run.tif")
    chosen = {name: value for name, value in (("start", start), ("stop", stop)) if value is not None}
    with fb.open(tmp_path / "run.tif", **chosen) as recording:
        assert len(list(recording)) in (1, 2)


@pytest.mark.parametrize("name", ["run.tif", "run.h5", "run.zarr", "run.mp4", "foreign.mp4", "run-*.tif"])
@pytest.mark.parametrize("start", [99, "10min", "#3", "2099-01-01T00:00"])
@pytest.mark.parametrize("speed", [None, 1])
def test_a_start_behind_the_end_is_refused_with_the_real_length(
    name: str, start: Any, speed: float | None, tmp_path: Path
) -> None:
    if (name, start) in (("foreign.mp4", "2099-01-01T00:00"), ("run-*.tif", "#3")):
        return  # refused for other reasons
    if name == "foreign.mp4":
        make_clip(tmp_path / name, frames=3, rate=1)
    else:
        fb.pipe(three(), tmp_path / name.replace("*", "1"))
    said = re.escape(f"start (--start) lies behind the end of {tmp_path / name}: it lasts 2.00 s")
    with (
        pytest.raises(OptionError, match=said + ("$" if "*" in name else ", and has 3 frames$")),
        fb.open(tmp_path / name, start=start, speed=speed) as recording,
    ):
        list(recording)


def test_a_stretch_between_two_frames_is_empty_and_no_mistake(tmp_path: Path) -> None:
    fb.pipe(three(), tmp_path / "run.tif")
    with fb.open(tmp_path / "run.tif", start=0.2, stop=0.8) as recording:
        assert list(recording) == []


def test_one_stream_that_goes_on_longer_is_enough(tmp_path: Path) -> None:
    for stream, seconds in (("a", 1), ("b", 3)):
        fb.pipe(three(stream, seconds), tmp_path / f"run-{stream}.tif")
    with fb.open(tmp_path / "run-*.tif", start=5) as recording:
        assert [frame.stream for frame in recording] == ["b"]


def three(stream: str = "cam", seconds: int = 1) -> Iterator[Frame]:
    """Three frames, so many seconds from one to the next."""
    for seq in range(3):
        yield Frame(
            content=np.zeros((16, 16, 3), np.uint8),
            format="bgr24",
            stream=stream,
            seq=seq,
            captured_ns=(1000 + seq * seconds) * 10**9,
        )
