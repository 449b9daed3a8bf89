"""`framebus pipe` as people use it: real processes, what they say, how they end."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import framebus as fb
from framebus.testing.children import Child
from tests.conftest import StartChild

SMALL = ("--size", "64x48")


def pipe(child: StartChild, *arguments: str | Path, cwd: Path | None = None) -> Child:
    return child("-m", "framebus", "pipe", *arguments, cwd=cwd)


def test_finite_work_ends_by_itself_and_says_how_it_went(child: StartChild) -> None:
    process = pipe(child, "synthetic:", "null:", "--frames", "5", "--fps", "0", *SMALL)
    assert process.succeed() == ""
    start, end = process.stderr.splitlines()
    assert start == "synthetic: → null:"
    assert end.startswith("5 frames in ")
    assert end.endswith("none missed")


def test_a_live_source_stopped_with_ctrl_c_is_done(child: StartChild) -> None:
    process = pipe(child, "synthetic:", "null:", *SMALL)
    process.wait_line("synthetic: → null:")
    process.interrupt()
    assert process.wait() == 0
    assert re.search(r"\d frames? in ", process.stderr.splitlines()[-1])
    assert "Traceback" not in process.stderr


@pytest.mark.parametrize(("ending", "code"), [("interrupt", 130), ("terminate", 143)])
def test_finite_work_that_was_stopped_says_how_to_go_on(child: StartChild, ending: str, code: int) -> None:
    process = pipe(child, "synthetic:", "null:", "--frames", "1000000", "--fps", "10", *SMALL)
    process.wait_line("null:")
    getattr(process, ending)()
    assert process.wait() == code
    assert "framebus pipe synthetic: null: --frames 1000000 --fps 10 --size 64x48" in process.stderr


def test_the_second_ctrl_c_does_not_wait(child: StartChild, free_port: int) -> None:
    publisher = pipe(child, "synthetic:", f"tcp://127.0.0.1:{free_port}", "--frames", "10", *SMALL)
    publisher.wait_line("listening on")
    publisher.interrupt()
    publisher.interrupt()
    assert publisher.wait() == 130
    assert "Traceback" not in publisher.stderr


def test_waiting_for_a_reader_is_said_and_ctrl_c_ends_it(child: StartChild, free_port: int) -> None:
    process = pipe(child, "synthetic:", f"tcp://127.0.0.1:{free_port}", "--frames", "10", *SMALL)
    process.wait_line("waiting for")
    process.interrupt()
    assert process.wait() == 130


def test_waiting_for_a_publisher_is_said_and_ctrl_c_ends_it(child: StartChild, free_port: int) -> None:
    process = pipe(child, f"tcp://127.0.0.1:{free_port}", "null:")
    process.wait_line(f"waiting for frames from tcp://127.0.0.1:{free_port}")
    process.interrupt()
    assert process.wait() == 0


def test_it_prints_the_line_that_reads_what_it_publishes(child: StartChild, free_port: int) -> None:
    address = f"tcp://127.0.0.1:{free_port}"
    process = pipe(child, "synthetic:door", address, *SMALL)
    found = process.wait_line(r"listening on (\S+) · watch: framebus web (\S+)")
    assert found[1] == found[2] == f"{address}/door"
    with fb.open(found[2], timeout=20) as source:
        assert source.read().stream == "door"
    process.interrupt()
    assert process.wait() == 0


def test_nothing_came_within_the_timeout(child: StartChild, free_port: int) -> None:
    process = pipe(child, f"tcp://127.0.0.1:{free_port}", "null:", "--timeout", "100ms")
    assert process.wait() == 4
    assert "no frame came for 0.1 s" in process.stderr


def test_an_op_that_fails_is_named_with_the_frame(child: StartChild, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("def broken(image):\n    raise ValueError('too dark')\n")
    process = pipe(child, "synthetic:", "null:", "--op", "mine.py:broken", *SMALL, cwd=tmp_path)
    assert process.wait() == 3
    assert "mine.py:broken failed on frame 0 of synthetic: ValueError: too dark" in process.stderr
    assert "Traceback" not in process.stderr


def test_a_port_that_is_taken_is_named_with_who_has_it(child: StartChild, free_port: int) -> None:
    address = f"tcp://127.0.0.1:{free_port}"
    with fb.publish(address):
        process = pipe(child, "synthetic:", address)
        assert process.wait() == 4
        assert str(free_port) in process.stderr


def test_several_sources_go_into_one_sink(child: StartChild, tmp_path: Path) -> None:
    for name in ("left", "right"):
        with fb.publish(f"{tmp_path}/{name}/") as out:
            for number in range(3):
                out.send(np.full((8, 8), number, np.uint8), stream=name)
    pipe(child, "left/", "right/", "both/", cwd=tmp_path).succeed()
    names = sorted(path.name for path in (tmp_path / "both").glob("*.png"))
    assert names == [f"{name}-{number:08d}.png" for name in ("left", "right") for number in range(3)]
