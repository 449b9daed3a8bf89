"""Frames of several cameras that belong together by the time of their capture."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framebus.core.errors import OptionError
from framebus.core.frame import Frame
from framebus.record.aligning import MAX_WAITING, Alignment
from framebus.testing import samples
from framebus.verbs.align import align
from tests.record import films, runs

MS = 10**6


def camera(stream: str, times_ms: list[int]) -> list[Frame]:
    return [
        f.replace(captured_ns=10**18 + ms * MS)
        for f, ms in zip(samples(len(times_ms), stream=stream), times_ms, strict=True)
    ]


def sets(left: list[int], right: list[int], within: str = "5ms") -> list[tuple[int | None, int | None]]:
    """The sets of two cameras, by their times."""
    found = align(camera("left", left), camera("right", right), within=within)
    return [tuple(_ms(one.get(name)) for name in ("left", "right")) for one in found]  # type: ignore[misc]


def _ms(frame: Frame | None) -> int | None:
    return None if frame is None else (frame.captured_ns - 10**18) // MS


def test_frames_of_one_moment_come_together() -> None:
    assert sets([0, 33, 66], [2, 31, 70]) == [(0, 2), (33, 31), (66, 70)]


def test_what_has_no_partner_comes_alone() -> None:
    assert sets([0, 33, 66, 100], [2, 66]) == [(0, 2), (33, None), (66, 66), (100, None)]


def test_cameras_of_different_rates() -> None:
    assert sets(list(range(0, 2000, 10)), [0, 1000]) == [
        *((ms, ms if ms in (0, 1000) else None) for ms in range(0, 2000, 10))
    ]


def test_just_within_and_just_outside() -> None:
    assert sets([0], [5]) == [(0, 5)]
    assert sets([0], [6]) == [(0, None), (None, 6)]


@given(st.lists(st.lists(st.integers(0, 300), max_size=20).map(sorted), min_size=2, max_size=4), st.integers(0, 20))
def test_every_frame_is_in_one_set_and_all_in_order(cameras: list[list[int]], within: int) -> None:
    alignment = Alignment(len(cameras), within * MS)
    found: list[list[tuple[str, int]]] = []
    for number, times in enumerate(cameras):
        for frame in camera(f"c{number}", times):
            alignment.add(number, frame)
            found += [[(item.stream, item.captured_ns) for item in one.values()] for one in alignment.sets()]
        alignment.end(number)
    found += [[(item.stream, item.captured_ns) for item in one.values()] for one in alignment.sets()]
    everything = sorted((f"c{number}", 10**18 + ms * MS) for number, times in enumerate(cameras) for ms in times)
    assert sorted(one for items in found for one in items) == everything
    for items in found:
        assert len({stream for stream, _ in items}) == len(items), "one frame of each camera"
        times_ns = [captured_ns for _, captured_ns in items]
        assert max(times_ns) - min(times_ns) <= within * MS


def test_a_silent_camera_holds_up_nobody_for_ever() -> None:
    alignment = Alignment(2, MS)
    for frame in camera("left", list(range(MAX_WAITING + 10))):
        alignment.add(0, frame)
    assert len(list(alignment.sets())) == 10


def test_recordings_are_aligned_like_cameras(tmp_path: Path) -> None:
    runs.record(tmp_path / "left.h5", camera("left", [0, 40, 80]))
    films.record(tmp_path / "right.mp4", camera("right", [1, 81]))
    found = list(align(str(tmp_path / "left.h5"), str(tmp_path / "right.mp4"), within="5ms"))
    assert [{name: frame.seq for name, frame in one.items()} for one in found] == [
        {"left": 0, "right": 0},
        {"left": 1},
        {"left": 2, "right": 1},
    ]


def test_one_camera_is_not_enough() -> None:
    with pytest.raises(OptionError, match="several cameras"):
        align("shm://left", within=1)
    with pytest.raises(OptionError, match="duration"):
        align("shm://left", "shm://right", within="soon")
