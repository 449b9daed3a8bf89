"""Frames that a group of publishers brings come in any order: each has the file of its own number."""

from __future__ import annotations

from pathlib import Path

from framebus.sinks.folder.images import Images
from framebus.testing import samples
from tests.sinks.folders import images, write


def write_shared(folder: Path, order: list[int], *, run: int = 1) -> None:
    sink = Images(f"{folder}/")
    sink.shared = lambda stream: stream == "shared"
    for seq in order:
        sink.write(samples(1)[0].replace(stream="shared", run=run, seq=seq), lambda: None)
    sink.close()


def test_whichever_comes_first(tmp_path: Path) -> None:
    write_shared(tmp_path, [2, 0, 3, 1])
    assert images(tmp_path) == [f"shared-{number:08d}.png" for number in range(4)]


def test_a_new_run_goes_on_behind_the_last_file(tmp_path: Path) -> None:
    write_shared(tmp_path, [1, 0])
    write_shared(tmp_path, [2, 1, 0, 2], run=2)
    assert images(tmp_path) == [f"shared-{number:08d}.png" for number in range(5)]


def test_a_frame_that_was_dropped_leaves_a_gap_also_the_first(tmp_path: Path) -> None:
    write_shared(tmp_path, [3, 1])
    assert images(tmp_path) == ["shared-00000001.png", "shared-00000003.png"]


def test_a_stream_of_one_publisher_begins_at_zero_wherever_it_is_joined(tmp_path: Path) -> None:
    write(f"{tmp_path}/", [frame.replace(seq=frame.seq + 500, stream="single") for frame in samples(2)])
    assert images(tmp_path) == ["single-00000000.png", "single-00000001.png"]
