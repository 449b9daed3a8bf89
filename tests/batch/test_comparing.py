"""The speed-up that a job tells: measured on its own inputs, leaving nothing behind."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from framebus.batch.comparing import INPUTS
from framebus.batch.process import process
from framebus.batch.report import Comparison
from framebus.core.errors import OptionError
from tests.batch.photos import contents, photos

SMALL = "resize=24x16"


def test_it_is_the_ratio_of_the_two_times() -> None:
    assert Comparison(inputs=100, alone_s=3.0, together_s=1.5, workers=2).speedup == 2.0


def test_a_job_that_compares_does_all_the_same(tmp_path: Path) -> None:
    photos(tmp_path / "in/x", 30)
    (tmp_path / "in/bad.jpg").write_bytes(b"")
    (tmp_path / "in/note.txt").touch()
    report = process(tmp_path / "in", tmp_path / "out", SMALL, workers=2, compare=True, also={tmp_path / "b": SMALL})
    compared = report.comparison
    assert compared is not None
    assert (compared.inputs, compared.workers) == (30, 2)
    assert compared.speedup == compared.alone_s / compared.together_s > 0
    assert (report.done, len(report.failures), report.left_out) == (30, 1, {".txt": 1})
    assert sorted(contents(tmp_path / "out")) == [f"x/p{number:03d}.jpg" for number in range(30)]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [".framebus-journal", "x"]


def test_only_a_part_of_many_is_compared(tmp_path: Path) -> None:
    photos(tmp_path / "in", INPUTS + 40, width=8, height=8)
    with ThreadPoolExecutor(1) as executor:
        report = process(tmp_path / "in", tmp_path / "out", workers=executor, compare=True)
    assert report.comparison is not None
    assert report.comparison.inputs <= INPUTS
    assert report.done == INPUTS + 40


def test_one_process_cannot_be_compared_with_itself(tmp_path: Path) -> None:
    photos(tmp_path / "in", 2)
    with pytest.raises(OptionError, match="compare needs workers"):
        process(tmp_path / "in", tmp_path / "out", SMALL, workers=0, compare=True)


def test_where_no_input_can_be_done_there_is_nothing_to_compare(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in/bad.jpg").touch()
    report = process(tmp_path / "in", tmp_path / "out", SMALL, workers=1, compare=True)
    assert report.comparison is None
    assert len(report.failures) == 1
