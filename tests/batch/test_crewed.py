"""A whole job in worker processes: the same files, whoever is killed, and nobody blamed for what others did."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from framebus.batch import crewed
from framebus.batch.chunk_worker import job_of
from framebus.batch.process import process
from framebus.batch.recipe import Recipe
from framebus.batch.report import Report
from framebus.pool.worker_job import Job
from framebus.supervise.assignments import Assignments, Patience
from tests.batch import ops
from tests.batch.photos import contents, jpeg, photos
from tests.conftest import StartChild

SMALL = "resize=24x16"

JOB = """
import sys
from framebus.batch.process import process
report = process(sys.argv[1], sys.argv[2], sys.argv[3:], workers=2)
print(report.done, report.total, report.resumed, len(report.failures), len(report.quarantined))
"""


def names(report: Report) -> list[str]:
    return sorted(os.path.basename(trouble.path) for trouble in report.quarantined)


def test_the_files_are_those_of_one_process(tmp_path: Path) -> None:
    photos(tmp_path / "in", 40)
    photos(tmp_path / "in/x", 3)
    assert process(tmp_path / "in", tmp_path / "alone", SMALL, workers=0).ok
    report = process(tmp_path / "in", tmp_path / "out", SMALL, workers=2)
    assert (report.ok, report.total, report.files, report.workers) == (True, 43, 43, 2)
    assert contents(tmp_path / "out") == contents(tmp_path / "alone")


def test_paths_travel_in_chunks_to_processes_that_are_built_once(tmp_path: Path) -> None:
    photos(tmp_path / "in", 120)
    (tmp_path / "notes").mkdir()
    report = process(tmp_path / "in", tmp_path / "out", f"{ops.__name__}:Noting='{tmp_path}/notes'", workers=2)
    assert report.ok
    notes = [note.read_text().split() for note in (tmp_path / "notes").iterdir()]
    assert os.getpid() not in [int(note.name) for note in (tmp_path / "notes").iterdir()]
    assert [note[0] for note in notes] == ["built"] * len(notes)
    assert sorted(word for note in notes for word in note[1:]) == sorted(f"p{number:03d}" for number in range(120))


@pytest.mark.parametrize(("took_s", "given"), [(0.25, [2, 3]), (0.6, [2])])
def test_the_next_chunk_waits_with_its_worker_unless_chunks_take_far_too_long(
    monkeypatch: pytest.MonkeyPatch, took_s: float, given: list[int]
) -> None:
    had: list[Patience] = []

    def crew(job: Job, count: int, patience: Patience) -> None:
        had.append(patience)

    monkeypatch.setattr(crewed, "Crew", crew)
    assert crewed.Crewed(job_of(Recipe(outputs=())), 1).target_s == 0.25
    chunks: Assignments[str, None] = Assignments(*had)
    chunks.arrived("worker")
    for number in (1, 2, 3, 4):
        chunks.put(number, None)
    assert chunks.take(0.0) is not None
    assert chunks.settled("worker", 1, took_s)
    assert [turn.key for _ in range(4) if (turn := chunks.take(took_s))] == given


def test_functions_of_the_caller_travel_by_value(tmp_path: Path) -> None:
    photos(tmp_path / "in", 3)
    brightness = 17
    report = process(tmp_path / "in", tmp_path / "out", lambda image: image // 2 + brightness, workers=1, encode="png")
    assert report.ok


@pytest.mark.parametrize("word", ["crash", "hang"])
def test_who_crashes_or_hangs_is_quarantined_and_nobody_else(word: str, tmp_path: Path) -> None:
    photos(tmp_path / "in", 12)
    for number in range(2):
        (tmp_path / f"in/{word}-{number}.jpg").write_bytes(jpeg(number))
    report = process(tmp_path / "in", tmp_path / "out", ops.trouble, workers=2, work_timeout=0.5)
    assert names(report) == [f"{word}-0.jpg", f"{word}-1.jpg"]
    assert (report.total, report.done, report.failures, report.finished) == (14, 12, [], True)
    assert len(contents(tmp_path / "out")) == 12
    expected = "SIGSEGV" if word == "crash" else "it took longer than 0.5 s"
    assert all(expected in trouble.reason for trouble in report.quarantined)


def test_who_crashes_among_many_costs_nobody_else(tmp_path: Path) -> None:
    for folder, count in (("a", 120), ("b", 3), ("c", 120)):
        photos(tmp_path / "in" / folder, count)
    (tmp_path / "in/b/crash-1.jpg").write_bytes(jpeg())
    report = process(tmp_path / "in", tmp_path / "out", ops.trouble, workers=2)
    assert names(report) == ["crash-1.jpg"]
    assert (report.done, report.failures, report.finished) == (243, [], True)
    assert len(contents(tmp_path / "out")) == 243


def test_who_is_quarantined_stays_there_until_the_job_begins_again(tmp_path: Path) -> None:
    photos(tmp_path / "in", 2)
    (tmp_path / "in/crash-1.jpg").write_bytes(jpeg())
    process(tmp_path / "in", tmp_path / "out", ops.trouble, workers=1)
    again = process(tmp_path / "in", tmp_path / "out", ops.trouble, workers=1)
    assert (again.resumed, names(again), again.files) == (2, ["crash-1.jpg"], 0)
    assert "(--no-resume) tries it again" in again.quarantined[0].reason


def test_ops_that_cannot_be_built_are_told_at_once(tmp_path: Path) -> None:
    from framebus.core.errors import OptionError

    photos(tmp_path / "in", 2)
    with pytest.raises(OptionError, match=r"no function or class 'gone'"):
        process(tmp_path / "in", tmp_path / "out", f"{ops.__name__}:gone", workers=2)
    assert not (tmp_path / "out/.framebus-journal").exists()


@pytest.fixture
def deaths(tmp_path: Path) -> Path:
    """A folder with a file for everybody who was killed."""
    folder = tmp_path / "deaths"
    folder.mkdir()
    return folder


def deadly(folder: Path, one_in: int, whom: str = "worker") -> list[str]:
    return [SMALL, f"{ops.__name__}:Deadly='{folder}',{one_in},'{whom}'"]


def test_killed_workers_cost_nothing(deaths: Path, tmp_path: Path) -> None:
    photos(tmp_path / "in", 300)
    photos(tmp_path / "in/x", 20)
    report = process(tmp_path / "in", tmp_path / "out", deadly(deaths, 25), workers=2)
    assert len(list(deaths.iterdir())) >= 5
    assert (report.ok, report.done, report.quarantined) == (True, 320, [])
    assert process(tmp_path / "in", tmp_path / "clean", SMALL, workers=0).ok
    assert contents(tmp_path / "out") == contents(tmp_path / "clean")


def test_a_whole_tree_that_is_killed_is_taken_up_again(child: StartChild, deaths: Path, tmp_path: Path) -> None:
    photos(tmp_path / "in", 200)
    codes = [-signal.SIGKILL]
    while codes[-1] == -signal.SIGKILL:
        job = child("-c", JOB, tmp_path / "in", tmp_path / "out", *deadly(deaths, 50, "parent"))
        codes.append(job.wait())
        job.finish()
    assert codes[-1] == 0, job.stderr
    assert len(codes) - 2 >= 2
    done, total, resumed, failed, quarantined = map(int, job.stdout.split())
    assert (done, total, failed, quarantined) == (200, 200, 0, 0)
    assert 0 < resumed < 200
    assert process(tmp_path / "in", tmp_path / "clean", SMALL, workers=0).ok
    assert contents(tmp_path / "out") == contents(tmp_path / "clean")
