"""The demo proves itself, starts without a terminal, and leaves nothing behind."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from framebus.cli.demo.seen import Seen
from framebus.core.frame import Frame
from tests.conftest import StartChild


def frame(missed: int = 0) -> Frame:
    return Frame.of(np.zeros((4, 6, 3), np.uint8), stream="cam").replace(missed=missed)


def test_what_was_counted_is_compared_with_the_numbers_in_the_pixels() -> None:
    seen = Seen("slow", "cam")
    for number, missed in [(10, 4), (11, 0), (18, 6)]:  # what came before the first is not compared
        seen.see(frame(missed), number, float(number))
    assert (seen.frames, seen.counted, seen.real, seen.proven) == (3, 6, 6, True)
    seen.see(frame(missed=1), 21, 21.0)
    assert not seen.proven


def test_a_clip_that_begins_again_leaves_no_gap() -> None:
    seen = Seen("slow", "clip", cycle=300)
    seen.see(frame(), 298, 0.0)
    seen.see(frame(), 299, 0.1)
    seen.see(frame(missed=1), 1, 0.2)
    assert (seen.real, seen.proven) == (1, True)


def test_a_number_that_cannot_be_read_proves_nothing() -> None:
    seen = Seen("slow", "cam")
    seen.see(frame(), None, 0.0)
    assert not seen.proven


def test_rates_look_back_three_seconds_and_sink_in_silence() -> None:
    seen = Seen("slow", "cam")
    assert seen.rates(0.0) == (0.0, 0.0)
    for step in range(41):
        seen.see(frame(missed=6), step * 7, step * 0.25)
    assert seen.rates(10.0) == pytest.approx((4.0, 24.0))
    assert seen.rates(20.0).frames < 1.0


def test_the_demo_runs_without_a_terminal_and_leaves_nothing_behind(
    child: StartChild, tmp_path: Path, runtime_dir: Path
) -> None:
    temporary = runtime_dir.parent / "tmp"  # short: a unix socket lies in it
    temporary.mkdir()
    arguments = ("demo", "--seconds", "2.5", "--picture", tmp_path / "demo.svg")
    process = child("-m", "framebus", *arguments, env={"TMPDIR": str(temporary)})
    lines = process.succeed(60).splitlines()
    assert lines[0].lstrip().startswith("1 s  fast reader")
    fast, slow, lossless = lines[-3:]
    assert "counted = real (0)" in lossless
    assert "in all and in order" in lossless
    assert "of 3 streams" in fast
    for line in (fast, slow):
        assert "counted = real (" in line
    assert (tmp_path / "demo.svg").read_text().startswith("<svg")
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("ending", ["interrupt", "terminate"])
def test_ctrl_c_ends_the_demo_with_its_summary(child: StartChild, ending: str) -> None:
    process = child("-m", "framebus", "demo")
    process.wait_line("slow reader")
    getattr(process, ending)()
    assert process.wait(60) == 0
    assert process.stdout.splitlines()[-1].startswith("lossless reader")
    assert "Traceback" not in process.stderr
