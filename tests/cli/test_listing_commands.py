"""`info`, `list` and `doctor`: what is there, for people and for programs."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import framebus as fb
from framebus.cli import main
from framebus.core.publisher import Publisher
from tests.conftest import StartChild


@pytest.fixture
def door(free_port: int) -> Iterator[Publisher]:
    """A publisher of one stream, which has sent three frames to nobody."""
    with fb.publish(f"tcp://127.0.0.1:{free_port}/door", patience="100ms") as out:
        for _ in range(3):
            out.send(np.zeros((48, 64, 3), np.uint8), meta={"light": "on"})
        yield out


@pytest.fixture
def address(door: Publisher) -> str:
    return str(door.where)  # type: ignore[attr-defined]


def printed(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    got = main(arguments)
    captured = capsys.readouterr()
    assert got == code, captured.err
    return captured.out


def test_list_shows_what_is_published_here(capsys: pytest.CaptureFixture[str], address: str) -> None:
    shown = printed(capsys, "list")
    assert "door" in shown
    assert address in shown
    [facts] = json.loads(printed(capsys, "list", "--json"))
    assert (facts["name"], facts["kind"], facts["frames"]) == ("door", "tcp", 3)
    assert facts["pid"]


def test_list_with_nothing_to_list_says_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "framebus pipe" in captured.err
    assert json.loads(printed(capsys, "list", "--json")) == []


def test_list_shows_readers(capsys: pytest.CaptureFixture[str], door: Publisher, address: str) -> None:
    with fb.open(address, keep="all", group="run.h5", timeout=20) as source:
        source.fileno()  # connects
        while not door.stats().readers:
            door.send(np.zeros((2, 2), np.uint8))
        [facts] = json.loads(printed(capsys, "list", "--json"))
        [reader] = facts["readers"]
        assert (reader["name"], reader["keep"]) == ("run.h5", "all")
        assert "run.h5" in printed(capsys, "list")


def test_info_asks_the_publisher(capsys: pytest.CaptureFixture[str], address: str) -> None:
    facts = json.loads(printed(capsys, "info", address, "--json"))
    assert (facts["kind"], facts["live"], facts["unseen"]) == ("link", True, 3)
    assert [stream["name"] for stream in facts["streams"]] == ["door"]
    shown = printed(capsys, "info", address)
    assert "live: the newest frame matters" in shown
    assert "door" in shown


def test_asking_is_not_reading(capsys: pytest.CaptureFixture[str], door: Publisher, address: str) -> None:
    printed(capsys, "info", address)
    assert door.stats().readers == []


def test_info_follow_prints_a_line_for_each_frame(child: StartChild, free_port: int) -> None:
    address = f"tcp://127.0.0.1:{free_port}/door"
    publisher = child("-m", "framebus", "pipe", "synthetic:", address, "--size", "64x48")
    publisher.wait_line("listening")
    lines = child("-m", "framebus", "info", address, "--follow", "--frames", "3").succeed().splitlines()
    assert len(lines) == 3
    assert all("64x48 bgr24 uint8 · 9.22 kB" in line for line in lines)
    follow = child("-m", "framebus", "info", address, "--follow", "--json", "--frames", "2")
    headers = [json.loads(line) for line in follow.succeed().splitlines()]
    assert [header["shape"] for header in headers] == [[48, 64, 3]] * 2
    publisher.interrupt()
    assert publisher.wait() == 0


def test_info_follow_into_a_pipe_that_closes_says_nothing(child: StartChild, free_port: int) -> None:
    address = f"tcp://127.0.0.1:{free_port}/door"
    publisher = child("-m", "framebus", "pipe", "synthetic:", address, "--size", "64x48")
    publisher.wait_line("listening")
    command = [sys.executable, "-m", "framebus", "info", address, "--follow"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as follow:
        assert follow.stdout is not None
        assert follow.stderr is not None
        follow.stdout.readline()
        follow.stdout.close()
        assert follow.stderr.read() == ""
    assert follow.returncode == 141


def test_info_follow_stopped_with_ctrl_c_is_done(child: StartChild, free_port: int) -> None:
    follow = child("-m", "framebus", "info", f"tcp://127.0.0.1:{free_port}", "--follow")
    publisher = child("-m", "framebus", "pipe", "synthetic:", f"tcp://127.0.0.1:{free_port}", "--size", "64x48")
    follow.wait_line("synthetic")
    follow.interrupt()
    assert follow.wait() == 0
    publisher.interrupt()
    assert publisher.wait() == 0


def test_info_looks_into_folders_and_files(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with fb.publish(f"{tmp_path}/frames/") as out:
        for _ in range(3):
            out.send(np.zeros((48, 64, 3), np.uint8), stream="cam")
    facts = json.loads(printed(capsys, "info", f"{tmp_path}/frames/", "--json"))
    assert (facts["frames"], facts["live"]) == (3, False)
    assert facts["picture"].startswith("64x48 ")
    assert "finite: every frame" in printed(capsys, "info", f"{tmp_path}/frames/")
    [picture] = sorted(tmp_path.glob("frames/*-00000000.png"))
    assert json.loads(printed(capsys, "info", str(picture), "--json"))["bytes"] == picture.stat().st_size


def test_several_addresses_make_a_list(capsys: pytest.CaptureFixture[str], address: str) -> None:
    assert len(json.loads(printed(capsys, "info", address, address, "--json"))) == 2


def test_doctor_finds_this_machine_well(capsys: pytest.CaptureFixture[str]) -> None:
    findings = json.loads(printed(capsys, "doctor", "--json"))
    assert {finding["state"] for finding in findings} <= {"good", "note", "warning"}
    by_name = {finding["what"]: finding["found"] for finding in findings}
    assert "all pixels equal" in by_name["link"]
    assert by_name["framebus"].startswith(fb.__version__)


def test_doctor_says_how_to_install_what_is_missing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("framebus.cli.checkup.EXTRAS", (("video", "no_such_module", "PyAV", "video files"),))
    assert "pip install 'framebus[video]'" in printed(capsys, "doctor")


def test_doctor_of_an_address(capsys: pytest.CaptureFixture[str], address: str) -> None:
    shown = printed(capsys, "doctor", address)
    assert "answers, with door" in shown
    assert "the writer listens, readers connect" in shown


def test_doctor_of_an_address_where_nobody_is(capsys: pytest.CaptureFixture[str], free_port: int) -> None:
    shown = printed(capsys, "doctor", f"tcp://127.0.0.1:{free_port}")
    assert "refused" in shown


def test_doctor_of_files_good_and_bad(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with fb.publish(f"{tmp_path}/frames/") as out:
        out.send(np.zeros((48, 64, 3), np.uint8), stream="cam")
    assert "1 frame, " in printed(capsys, "doctor", f"{tmp_path}/frames/")
    broken = tmp_path / "broken.png"
    [good] = tmp_path.glob("frames/*.png")
    broken.write_bytes(good.read_bytes()[: good.stat().st_size // 2])
    assert "broken.png" in printed(capsys, "doctor", str(broken), code=4)
