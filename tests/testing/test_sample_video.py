"""A real video, made on the spot, whose frames can be told apart."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from framebus.core.errors import OptionError, Unavailable
from framebus.sources import stamp
from framebus.sources.video.video import Video
from framebus.testing import clip


@pytest.mark.parametrize("name", ["x.mp4", "x.mkv"])
@pytest.mark.parametrize("size", ["160x120", "320x240", "640x480"])
def test_every_number_can_be_read_back(tmp_path: Path, name: str, size: str) -> None:
    video = Video(clip(tmp_path / name, 40, size))
    numbers = [(stamp.read(frame.image) or (None,))[0] for frame in video]
    video.close()
    assert numbers == list(range(40))


@pytest.mark.parametrize("pattern", ["balls", "aurora", "radar", "bars", "stars"])
def test_of_every_pattern(tmp_path: Path, pattern: str) -> None:
    video = Video(clip(tmp_path / "x.mp4", 10, "160x120", pattern=pattern))
    assert [(stamp.read(frame.image) or (None,))[0] for frame in video] == list(range(10))
    video.close()


def test_is_small(tmp_path: Path) -> None:
    assert Path(clip(tmp_path / "x.mp4", 60, "320x240")).stat().st_size < 200_000


def test_bad_sizes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="too small"):
        clip(tmp_path / "x.mp4", 1, "10x10")
    assert not (tmp_path / "x.mp4").exists()


def test_without_the_extra_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(Unavailable, match=r"pip install 'framebus\[video\]'"):
        clip(tmp_path / "x.mp4")
