"""`synthetic:` – frames that prove their own number and time."""

from __future__ import annotations

import time
from itertools import islice
from pathlib import Path

import pytest

from framebus.core import clock
from framebus.core.addresses import Here
from framebus.core.contracts import Maker
from framebus.core.errors import OptionError
from framebus.core.registry import SOURCES
from framebus.sources import stamp
from framebus.sources.scenes import SCENES
from framebus.sources.synthetic.synthetic import Synthetic, open_source
from framebus.testing import SourceConformance


class TestLive(SourceConformance):
    def make(self, tmp_path: Path) -> Maker:
        return open_source(Here("synthetic"), fps=200, size="160x120")


class TestFinite(SourceConformance):
    def make(self, tmp_path: Path) -> Maker:
        return open_source(Here("synthetic", "cells"), fps=0, frames=4, size="160x120")


def test_is_what_the_scheme_opens() -> None:
    assert SOURCES.get("synthetic") is open_source


@pytest.mark.parametrize("pattern", SCENES)
def test_number_and_time_are_in_the_pixels_and_in_the_header(pattern: str) -> None:
    frames = list(Synthetic(pattern=pattern, fps=0, frames=5, size="320x240"))
    assert [stamp.read(frame.data) for frame in frames] == [(frame.seq, frame.captured_ns) for frame in frames]
    assert [frame.seq for frame in frames] == [0, 1, 2, 3, 4]


def test_is_captured_now() -> None:
    before = clock.utc_ns(), clock.mono_ns()
    frame = Synthetic(fps=0).frame(3)
    assert before[0] <= frame.captured_ns <= time.time_ns()
    assert before[1] <= frame.captured_mono_ns <= time.monotonic_ns()


def test_is_live_and_endless_unless_told_how_many() -> None:
    endless, finite = Synthetic(fps=0, size="64x48"), Synthetic(fps=0, size="64x48", frames=3)
    assert (endless.live, finite.live) == (True, False)
    assert len(list(islice(endless, 50))) == 50
    assert len(list(finite)) == 3


@pytest.mark.parametrize(
    ("name", "stream", "format"),
    [("", "synthetic", "bgr24"), ("cells", "cells", "gray16"), ("porch", "porch", "bgr24")],
)
def test_the_name_after_the_colon_is_the_streams_and_may_be_a_patterns(name: str, stream: str, format: str) -> None:
    frame = open_source(Here("synthetic", name), fps=0).frame(0)
    assert (frame.stream, frame.format) == (stream, format)


def test_a_named_pattern_wins_over_the_name() -> None:
    assert open_source(Here("synthetic", "cells"), pattern="bars").frame(0).format == "bgr24"


def test_size_is_width_by_height() -> None:
    assert Synthetic(size="320x96").frame(0).shape == (96, 320, 3)
    assert Synthetic(size="320x96", pattern="cells").frame(0).shape == (96, 320)


def test_options_may_come_as_text() -> None:
    assert len(list(open_source(Here("synthetic"), fps="0", frames="2", size="64x48"))) == 2


def test_is_paced(monkeypatch: pytest.MonkeyPatch) -> None:
    maker = Synthetic(fps=50, frames=4, size="64x48")
    now_ns, waits = [10**9], []

    def wait(timeout: float) -> bool:
        waits.append(round(timeout, 6))
        now_ns[0] += int(timeout * 1e9) + 5_000_000  # each frame takes 5 ms to draw
        return False

    monkeypatch.setattr(clock, "mono_ns", lambda: now_ns[0])
    monkeypatch.setattr(maker._pace._stopped, "wait", wait)
    assert len(list(maker)) == 4
    assert waits == [0, 0.015, 0.015, 0.015]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"pattern": "radra"}, "did you mean radar"),
        ({"size": "640"}, "WIDTHxHEIGHT"),
        ({"size": "30x30"}, "at least 40x24"),
        ({"size": "320x9"}, "too small"),
        ({"fps": -1}, "fps=-1"),
        ({"fps": "fast"}, "fps='fast'"),
        ({"fps": float("nan")}, "fps=nan"),
        ({"frames": 0}, "frames=0"),
        ({"frames": 2.5}, "frames=2.5"),
    ],
)
def test_bad_options_are_named(options: dict[str, object], said: str) -> None:
    with pytest.raises(OptionError, match=said):
        Synthetic(**options)  # type: ignore[arg-type]


def test_the_smallest_size_works() -> None:
    for pattern in SCENES:
        frame = Synthetic(size="40x24", pattern=pattern).frame(5)
        assert stamp.read(frame.data) == (5, frame.captured_ns)
