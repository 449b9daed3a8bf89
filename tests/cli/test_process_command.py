"""`framebus process` as people use it: real processes, what they say, how they end."""

from __future__ import annotations

import json
import re
import signal
import sys
from pathlib import Path

import pytest

from framebus.testing.children import Child
from tests.batch.photos import contents, jpeg, photos
from tests.cli.test_terminal import ESCAPES, on_terminal
from tests.conftest import StartChild

SMALL = ("--op", "resize=24x16")
SLOW = """
import time

def slow(image):
    time.sleep(0.02)
    print("did one", flush=True)
    return image
"""


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    return photos(tmp_path / "in", 12)


def run(child: StartChild, *arguments: str | Path, cwd: Path | None = None) -> Child:
    return child("-m", "framebus", "process", *arguments, cwd=cwd)


def said(process: Child, code: int) -> list[str]:
    assert process.wait() == code, process.stderr
    return process.stderr.splitlines()


def test_all_of_them(child: StartChild, inputs: Path, tmp_path: Path) -> None:
    lines = said(run(child, inputs, tmp_path / "out", *SMALL, "--workers", "2"), 0)
    assert len(lines) == 1
    assert re.fullmatch(r"12/12 in \d+\.\d s \([\d.]+/s\) · 2 workers · [\d.]+ kB read, [\d.]+ kB written", lines[0])
    assert len(contents(tmp_path / "out")) == 12
    again = said(run(child, inputs, tmp_path / "out", *SMALL), 0)
    assert len(again) == 1
    assert re.fullmatch(r"12/12 in 0\.\d s · 12 of them done before", again[0])


def test_one_process(child: StartChild, inputs: Path, tmp_path: Path) -> None:
    (line,) = said(run(child, inputs, tmp_path / "out", *SMALL, "--workers", "0"), 0)
    assert line.startswith("12/12 in ")
    assert "worker" not in line


def test_the_speed_up_is_told(child: StartChild, inputs: Path, tmp_path: Path) -> None:
    *_, speedup, last = said(run(child, inputs, tmp_path / "out", *SMALL, "--workers", "2", "--compare"), 0)
    pattern = r"12 inputs: [\d,.]+/s in one process, [\d,.]+/s in 2 workers: \d+\.\d\d times as fast"
    assert re.fullmatch(pattern, speedup)
    assert last.startswith("12/12 in ")


def test_failures_are_named_and_the_exit_code_says_so(child: StartChild, inputs: Path, tmp_path: Path) -> None:
    for number in range(12):
        (inputs / f"bad{number:02d}.jpg").touch()
    out, report = tmp_path / "out", tmp_path / "report.json"
    lines = said(run(child, inputs, out, *SMALL, "--workers", "1", "--report", report), 3)
    assert lines[0] == f"failed: {inputs}/bad00.jpg: it is empty (0 bytes): was it copied completely?"
    assert lines[10] == f"failed: 2 more; all are in {report}"
    assert re.match(r"12/24 in .* · 12 failed · 1 worker", lines[11])
    told = json.loads(report.read_text())
    assert [Path(trouble["path"]).name for trouble in told["failures"]] == [f"bad{n:02d}.jpg" for n in range(12)]


def test_a_rehearsal_says_what_would_become_of_what(child: StartChild, inputs: Path, tmp_path: Path) -> None:
    process = run(child, "in", "out", *SMALL, "--also", "thumbs/=resize=8x8|gray", "--dry-run", cwd=tmp_path)
    assert process.succeed().splitlines()[0] == "in/p000.jpg → out/p000.jpg, thumbs/p000.jpg"
    assert process.stderr == "12 inputs, of which 0 are done; nothing was written\n"
    assert not (tmp_path / "out").exists()


