"""A stream shared by a group of pipes, as on several machines: one deals out, some work, one collects."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TextIO

import numpy as np
import pytest

import framebus as fb
from framebus.testing.children import Child
from framebus.testing.links import WAIT_S
from tests.cli.pictures import numbers
from tests.conftest import StartChild
from tests.two_machines import two_machines

FRAMES = 40
CLIP = ("--frames", str(FRAMES), "--size", "64x48", "--stream", "clip")
OPS = """
import os, signal

def by(image):
    return {"by": os.getpid()}

def dies(frame):
    dies.seen = getattr(dies, "seen", 0) + 1
    if dies.seen == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return frame

def gated(image):
    with open("began", "w") as begun:  # named pipes: each is opened once the other end is
        print("begun", file=begun, flush=True)
        with open("gate"):
            return {"by": os.getpid()}
"""


@pytest.fixture
def farm(child: StartChild, free_ports: Callable[[], int], tmp_path: Path) -> Farm:
    (tmp_path / "ops.py").write_text(OPS)
    return Farm(child, free_ports, tmp_path)


class Farm:
    """One who deals out frames, one who collects results, and members of a group between them."""

    def __init__(self, child: StartChild, free_ports: Callable[[], int], folder: Path) -> None:
        self._child = child
        self.folder = folder
        for name in ("began", "gate"):
            os.mkfifo(folder / name)
        self.frames, self.results = (f"tcp://127.0.0.1:{free_ports()}" for _ in range(2))

    def deal(self, *words: str) -> Child:
        patient = ("--patience", "1min")  # nine workers take their time to start on a busy machine
        return self._pipe("synthetic:", self.frames, *CLIP, "--wait-for", "work", *patient, *words)

    def collect(self) -> Child:
        return self._pipe(self.results, "results/", "--listen", "--frames", str(FRAMES))

    def member(self, op: str = "by", *words: str) -> Child:
        return self._pipe(self.frames, self.results, "--no-listen", "--group", "work", "--op", f"ops.py:{op}", *words)

    @contextmanager
    def begun(self) -> Iterator[TextIO]:
        """Once a gated op has begun; the next lines tell of others."""
        with open(self.folder / "began") as began:
            assert began.readline() == "begun\n"
            yield began

    @contextmanager
    def open_gate(self) -> Iterator[None]:
        """Gated ops go on."""
        ends = [os.open(self.folder / name, os.O_RDWR) for name in ("began", "gate")]
        yield
        for end in ends:
            os.close(end)

    def _pipe(self, *words: str) -> Child:
        return self._child("-m", "framebus", "pipe", *words, cwd=self.folder)


def by_member(frames: list[fb.Frame]) -> Counter[int]:
    return Counter(frame.meta["by"] for frame in frames)


@pytest.mark.parametrize("workers", ["0", "1"])
def test_members_share_the_work_and_everybody_knows_the_end(farm: Farm, workers: str) -> None:
    collector = farm.collect()
    members = [farm.member("by", "--workers", workers) for _ in range(2)]
    dealer = farm.deal()
    for process in (dealer, *members, collector):
        process.succeed()
    assert f"{FRAMES} frames in" in collector.stderr
    assert "none missed" in collector.stderr
    assert numbers(farm.folder / "results") == list(range(FRAMES))


def test_nothing_starts_before_those_who_are_waited_for(farm: Farm) -> None:
    dealer = farm.deal()
    dealer.wait_line("waiting for work")
    with fb.open(farm.frames, keep="all", timeout=WAIT_S) as onlooker:
        member = farm.member()
        farm.collect()
        assert onlooker.read().seq == 0
        assert [frame.seq for frame in onlooker] == list(range(1, FRAMES))
    for process in (dealer, member):
        process.succeed()


def test_who_is_fast_takes_more(farm: Farm) -> None:
    slow, dealer = farm.member("gated"), farm.deal()
    with fb.open(farm.results, listen=True, keep="all", timeout=WAIT_S) as hub:
        with farm.begun():  # slow is at work on its first frame, and has seven more
            fast = farm.member()
            most = list(islice(hub, FRAMES - 8))
        assert by_member(most) == {fast.pid: FRAMES - 8}
        with farm.open_gate():
            rest = list(islice(hub, 8))
    assert sorted(frame.seq for frame in most + rest) == list(range(FRAMES))
    for process in (dealer, slow, fast):
        process.succeed()


def test_what_workers_had_when_their_member_died_is_not_lost_also_where_frames_are_live(farm: Farm) -> None:
    with (
        fb.publish(farm.frames, wait_for=["work"]) as out,
        fb.open(farm.results, listen=True, keep="all", timeout=WAIT_S) as hub,
    ):
        dies = farm.member("gated", "--workers", "1")
        for _ in range(FRAMES):
            out.send(np.zeros((48, 64, 3), np.uint8), stream="clip")
        with farm.begun():
            other = farm.member()
            dies.kill()
        assert sorted(frame.seq for frame in islice(hub, FRAMES)) == list(range(FRAMES))
    other.succeed()


def test_there_are_frames_for_all_workers(farm: Farm) -> None:
    dealer, member = farm.deal(), farm.member("gated", "--workers", "9")
    with farm.begun() as begun:
        assert [begun.readline() for _ in range(8)] == ["begun\n"] * 8  # all nine are at work
    with farm.open_gate():
        farm.collect().succeed()
        for process in (dealer, member):
            process.succeed()


def test_a_dead_members_frames_go_to_another_and_what_it_had_delivered_counts_once(farm: Farm) -> None:
    with fb.open(farm.results, listen=True, keep="all", timeout=WAIT_S) as hub:
        members = {member.pid: member for member in (farm.member(), farm.member())}
        dealer = farm.deal()
        frames = [hub.read()]  # in hand, and not acknowledged: who sent it is owed it as well
        members.pop(frames[0].meta["by"]).kill()
        frames += islice(hub, FRAMES - 1)
        assert sorted(frame.seq for frame in frames) == list(range(FRAMES))
        assert {frame.stream for frame in frames} == {"clip"}
        assert hub.stats().missed == 0
        with pytest.raises(fb.Timeout):
            hub.read(timeout=0)
    for process in (dealer, *members.values()):
        process.succeed()


# two machines ---------------------------------------------------------------------------------------------------

NEAR = f"""
framebus() {{ "$PYTHON" -m framebus "$@"; }}
framebus pipe synthetic: tcp://:5557 --insecure {" ".join(CLIP)} --wait-for 2 &
framebus pipe tcp://localhost:5557 tcp://localhost:5558 --no-listen --op ops.py:by --group work &
framebus pipe tcp://:5558 results/ --insecure --frames {FRAMES}
wait
"""
FAR = """
    "$PYTHON" -m framebus pipe tcp://10.55.0.1:5557 tcp://10.55.0.1:5558 --op ops.py:dies --group work --carrier tcp
    echo status $?
"""
"""A member that dies at its third frame."""


def test_on_two_machines_also_where_a_member_dies(child: StartChild, tmp_path: Path) -> None:
    (tmp_path / "ops.py").write_text(OPS)
    both = two_machines(child, NEAR, FAR, cwd=tmp_path)
    assert "status 137" in both.succeed()
    both.kill()  # the fixture's way of knowing that somebody died without tidying up
    assert numbers(tmp_path / "results") == list(range(FRAMES))
