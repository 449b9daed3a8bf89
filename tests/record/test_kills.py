"""A recorder that is killed at any moment: what it called written is there, and the file opens."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from framebus.core.addresses import Path as Place
from framebus.core.registry import SOURCES
from tests.conftest import StartChild

RECORDER = """
import sys
import numpy as np
from framebus.core.addresses import Path
from framebus.core.frame import Frame
from framebus.core.registry import SINKS

path, first = sys.argv[1], int(sys.argv[2])
sink = SINKS.get(path.rpartition(".")[2])(Path(path))
noise = np.random.default_rng(1).integers(0, 255, (96, 128), np.uint8)
seq = first
while True:
    frame = Frame.of(np.roll(noise, seq, 1), stream="cam", run=7, seq=seq, captured_ns=10**18 + seq * 10**7)
    sink.write(frame, lambda seq=seq: sys.stdout.write(f"done {seq}\\n"))
    seq += 1
"""


@pytest.mark.parametrize("extension", ["mp4", "mkv", "h5", "tif", "zarr"])
@pytest.mark.parametrize("kill", range(3))
def test_nothing_that_was_done_is_lost(tmp_path: Path, child: StartChild, extension: str, kill: int) -> None:
    after = random.Random(kill).randrange(1, 60)  # so many were done when it is killed, at whatever it is doing then
    recorder = child("-c", RECORDER, tmp_path / f"a.{extension}", "0")
    recorder.wait_line(rf"^done {after}$")
    recorder.kill()
    done = [int(number) for number in re.findall(r"^done (\d+)$", recorder.stdout, re.MULTILINE)]
    seen = numbers(tmp_path / f"a.{extension}")
    assert seen == list(range(len(seen))), "in order, none twice"
    assert len(seen) > max(done)
    assert len(seen) <= max(done) + 3, "and only what was just being written besides"


@pytest.mark.parametrize("extension", ["mp4", "mkv", "h5", "tif", "zarr"])
def test_it_goes_on_where_it_was_killed(tmp_path: Path, child: StartChild, extension: str) -> None:
    first = 0
    for _ in range(3):
        recorder = child("-c", RECORDER, tmp_path / f"a.{extension}", str(first))
        recorder.wait_line(rf"^done {first + 15}$")
        recorder.kill()
        done = [int(number) for number in re.findall(r"^done (\d+)$", recorder.stdout, re.MULTILINE)]
        first = max(done) + 1  # what was not acknowledged is sent again
    everything = numbers(tmp_path / f"*.{extension}")
    assert everything == list(range(len(everything))), "nothing lost, nothing twice"
    assert len(everything) >= first
    assert not [path.name for path in tmp_path.iterdir() if path.name.startswith(".")]


def numbers(path: Path) -> list[int]:
    """Of all frames that are read back."""
    source = SOURCES.get(path.suffix[1:])(Place(str(path)))
    try:
        return [frame.seq for frame in source]
    finally:
        source.close()
