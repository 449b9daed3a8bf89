"""A pipe from link to link: what it passes on is what came, whatever starts first and whoever dies."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import pytest

import framebus as fb
from framebus.testing.children import Child
from framebus.testing.links import WAIT_S
from tests.cli.pictures import numbers
from tests.conftest import StartChild

FRAMES = 40
CLIP = ("synthetic:", "--frames", str(FRAMES), "--fps", "0", "--size", "160x120")


@pytest.fixture
def addresses(free_ports: object) -> tuple[str, str]:
    assert callable(free_ports)
    return f"tcp://127.0.0.1:{free_ports()}", f"tcp://127.0.0.1:{free_ports()}"


def pipe(child: StartChild, *arguments: str, cwd: Path) -> Child:
    return child("-m", "framebus", "pipe", *arguments, cwd=cwd)


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
def test_every_frame_of_a_clip_goes_through_whatever_starts_first(
    child: StartChild, tmp_path: Path, addresses: tuple[str, str], order: tuple[int, ...]
) -> None:
    first, second = addresses
    ways = [(CLIP[0], first, *CLIP[1:]), (first, second), (second, "frames/")]
    processes = [pipe(child, *ways[number], cwd=tmp_path) for number in order]
    for process in processes:
        process.succeed()
        assert "none missed" in process.stderr
    assert numbers(tmp_path / "frames") == list(range(FRAMES))


def test_a_relay_that_is_killed_loses_nothing_where_it_has_a_name(
    child: StartChild, tmp_path: Path, addresses: tuple[str, str]
) -> None:
    first, second = addresses
    accident = (
        "import os, signal\n"
        "def suddenly(frame):\n"
        f"    if frame.seq == {FRAMES // 2}: os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return frame\n"
    )
    (tmp_path / "accident.py").write_text(accident)
    sender = pipe(child, CLIP[0], first, *CLIP[1:], cwd=tmp_path)
    saver = pipe(child, second, "frames/", cwd=tmp_path)
    relay = pipe(child, first, second, "--group", "relay", "--op", "accident.py:suddenly", cwd=tmp_path)
    assert relay.wait() == -9
    relay.kill()  # the fixture's way of knowing that somebody died without tidying up
    again = pipe(child, first, second, "--group", "relay", cwd=tmp_path)
    for process in (sender, saver, again):
        process.succeed()
    assert numbers(tmp_path / "frames") == list(range(FRAMES))


def test_what_was_live_stays_live_behind_a_relay(child: StartChild, tmp_path: Path, addresses: tuple[str, str]) -> None:
    first, second = addresses
    camera = pipe(child, "synthetic:door", first, "--size", "64x48", cwd=tmp_path)
    relay = pipe(child, first, second, cwd=tmp_path)
    with fb.open(second, timeout=WAIT_S) as source:
        assert source.read().stream == "door"
        assert source.live
    for process in (relay, camera):
        process.interrupt()
        assert process.wait() == 0


def test_a_relay_of_a_clip_that_is_stopped_says_how_to_go_on(
    child: StartChild, tmp_path: Path, addresses: tuple[str, str]
) -> None:
    first, second = addresses
    pipe(child, CLIP[0], first, *CLIP[1:], cwd=tmp_path)
    relay = pipe(child, first, second, cwd=tmp_path)
    relay.wait_line("waiting for a reader")
    relay.interrupt()
    assert relay.wait() == 130
    assert f"framebus pipe {first} {second}" in relay.stderr


def test_a_relay_that_could_never_listen_says_so_at_once(
    child: StartChild, tmp_path: Path, addresses: tuple[str, str]
) -> None:
    first, second = addresses
    with fb.publish(second):
        taken = pipe(child, first, second, cwd=tmp_path)
        assert taken.wait() == 4
        assert "framebus publisher" in taken.stderr
    open_to_all = pipe(child, first, f"tcp://:{second.rpartition(':')[2]}", cwd=tmp_path)
    assert open_to_all.wait() == 4
    assert "framebus keys invite" in open_to_all.stderr


@pytest.mark.parametrize("way", ["slow", "gone"])
def test_whoever_is_owed_every_frame_of_a_live_relay_holds_up_nobody_else(
    child: StartChild, tmp_path: Path, addresses: tuple[str, str], way: str
) -> None:
    first, second = addresses
    pipe(child, "synthetic:door", first, "--size", "64x48", "--fps", "50", cwd=tmp_path)
    pipe(child, first, second, cwd=tmp_path)
    with fb.open(second, keep="all", group="saver", timeout=WAIT_S) as owed, fb.open(second, timeout=WAIT_S) as other:
        begun = owed.read().seq
        owed.read()
        if way == "gone":
            owed.close()
        seen = [other.read().seq for _ in range(30)]
    assert seen[-1] >= begun + 30
