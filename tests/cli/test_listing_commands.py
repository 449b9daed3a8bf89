"""`info`, `list` and `doctor`: what is there, for people and for programs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
import pytest

import framebus as fb
from framebus.cli import main, tables
from framebus.core.contracts import SourceState
from framebus.core.publisher import Publisher
from framebus.core.statistics import ReaderInfo, StreamInfo
from framebus.links import ports
from framebus.memory.pool import supported
from framebus.testing.camera import TestCamera
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
        shown = printed(capsys, "list")
        assert f"run.h5: {ports.brief(reader['command'])} ({os.getpid()})" in shown
        assert reader["pid"] == os.getpid()
        [kept] = door.stats().readers
        assert (kept.pid, kept.command) == (reader["pid"], reader["command"])


@pytest.fixture
def yard() -> Iterator[list[Publisher]]:
    """Two publishers in shared memory, one frame of each sent to nobody."""
    if not supported():
        pytest.skip("this system cannot share memory between processes")
    with fb.publish("shm://yard-1") as first, fb.publish("shm://yard-2") as second:
        for out in (first, second):
            out.send(np.zeros((48, 64, 3), np.uint8))
        yield [first, second]


def read_by(publishers: list[Publisher], address: str) -> fb.Source[fb.Frame]:
    """A reader that all of them know."""
    source = fb.open(address, timeout=20)
    source.fileno()  # connects
    for out in publishers:
        while not out.stats().readers:
            out.send(np.zeros((48, 64, 3), np.uint8))
    return source


def test_list_says_what_each_reader_reads(capsys: pytest.CaptureFixture[str], yard: list[Publisher]) -> None:
    with read_by(yard[:1], "shm://yard-1"), read_by(yard, "shm://yard-*"):
        while len(yard[0].stats().readers) < 2:
            pass
        lines = printed(capsys, "list").splitlines()
    assert [line.split()[0] for line in lines if line] == [
        *("STREAM", "yard-1", "yard-2"),
        *("READS", "shm://yard-1", "shm://yard-1", "shm://yard-2"),
    ]
    assert all(f"({os.getpid()})" in line for line in lines if "yard" in line)


def test_a_publisher_of_many_streams_is_listed_by_their_addresses(capsys: pytest.CaptureFixture[str]) -> None:
    if not supported():
        pytest.skip("this system cannot share memory between processes")
    with fb.publish("shm://") as out:
        for stream in ("left", "right"):
            out.send(np.zeros((48, 64, 3), np.uint8), stream=stream)
        lines = printed(capsys, "list").splitlines()
    assert [line.split()[1] for line in lines] == ["ADDRESS", "shm://left", "shm://right"]


def test_info_asks_all_whose_streams_fit(capsys: pytest.CaptureFixture[str], yard: list[Publisher]) -> None:
    for address, names in [
        ("shm://", ["yard-1", "yard-2"]),
        ("shm://yard-*", ["yard-1", "yard-2"]),
        ("shm://yard-2", ["yard-2"]),
    ]:
        facts = json.loads(printed(capsys, "info", address, "--json"))
        assert [stream["name"] for stream in facts["streams"]] == names
        shown = printed(capsys, "info", address)
        assert all(f"shm://{name}" in shown for name in names)


def test_info_where_nobody_fits_says_where_to_look(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", "shm://yard-*"]) == 4
    assert "nobody publishes at shm://yard-* now; framebus list" in capsys.readouterr().err


def test_info_chooses_streams_by_their_beginning(capsys: pytest.CaptureFixture[str], free_port: int) -> None:
    with fb.publish(f"tcp://127.0.0.1:{free_port}") as out:
        for stream in ("yard-1", "hall"):
            out.send(np.zeros((4, 4), np.uint8), stream=stream)
        facts = json.loads(printed(capsys, "info", f"tcp://127.0.0.1:{free_port}/yard-*", "--json"))
    assert [stream["name"] for stream in facts["streams"]] == ["yard-1"]


WIDE = StreamInfo(
    name="gate",
    address="shm://gate",
    kind="shm",
    frames=5,
    pid=12345,
    command="python3.12 /opt/venv/bin/framebus pipe rtsp://cam.local/main shm://gate --max-fps 10",
)


def test_command_lines_are_shown_as_they_are_typed() -> None:
    assert "framebus pipe rtsp://cam.local/main shm://gate --max-fps 10 (12345)" in tables.of_streams([WIDE])[1]
    for command, shown in [
        ("python -m framebus demo", "framebus demo"),
        ("python -m framebus.cli.demo.looping x", "python -m framebus.cli.demo.looping x"),
        ("python capture.py", "python capture.py"),
        ("python /home/me/framebus-things/capture.py", "python /home/me/framebus-things/capture.py"),
        ("python3", "python3"),
    ]:
        assert ports.brief(command) == shown


@pytest.mark.parametrize("width", [70, 90, 200])
def test_on_a_terminal_a_line_is_a_line(width: int) -> None:
    reader = ReaderInfo(name=f"{WIDE.command} (54321)")
    lines = tables.of_streams([msgspec.structs.replace(WIDE, readers=[reader])], width)
    assert all(len(line) <= width for line in lines)
    assert "(12345)" in lines[1]
    assert "(54321)" in lines[-1]


def test_a_publisher_that_cannot_be_asked_has_no_figures() -> None:
    silent = StreamInfo(name="cam", address="tcp://desk:5555/cam", kind="tcp", pid=1, command="x")
    assert tables.of_streams([silent])[1].split()[2:6] == ["–", "–", "–", "0"]


def test_how_streams_are_is_shown_where_some_say_it() -> None:
    assert "STATE" not in tables.of_streams([WIDE])[0]
    twelve_s_ago = time.time_ns() - 12 * 10**9
    away = SourceState(state="away", why="no route to yard", since_ns=twelve_s_ago, reconnects=3)
    found = [
        msgspec.structs.replace(WIDE, state=SourceState(state="live")),
        msgspec.structs.replace(WIDE, name="yard", state=away),
        msgspec.structs.replace(WIDE, name="loop", rate=20.0),
        msgspec.structs.replace(WIDE, name="file", rate=20.0, live=False),
        msgspec.structs.replace(WIDE, name="rare", rate=0.0),
    ]
    head, *shown, _, trouble = tables.of_streams(found)
    at = head.index("STATE")
    assert [line[at:].split()[0] for line in shown] == ["live", "away", "live", "20.0/s", "0.0/s"]
    assert trouble == "yard is away for 12.0 s: no route to yard"


def test_info_of_a_camera_shows_what_it_sends_and_how_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    with TestCamera(user="me", password="canary", size="320x240", fps=50) as camera:  # noqa: S106
        facts = json.loads(printed(capsys, "info", camera.url, "--timeout", "20s", "--json"))
        shown = printed(capsys, "info", camera.url, "--timeout", "20s", "--transport", "udp")
    assert (facts["stream"], facts["live"], facts["state"]["state"]) == ("127.0.0.1", True, "live")
    assert facts["picture"].startswith("320x240")
    assert 10 < facts["fps"] < 200
    assert "camera    live" in shown
    assert "canary" not in shown + str(facts)


def test_info_of_a_camera_that_is_away_says_why(capsys: pytest.CaptureFixture[str], free_port: int) -> None:
    where = f"http://me:canary@127.0.0.1:{free_port}/"
    shown = printed(capsys, "info", where, "--timeout", "300ms")
    assert "camera    is away for" in shown
    assert "Connection refused" in shown
    assert "canary" not in shown


def test_info_asks_the_publisher(capsys: pytest.CaptureFixture[str], address: str) -> None:
    facts = json.loads(printed(capsys, "info", address, "--json"))
    assert (facts["kind"], facts["live"], facts["unseen"]) == ("link", True, 3)
    assert [stream["name"] for stream in facts["streams"]] == ["door"]
    shown = printed(capsys, "info", address)
    assert "readers get the newest frame" in shown
    assert "door" in shown


def test_info_of_a_replay_says_that_it_waits_and_later_that_it_is_over(
    capsys: pytest.CaptureFixture[str], child: StartChild, tmp_path: Path, runtime_dir: Path
) -> None:
    fb.pipe(np.zeros((3, 4, 4), np.uint8), tmp_path / "run.tif")
    address = f"ipc://{runtime_dir}/again"
    replay = child("-m", "framebus", "pipe", tmp_path / "run.tif", address)
    replay.wait_line("^listening on")
    shown = printed(capsys, "info", address)
    assert "readers get every frame" in shown
    assert "nothing has been sent yet: it waits for its first reader" in shown

    with fb.open(address) as frames:
        assert len(list(frames)) == 3
    assert replay.wait() == 0
    assert main(["info", address, "--timeout", "100ms"]) == 4
    assert "nobody publishes at" in (told := capsys.readouterr().err)
    assert ", or no longer: no answer within 0.1 s" in told


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
    links = [finding["found"] for finding in findings if finding["what"] == "link"]
    assert [link.rpartition("/s ")[2] for link in links if "all pixels equal" in link] == [
        "over tcp",
        *(["through shared memory"] if supported() else []),
    ]
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


def test_doctor_of_a_camera_does_not_repeat_its_password(capsys: pytest.CaptureFixture[str], free_port: int) -> None:
    main(["doctor", f"rtsp://me:hidden-word@127.0.0.1:{free_port}/main"])
    said = capsys.readouterr()
    assert "rtsp://***@127.0.0.1" in said.out
    assert "hidden-word" not in said.out + said.err


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
