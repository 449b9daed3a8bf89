"""The examples run as they are, as programs; senders and readers in pairs."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from framebus.links import directory
from framebus.memory.pool import supported
from framebus.testing.children import Child
from tests.clips import make_clip
from tests.conftest import StartChild

EXAMPLES = Path(__file__).parents[2] / "examples"
ALONE = [
    *("async_reader.py", "device_server.py", "gather.py", "objects_in_processes.py", "own_source.py"),
    *("select_many.py", "slow_reader.py"),
]
SENDERS = {
    "draw_and_pass_on.py": ["synthetic:balls", "{sink}"],
    "send_arrays.py": ["{sink}"],
    "send_clip.py": ["synthetic:", "{sink}"],
    "two_cameras_one_port.py": ["{sink}"],
}
PAIRED = [*SENDERS, "watch.py"]
ELSEWHERE = [  # in test_old_and_new.py and test_working_together.py
    *("camera_wall.py", "camera_with_analysis.py", "imagezmq_drop_in.py", "one_port_for_everyone.py"),
]
OTHERS = [
    *("record_to_folder.py", "kill_and_resume.py", "read_with_ten_lines_of_zmq.py", "three_links.py"),
    *("process_folder.py", "record_and_replay.py", "web_page.py"),
]
LINKS = ["tcp://127.0.0.1:{port}", "tcp://127.0.0.1:{port}/ripples", "ipc://{folder}/r.sock", "shm://ripples"]


@pytest.fixture
def link(free_port: int) -> str:
    return f"tcp://127.0.0.1:{free_port}"


def watch(child: StartChild, link: str, frames: int) -> Child:
    return child(EXAMPLES / "watch.py", link, "--frames", str(frames))


def test_every_example_is_run() -> None:
    assert sorted(path.name for path in EXAMPLES.glob("*.py")) == sorted([*ALONE, *PAIRED, *OTHERS, *ELSEWHERE])


@pytest.mark.parametrize("name", ALONE)
def test_it_runs_and_ends(name: str, child: StartChild) -> None:
    assert child(EXAMPLES / name).succeed()


@pytest.mark.parametrize("name", SENDERS)
def test_what_it_sends_arrives(name: str, child: StartChild, link: str) -> None:
    words = [word.format(sink=link) for word in SENDERS[name]]
    sender = child(EXAMPLES / name, *words, "--frames", "20")
    told: Counter[str] = Counter()
    for line in watch(child, link, 0).succeed().splitlines():
        found = re.match(r"(\S+) #\d+: (?:bgr24|gray16) 640x480, [\d.]+ ms old, (\d+) missed", line)
        assert found, line
        told[found[1]] += 1 + int(found[2])
    assert set(told.values()) == {20}, told
    sender.succeed()


@pytest.mark.parametrize("address", LINKS)
@pytest.mark.parametrize("first", ["send", "read"])
def test_one_text_serves_every_link(
    address: str, first: str, child: StartChild, free_port: int, runtime_dir: Path
) -> None:
    if address.startswith("shm:") and not supported():
        pytest.skip("this system cannot share memory between processes")
    address = address.format(port=free_port, folder=runtime_dir.parent)
    ends = {
        role: child(EXAMPLES / "three_links.py", role, address)
        for role in sorted(["send", "read"], key=lambda role: role != first)
    }
    assert ends["read"].succeed() == "100 read, 100 of them as they were made\n"
    assert ends["send"].succeed() == "100 sent\n"


def test_a_clip_arrives_whole(child: StartChild, link: str, tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", frames=12)
    sender = child(EXAMPLES / "send_clip.py", clip, f"{link}/clip")
    lines = watch(child, link, 0).succeed().splitlines()
    assert [line.partition(":")[0] for line in lines] == [f"clip #{number}" for number in range(12)]
    assert sender.succeed().startswith("12 frames")


def test_one_of_two_cameras(child: StartChild, link: str) -> None:
    sender = child(EXAMPLES / "two_cameras_one_port.py", link, "--frames", "20")
    lines = watch(child, f"{link}/right", 5).succeed().splitlines()
    assert {line.split()[0] for line in lines} == {"right"}
    assert "'left': 20, 'right': 20" in sender.succeed()


def test_ten_lines_of_zmq_read_too(child: StartChild, link: str) -> None:
    child("-m", "framebus", "pipe", "synthetic:door", link, "--size", "64x48")
    peer = link.removeprefix("tcp://")
    lines = child(EXAMPLES / "read_with_ten_lines_of_zmq.py", peer, "--frames", "5").succeed().splitlines()
    seqs = [int(line.split()[1]) for line in lines]
    assert len(seqs) == 5
    assert seqs == sorted(set(seqs))
    assert all(line.startswith("door ") and "(48, 64, 3)" in line for line in lines)


def test_recording_goes_on_where_it_stopped(child: StartChild, tmp_path: Path) -> None:
    for expected in ("5 files", "10 files"):
        process = child(EXAMPLES / "record_to_folder.py", "synthetic:", "frames", "--frames", "5", cwd=tmp_path)
        assert process.succeed().startswith(expected)


def test_nothing_is_lost_when_a_recorder_is_killed(child: StartChild, free_port: int) -> None:
    process = child(EXAMPLES / "kill_and_resume.py", "--port", str(free_port))
    assert "200 frames, without a gap: True" in process.succeed(90)
    directory.entries()  # forgets the recorder that was killed


@pytest.mark.skipif(not supported(), reason="this system cannot share memory between processes")
def test_a_page_for_what_a_program_has_found(child: StartChild) -> None:
    process = child(EXAMPLES / "web_page.py", "--frames", "5")
    process.wait_line(r"open http://localhost:\d+/")
    assert process.succeed().splitlines()[-1] == "done"


def test_a_folder_processed_twice_is_done_once(child: StartChild, tmp_path: Path) -> None:
    child(
        "-m", "framebus", "pipe", "synthetic:", "photos/", "--frames", "5", "--size", "320x240", cwd=tmp_path
    ).succeed()
    lines = [child(EXAMPLES / "process_folder.py", "photos", "out", cwd=tmp_path).succeed() for _ in range(2)]
    assert lines[0].startswith("5/5 done, 0 of them before, 10 files written")
    assert lines[1].startswith("5/5 done, 5 of them before")


def test_a_recording_is_played_as_it_was(child: StartChild, tmp_path: Path) -> None:
    said = child(EXAMPLES / "record_and_replay.py", "--frames", "20", "--speed", "50", cwd=tmp_path).succeed()
    assert said == "recorded 20 frames, missed 0\nplayed frames 0 to 19, 20 in all\n"
