"""`info` and `doctor` on the folder of a spool: what waits in it, for whom, and whose it is."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

import framebus as fb
from framebus.cli import main
from framebus.links.spool.looking import is_spool, look


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(arguments) == 0
    return capsys.readouterr().out


def publisher(folder: Path, port: int) -> fb.Publisher:
    where, spool = f"tcp://127.0.0.1:{port}", str(folder)
    return fb.publish(where, wait_for=["saver"], when_full="spool", spool=spool)


@pytest.fixture
def folder(tmp_path: Path, free_port: int) -> Path:
    """A spool with three frames of one stream and one of another, left by a publisher that has ended."""
    path = tmp_path / "waiting"
    with publisher(path, free_port) as out:
        for stream in ("door", "door", "yard", "door"):
            out.send(np.zeros((10, 10), np.uint8), stream=stream)
    return path


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_what_waits_is_told_by_stream_and_for_whom(
    capsys: pytest.CaptureFixture[str], folder: Path, free_port: int
) -> None:
    before = contents(folder)
    facts = json.loads(printed(capsys, "info", str(folder), "--json"))
    assert (facts["kind"], facts["busy"], facts["owed"]) == ("spool", False, {"saver": 4})
    assert [(one["stream"], one["frames"], one["nbytes"]) for one in facts["streams"]] == [
        ("door", 3, 300),
        ("yard", 1, 100),
    ]
    assert all(one["oldest_ns"] > 0 for one in facts["streams"])
    assert facts["nbytes"] > 400
    shown = printed(capsys, "info", f"{folder}/")
    assert "4 frames owed to saver" in shown
    assert f"({os.getpid()}), which is gone: what waits is delivered when it is started again" in shown
    assert contents(folder) == before


def test_one_that_is_in_use_is_looked_at_without_disturbing_it(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, free_port: int
) -> None:
    path = tmp_path / "waiting"
    with publisher(path, free_port) as out:
        out.send(np.zeros((10, 10), np.uint8), stream="door")
        assert f"framebus info tcp://127.0.0.1:{free_port} asks it" in printed(capsys, "info", str(path))
        out.send(np.zeros((10, 10), np.uint8), stream="door")
        assert look(str(path)).owed == {"saver": 2}


def test_doctor_says_what_waits(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    shown = printed(capsys, "doctor", str(folder))
    assert "4 frames of door, yard" in shown
    assert "! publisher" in shown


def test_one_that_was_cut_off_in_the_middle_of_a_frame_is_told_up_to_there(folder: Path) -> None:
    [frames] = folder.glob("*.frames")
    whole = frames.read_bytes()
    frames.write_bytes(whole[:-10])
    assert look(str(folder)).owed == {"saver": 3}
    assert frames.read_bytes() == whole[:-10]


def test_one_of_which_everything_was_taken_holds_nothing(
    capsys: pytest.CaptureFixture[str], folder: Path, free_port: int
) -> None:
    with (
        publisher(folder, free_port) as out,
        fb.open(f"tcp://127.0.0.1:{free_port}", keep="all", group="saver") as saver,
    ):
        for _ in range(4):
            saver.read(20)
        saver._settle()
        out.close()
    assert "nothing waits" in printed(capsys, "doctor", str(folder))


def test_other_folders_are_none(tmp_path: Path) -> None:
    assert not is_spool(str(tmp_path))
    (tmp_path / "lock").write_text("somebody else's")
    assert not is_spool(str(tmp_path))
    assert not is_spool(str(tmp_path / "lock"))
    assert not is_spool("nowhere")
