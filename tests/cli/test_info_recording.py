"""`framebus info` and `framebus doctor --repair` on recordings."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

import framebus as fb
from framebus.cli import main
from framebus.testing import clip, samples
from framebus.testing.samples import RUN
from tests.conftest import StartChild
from tests.record import films, runs
from tests.record.test_kills import RECORDER

EVERY = ("h5", "tif", "zarr", "mp4", "mkv")


@pytest.fixture(params=EVERY)
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A recording of a camera that was started twice, with frames 2, 5 and 6 left out and 3 and 8 lost."""
    path = tmp_path / f"run.{request.param}"
    frames = [frame for frame in samples(10, stream="cam") if frame.seq not in (2, 3, 5, 6, 8)]
    frames = [frame.replace(missed=1) if frame.seq in (4, 9) else frame for frame in frames]
    kind = films if request.param in ("mp4", "mkv") else runs
    kind.record(path, [*frames, *samples(2, run=RUN + 1, stream="cam")])
    return path


def printed(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    got = main(arguments)
    captured = capsys.readouterr()
    assert got == code, captured.err
    return captured.out


def test_info_says_what_is_in_it(capsys: pytest.CaptureFixture[str], path: Path) -> None:
    facts = json.loads(printed(capsys, "info", str(path), "--json"))
    assert (facts["kind"], facts["whole"], facts["busy"]) == ("recording", True, False)
    (stream,) = facts["streams"]
    assert (stream["stream"], stream["frames"], stream["runs"], stream["untold"]) == ("cam", 7, 2, 0)
    assert (stream["lost"], stream["left_out"]) == (2, 3)
    assert [(loss["before"], loss["frames"]) for loss in stream["losses"]] == [(4, 1), (9, 1)]
    assert [(gap["after"], gap["frames"]) for gap in stream["gaps"]] == [(1, 1), (4, 2)]
    assert stream["ends_ns"] - stream["begins_ns"] == 9 * 33_333_333
    assert facts["nbytes"] > 0


def test_and_says_it_to_people(capsys: pytest.CaptureFixture[str], path: Path) -> None:
    first, head, row, lost, one, another, _, longest, shortest, why = printed(capsys, "info", str(path)).splitlines()
    assert first.startswith(str(path))
    assert first.endswith("· whole")
    assert head.split() == ["STREAM", "FRAMES", "RUNS", "LOST", "LEFT", "OUT", "PICTURES", "FROM", "LASTS"]
    assert row.split()[:6] == ["cam", "7", "2", "2", "3", "48x32"]
    assert row.endswith("0.3 s")
    assert lost == "lost of cam, the first of them:"
    assert one.startswith("  1 frame before #4 of 2025-06-15")
    assert another.startswith("  1 frame before #9 of 2025-06-15")
    assert longest.startswith("  2 frames after #4 of 2025-06-15")
    assert shortest.startswith("  1 frame after #1 of 2025-06-15")
    assert why == "left out: not wanted by who recorded it (max_fps, an op), or sent while nobody recorded"


@pytest.fixture
def several(tmp_path: Path) -> Path:
    """A folder with recordings of two streams, and a video of somebody else."""
    for stream in ("gate", "yard"):
        fb.pipe(f"synthetic:{stream}", tmp_path / stream / "1.h5", frames=3, size="48x32")
    clip(tmp_path / "film.mp4", 3, "160x120")
    return tmp_path


def test_of_several_each_figure_stands_beside_its_file_and_stream(
    capsys: pytest.CaptureFixture[str], several: Path
) -> None:
    pattern = f"{several}/**/*.*"
    first, head, gate, yard, film = printed(capsys, "info", pattern).splitlines()
    assert first.startswith(f"{pattern} · 2 recordings · ")
    assert head.split()[:3] == ["FILE", "STREAM", "FRAMES"]
    assert gate.split()[:3] == [f"{several}/gate/1.h5", "gate", "3"]
    assert yard.split()[:3] == [f"{several}/yard/1.h5", "yard", "3"]
    assert film.startswith(f"{several}/film.mp4 is no recording of framebus")
    facts = json.loads(printed(capsys, "info", pattern, "--json"))
    assert [one["kind"] for one in facts["recordings"]] == ["file", "recording", "recording"]


def test_a_folder_shows_its_recordings_and_says_how_to_see_those_further_down(
    capsys: pytest.CaptureFixture[str], several: Path
) -> None:
    assert "1 recording ·" in printed(capsys, "info", str(several / "gate"))
    (several / "film.mp4").unlink()
    assert main(["info", str(several)]) == 4
    assert f"framebus info '{several}/**/*.h5'" in capsys.readouterr().err


def test_a_glob_of_photographs_is_no_glob_of_recordings(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    fb.pipe("synthetic:", f"{tmp_path}/{{seq}}.tif", frames=2, size="48x32")
    facts = json.loads(printed(capsys, "info", f"{tmp_path}/*.tif", "--json"))
    assert (facts["kind"], facts["frames"]) == ("source", 2)


@pytest.mark.parametrize("extension", ["h5", "zarr", "mp4"])
def test_one_that_was_cut_off_is_repaired(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, child: StartChild, extension: str
) -> None:
    path = str(tmp_path / f"run.{extension}")
    recorder = child("-c", RECORDER, path, "0")
    recorder.wait_line(r"^done 5$")
    assert "is being written" in printed(capsys, "info", path)
    recorder.kill()
    goes_on = "in the next file" if extension == "mp4" else "with it"
    said = f"was cut off: its recorder, started again, goes on {goes_on}; framebus doctor {path} --repair makes"
    assert said in printed(capsys, "info", path)
    assert "is whole" in printed(capsys, "doctor", path, "--repair")
    assert printed(capsys, "info", path).splitlines()[0].endswith("· whole")
    assert "none damaged" in printed(capsys, "doctor", path)


def test_what_is_no_recording_is_said_to_be_none(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    clip(tmp_path / "film.mp4", 3, "160x120")
    shown = printed(capsys, "info", str(tmp_path / "film.mp4"))
    assert "160x120" in shown, "what it is is said all the same"
    assert "recording no recording of framebus: its pictures do not say which frames they are" in shown
    (tmp_path / "text.h5").write_text("text")
    for words in (("info",), ("doctor", "--repair")):
        assert main([*words, str(tmp_path / "text.h5")]) in (3, 4)
        captured = capsys.readouterr()
        assert "text.h5 is no recording of framebus: it cannot be read as HDF5" in captured.out + captured.err


def test_info_of_several_tells_what_is_wrong_with_one_and_goes_on_with_the_others(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for name in ("a.tif", "c.tif"):
        runs.record(tmp_path / name, samples(3))
    (tmp_path / "b.h5").write_text("this is no HDF5")
    first, broken, last, away = (str(tmp_path / name) for name in ("a.tif", "b.h5", "c.tif", "nothing.tif"))

    assert main(["info", first, broken, last]) == 3
    told = capsys.readouterr()
    assert [line.partition(" · ")[0] for line in told.out.splitlines() if " · " in line] == [first, last]
    assert told.err.startswith(f"framebus: {broken} is no recording of framebus")

    facts = json.loads(printed(capsys, "info", first, broken, last, "--json", code=3))
    assert [one.get("kind") for one in facts] == ["recording", None, "recording"]
    assert "no recording" in facts[1]["error"]

    assert main(["info", away, first]) == 4
    assert main(["info", away, broken, first]) == 3
    assert len(capsys.readouterr().err.splitlines()) == 3


def test_one_of_early_days_is_said_not_to_tell_what_was_lost(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "run.zarr"
    runs.record(path, runs.lossy([0, 3, 0]))
    shutil.rmtree(path / "cam/missed")
    _, _, row, _, gap, why = printed(capsys, "info", str(path)).splitlines()
    assert row.split()[:5] == ["cam", "3", "1", "–", "3"]
    assert gap.startswith("  3 frames after #0 of")
    assert why.startswith("left out: lost on the way where the recording does not say (–), or not wanted")
    runs.record(path, runs.lossy([0, 3, 0, 5]))
    _, _, row, _, lost, unknown, *_ = printed(capsys, "info", str(path)).splitlines()
    assert row.split()[:5] == ["cam", "4", "1", "5", "3"]
    assert lost.startswith("  5 frames before #11 of")
    assert unknown == "  what was lost before 3 frames of cam is not known"


def test_of_a_folder_of_pictures_it_says_what_was_lost(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    place = f"{tmp_path}/frames/"
    with fb.publish(place) as folder:
        for frame in runs.lossy([0, 3, 0, 5]):
            folder.send(frame)
    first = f"{place}cam-00000004.png"
    assert f"lost      8 frames, the first 3 before {first}" in printed(capsys, "info", place)
    facts = json.loads(printed(capsys, "info", place, "--json"))
    assert facts["lost"] == 8
    assert facts["losses"] == [{"before": first, "frames": 3}, {"before": f"{place}cam-00000011.png", "frames": 5}]
