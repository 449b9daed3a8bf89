"""The plug-in keeps what framebus expects of a source, an op, a sink and an encoding, and does its own work."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from framebus_stars.catalogue import Catalogue, read
from framebus_stars.finding import FindStars
from framebus_stars.sky import Sky
from framebus_stars.sparse import ENCODING, Sparse

import framebus as fb
from framebus.testing import EncodingConformance, OpConformance, SinkConformance, SourceConformance, samples


class TestSky(SourceConformance):
    def make(self, tmp_path: Path) -> Sky:
        return Sky(fps=100)


class TestFindStars(OpConformance):
    formats = ("bgr24", "gray8", "gray16", "float")

    def make(self) -> type[FindStars]:
        return FindStars


class TestCatalogue(SinkConformance):
    def make(self, tmp_path: Path) -> Catalogue:
        return Catalogue(tmp_path / "night.stars")

    def stored(self, tmp_path: Path) -> int:
        return len(read(tmp_path / "night.stars"))


class TestSparse(EncodingConformance):
    holds = ("bgr24", "rgb24", "gray8", "gray16", "float", "mask", "volume")

    def make(self) -> Sparse:
        return ENCODING


def test_the_brightest_star_comes_first() -> None:
    image = np.zeros((100, 200), np.uint8)
    image[20, 30], image[60, 150] = 90, 200
    assert FindStars()(image)["stars"] == [[150, 60, 200.0], [30, 20, 90.0]]


def test_a_dark_picture_has_no_stars() -> None:
    assert FindStars()(np.zeros((100, 200), np.uint8)) == {"stars": [], "boxes": []}


def test_half_a_line_is_forgotten_after_a_crash(tmp_path: Path) -> None:
    path = tmp_path / "night.stars"
    first, second = samples(2)
    sink = Catalogue(path)
    sink.write(first, lambda: None)
    sink.close()
    with path.open("ab") as file:
        file.write(b'{"frame": ["sam')
    sink = Catalogue(path)
    sink.write(second, lambda: None)
    sink.close()
    assert [line["frame"][2] for line in read(path)] == [0, 1]


def test_a_dark_picture_is_small() -> None:
    assert ENCODING.encode(np.zeros((480, 640), np.uint8), "gray8").data.nbytes == 480 * 640 / 8


def test_what_is_wrong_is_said_before_the_first_frame() -> None:
    with pytest.raises(fb.errors.OptionError, match="most=0"):
        FindStars(most=0)
    with pytest.raises(fb.errors.OptionError, match="fps=0"):
        Sky(fps=0)
