"""The demo proves itself, starts without a terminal, and leaves nothing behind."""

from __future__ import annotations

import os
import re
from pathlib import Path

import numpy as np
import pytest

import framebus as fb
from framebus.cli.demo.cast import Cast
from framebus.cli.demo.received import Seen, in_shared_memory
from framebus.core.frame import Frame
from framebus.memory.pool import supported
from tests.conftest import StartChild

ANYWHERE = ("--no-browser", "--listen", "localhost:0")
needs_shared_memory = pytest.mark.skipif(not supported(), reason="this system cannot share memory between processes")


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


def test_pixels_are_in_place_where_the_memory_is_shared_and_nowhere_else() -> None:
    picture = np.zeros((240, 320, 3), np.uint8)
    seen = Seen("fast", "cam")
    seen.see(frame(), 0, 0.0)
    assert seen.in_place is False
    assert not in_shared_memory(picture)
    assert not in_shared_memory(picture[::2].data)


@needs_shared_memory
def test_a_picture_read_from_shared_memory_is_in_place_and_its_copy_is_not() -> None:
    with fb.open("shm://cam", timeout=20) as source, fb.publish("shm://cam", wait_for=1) as out:
        out.send(np.zeros((240, 320, 3), np.uint8))
        got = source.read()
        seen = Seen("fast", "cam")
        seen.see(got, 0, 0.0)
        assert seen.in_place
        assert in_shared_memory(got.image[10:20, ::2].transpose(1, 0, 2))
        assert not in_shared_memory(got.copy())
        seen.see(frame(), 1, 0.1)
        seen.see(got, 2, 0.2)
        assert not seen.in_place


def test_the_demo_runs_without_a_terminal_and_leaves_nothing_behind(
    child: StartChild, tmp_path: Path, runtime_dir: Path
) -> None:
    temporary = runtime_dir.parent / "tmp"  # short: a unix socket lies in it
    temporary.mkdir()
    arguments = ("demo", "--seconds", "2.5", "--picture", tmp_path / "demo.svg", *ANYWHERE)
    process = child("-m", "framebus", *arguments, env={"TMPDIR": str(temporary)})
    lines = process.succeed(60).splitlines()
    assert lines[-4].lstrip().startswith("2 s  fast reader")
    fast, slow, lossless = lines[-3:]
    assert "counted = real (0)" in lossless
    assert "in all and in order" in lossless
    assert re.search("of [23] streams", fast)
    for line in (fast, slow):
        assert "counted = real (" in line
    picture = (tmp_path / "demo.svg").read_text()
    assert picture.startswith("<svg")
    assert ("shm://aurora" in picture) == ("in&#160;place" in picture) == supported()
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("ending", ["interrupt", "terminate"])
def test_ctrl_c_ends_the_demo_with_its_summary(child: StartChild, ending: str) -> None:
    process = child("-m", "framebus", "demo", *ANYWHERE)
    process.wait_line("slow reader")
    getattr(process, ending)()
    assert process.wait(60) == 0
    assert process.stdout.splitlines()[-1].startswith("lossless reader")
    assert "Traceback" not in process.stderr


@needs_shared_memory
def test_the_demo_leaves_names_to_those_who_have_them() -> None:
    with fb.publish("shm://balls") as out:
        out.send(np.zeros((48, 64, 3), np.uint8))
        with Cast() as cast:
            streams = [each.stream for each in cast.streams]
            assert all(stream.endswith(f"-{os.getpid()}") for stream in streams), streams
            for each in cast.streams:
                with fb.open(each.address, timeout=20) as source:
                    assert source.read().stream == each.stream
        assert [info.name for info in fb.streams()] == ["balls"]


def test_without_shared_memory_the_demo_goes_over_tcp(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("framebus.cli.demo.cast.supported", lambda: False)
    with Cast() as cast:
        assert [each.stream for each in cast.streams][:2] == ["aurora", "balls"]
        for each in cast.streams:
            assert re.fullmatch(rf"tcp://127\.0\.0\.1:\d+/{each.stream}", each.address)
            with fb.open(each.address, timeout=20) as source:
                assert source.read().stream == each.stream