def test_another_job_in_the_same_folder_says_what_to_do(child: StartChild, inputs: Path, tmp_path: Path) -> None:
    run(child, inputs, tmp_path / "out", *SMALL, "--workers", "0").succeed()
    (line,) = said(run(child, inputs, tmp_path / "out", "--op", "resize=8x8"), 2)
    assert "was begun as another job (ops: resize=24x16 → resize=8x8)" in line
    assert "--no-resume" in line
    run(child, inputs, tmp_path / "out", "--op", "resize=8x8", "--no-resume", "--workers", "0").succeed()


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ([], "what is read, and where is it written? for instance: framebus process photos/ small/"),
        (["in"], "what is read, and where is it written? for instance: framebus process in small/"),
        (["in", "out", "--workres", "2"], "has no flag --workres: did you mean --workers"),
        (["in", "out", "--op", "resise=5x5"], "did you mean resize"),
        (["in", "out", "--workers", "-1"], "workers"),
        (["in", "out", "--quality", "0"], "quality='0' is not possible: give a whole number from 1 to 100"),
    ],
)
def test_wrong_words_are_one_line(
    arguments: list[str], text: str, child: StartChild, inputs: Path, tmp_path: Path
) -> None:
    process = run(child, *arguments, cwd=tmp_path)
    assert process.wait() == 2
    assert text in process.stderr
    assert "Traceback" not in process.stderr
    assert not (tmp_path / "out").exists()


def test_places_that_are_not_there(child: StartChild, tmp_path: Path) -> None:
    (line,) = said(run(child, "gone", "out", cwd=tmp_path), 4)
    assert "gone: no such file or folder" in line


def test_the_words_of_the_hand_written_program_are_understood(child: StartChild, inputs: Path, tmp_path: Path) -> None:
    (inputs / "no.png").write_bytes(jpeg())
    old = ["--path2initial_images", "in", "--path2resized_images", "out", "--size", "20", "10"]
    more = ["--nb_workers", "2", "--image_extension", "jpg"]
    run(child, "parallel-processing", *old, *more, cwd=tmp_path).succeed()
    assert len(contents(tmp_path / "out")) == 12
    run(child, "sequential-processing", *old, "--no-resume", cwd=tmp_path).succeed()
    assert len(contents(tmp_path / "out")) == 13


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("workers", ["0", "2"])
def test_stopped_it_finishes_what_is_in_flight_and_says_what_goes_on(
    number: signal.Signals, workers: str, child: StartChild, tmp_path: Path
) -> None:
    photos(tmp_path / "in", 150)
    (tmp_path / "slow.py").write_text(SLOW)
    arguments = ["in", "out", "--op", "slow.py:slow", "--workers", workers]
    process = run(child, *arguments, cwd=tmp_path)
    for _ in range(8):
        process.wait_line("did one")
    if number == signal.SIGINT:
        process.interrupt()
    else:
        process.terminate()
    *_, summary, again = said(process, 128 + number)
    assert again == f"unfinished; this goes on: framebus process {' '.join(arguments)}"
    done = int(summary.partition("/")[0])
    assert 5 <= done < 150
    assert len(contents(tmp_path / "out")) == done
    resumed = said(run(child, *arguments[:2], "--op", "slow.py:slow", cwd=tmp_path), 0)
    assert f" · {done} of them done before" in resumed[-1]


def test_on_a_terminal_there_is_a_bar(tmp_path: Path) -> None:
    photos(tmp_path / "in", 60)
    (tmp_path / "slow.py").write_text(SLOW)
    places = [str(tmp_path / "in"), str(tmp_path / "out")]
    with on_terminal("process", *places, "--op", f"{tmp_path}/slow.py:slow", "--workers", "1") as (process, pieces):
        shown = "".join(pieces)
    assert process.returncode == 0
    assert re.search(r"━+╸?─+ \d+/60 · [\d.]+/s · [\d.]+ s left · 1 worker", shown)
    assert re.match(r"60/60 in ", ESCAPES.sub("", shown.rpartition("\r\x1b[K")[2]))


@pytest.mark.skipif(sys.platform == "win32", reason="NOT TESTED: programs are started otherwise there")
@pytest.mark.parametrize("workers", ["0", "2"])
@pytest.mark.parametrize("closed", [(0,), (1,), (2,), (0, 1, 2)])
def test_standard_streams_that_are_closed_are_no_reason_to_fail(
    child: StartChild, tmp_path: Path, closed: tuple[int, ...], workers: str
) -> None:
    """Some start programs so; the first files and sockets would be taken for them."""
    photos(tmp_path / "in", 6)
    words = ["-m", "framebus", "process", "in", "out", "--op", "gray", "--workers", workers]
    code = f"import os, sys\nfor each in {closed}: os.close(each)\nos.execv(sys.executable, [sys.executable, *{words}])"
    child("-c", code, cwd=tmp_path).succeed()
    assert len(contents(tmp_path / "out")) == 6
