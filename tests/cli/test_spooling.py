"""`framebus pipe … --when-full spool`: as typed, stopped, started again, and looked at."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import framebus as fb
from framebus.cli import main
from framebus.core.errors import OptionError
from framebus.testing.links import WAIT_S, Reading
from tests.conftest import StartChild

SMALL = ("--size", "64x48", "--fps", "100")


def spool(folder: Path) -> tuple[str, ...]:
    """The flags."""
    return "--when-full", "spool", "--spool", str(folder), "--spool-size", "100MB"


def test_a_pipe_that_was_stopped_delivers_when_it_is_started_again(
    child: StartChild, free_port: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    address = f"tcp://127.0.0.1:{free_port}/yard"
    flags = ("--wait-for", "saver", *spool(tmp_path / "spool"), *SMALL)
    first = child("-m", "framebus", "pipe", "synthetic:", address, "--frames", "30", *flags)
    assert first.succeed() == ""
    assert "keeps 30 frames (0." in first.stderr
    second = child("-m", "framebus", "pipe", "synthetic:", address, *flags)
    second.wait_line("listening")
    assert main(["info", address, "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["spooled_frames"] >= 30
    assert main(["info", address]) == 0
    assert "frames owed are on disk" in capsys.readouterr().out
    reading = Reading(
        fb.open(address, keep="all", group="saver", timeout=WAIT_S), lambda frames: frames[-1].run != frames[0].run
    )
    frames = reading.result()
    assert [frame.seq for frame in frames] == [*range(30), 0]
    assert not any(frame.missed for frame in frames)
    second.interrupt()
    assert second.wait() == 0
    assert "Traceback" not in second.stderr


def test_a_relay_answers_for_what_it_keeps_and_delivers_it_though_its_source_is_gone(
    child: StartChild, free_port: int, tmp_path: Path
) -> None:
    address = f"tcp://127.0.0.1:{free_port}/yard"
    words = ("pipe", "shm://camera", address, "--keep", "all", "--group", "relay", "--wait-for", "saver")
    relay = child("-m", "framebus", *words, *spool(tmp_path / "spool"))
    with fb.publish("shm://camera", wait_for=["relay"], when_full="wait", retain=1) as out:
        for number in range(40):
            out.send(np.full((4, 4), number, np.uint8))
    assert relay.succeed() == ""
    child("-m", "framebus", *words, *spool(tmp_path / "spool"))
    source = fb.open(address, keep="all", group="saver", timeout=WAIT_S)
    frames = Reading(source, lambda frames: len(frames) == 40).result()
    assert [int(frame.data[0, 0]) for frame in frames] == list(range(40))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"when_full": "spool"}, "needs a folder: say spool="),
        ({"spool": "there"}, "say when_full='spool'"),
        ({"spool_size": "1GB"}, "say when_full='spool'"),
        ({"when_full": "skip", "fsync": True}, "say when_full='spool'"),
        ({"when_full": "spool", "spool": "there", "spool_size": 0}, "above 0"),
        ({"when_full": "spool", "spool": "  "}, "a folder of this publisher's own"),
    ],
)
def test_options_that_make_no_sense_together_are_refused(options: dict[str, object], says: str, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=says):
        fb.publish("tcp://127.0.0.1:0", **options)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_a_sink_that_is_no_link_has_nothing_to_spool(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="does not take the option"):
        fb.publish(f"{tmp_path}/frames/", when_full="spool", spool=tmp_path / "spool")


def test_a_relay_is_told_at_once_that_its_folder_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pipe", "shm://nobody", "shm://there", "--when-full", "spool"]) == 2
    assert "needs a folder" in capsys.readouterr().err


def test_info_says_how_much_room_would_have_been_enough(
    free_port: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    address = f"tcp://127.0.0.1:{free_port}/yard"
    kept = {"when_full": "spool", "spool": tmp_path / "spool", "spool_size": "100KB"}
    with fb.publish(address, wait_for=["saver"], **kept) as out:  # type: ignore[arg-type]
        for _ in range(50):
            out.send(np.zeros((100, 100), np.uint8))
        assert main(["info", address]) == 0
    assert "some had to be given up; spool_size=5" in capsys.readouterr().out
