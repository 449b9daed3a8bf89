"""What a link survives: killed and stopped processes at any instant, no memory, no descriptors, rubbish."""

from __future__ import annotations

import itertools
import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest

import framebus as fb
from framebus.core.frame import Frame
from framebus.memory.pool import pool, supported
from framebus.session import pulse
from framebus.testing.links import WAIT_S, Reading, numbers
from framebus.testing.marked import mark, number_of
from tests.conftest import StartChild
from tests.waiting import until

pytestmark = pytest.mark.skipif(not supported(), reason="memory files are Linux's")

LINK = "shm://kills"
SHAPE = (200, 500)
"""100 KB: large enough for a slot."""

READER = """
import sys, framebus as fb
from framebus.testing.marked import number_of
keep, hold = sys.argv[2], int(sys.argv[3])
held = []
with fb.open(sys.argv[1], keep=keep) as frames:
    for frame in frames:
        assert number_of(frame.data) == frame.seq
        held = [*held, frame.data][-hold:] if hold else []
        print(frame.seq, frame.missed, len(held), flush=True)
        numbers = [number_of(image) for image in held]
        assert numbers == sorted(set(numbers)), "a picture in hand became another"
print("end", flush=True)
"""

PUBLISHER = """
import sys, itertools, time, numpy as np, framebus as fb
from framebus.testing.marked import mark
out = fb.publish(sys.argv[1])
image = np.empty((200, 500), np.uint8)
for number in itertools.count():
    with out.fill((200, 500)) as image:
        mark(image, number)
    if number == 0:
        print("publishing", flush=True)
    time.sleep(0.002)
"""


def send(out: fb.Publisher, number: int, *, in_place: bool = True) -> None:
    """Send the marked picture of that number, made in place or not."""
    if in_place:
        with out.fill(SHAPE) as image:
            mark(image, number)
    else:
        image = np.empty(SHAPE, np.uint8)
        mark(image, number)
        out.send(image)


class Sending:
    """Sends one marked picture after the other."""

    def __init__(self, out: fb.Publisher) -> None:
        self.out = out
        self.number = 0

    def until(self, condition: Callable[[], object]) -> None:
        """Go on until it holds."""
        deadline = time.monotonic() + WAIT_S
        while not condition():
            assert time.monotonic() < deadline, "hung"
            self.some(1)
            time.sleep(0.001)

    def some(self, count: int) -> None:
        """So many."""
        for _ in range(count):
            send(self.out, self.number, in_place=self.number % 2 == 0)
            self.number += 1


def present(out: fb.Publisher) -> int:
    """How many readers are connected."""
    return sum(not reader.away for reader in out.stats().readers)


def check(frames: list[Frame]) -> None:
    """Every picture is the one that was sent, and none that was missed was kept quiet about."""
    assert [number_of(frame.data) for frame in frames] == numbers(frames)
    for before, frame in itertools.pairwise(frames):
        assert frame.missed == frame.seq - before.seq - 1


def printed(text: str) -> list[tuple[int, int]]:
    """Numbers and missed ones that a reader process printed."""
    return [(int(words[0]), int(words[1])) for line in text.splitlines() if len(words := line.split()) == 3]


@pytest.fixture(autouse=True)
def _trimmed(runtime_dir: Path) -> Iterator[None]:
    pool().trim()
    yield
    pool().trim()


# killed ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("address", "kills"), [("shm://torture", 150), ("tcp://127.0.0.1:{port}/torture", 60)])
def test_hundreds_of_kills_at_random_instants(address: str, kills: int, child: StartChild, free_port: int) -> None:
    options = ("--address", address.format(port=free_port), "--kills", str(kills), "--seed", str(kills))
    report = child("-m", "framebus.testing.torture", *options).succeed(100)
    assert "survived" in report
    killed = re.findall(r"(readers|publishers) killed (\d+)", report)
    assert sum(int(count) for _, count in killed) >= kills


def test_a_reader_killed_with_pictures_in_hand_leaves_nothing_behind_and_disturbs_nobody(child: StartChild) -> None:
    with fb.publish(LINK, when_full="wait") as out:
        sending = Sending(out)
        steady = Reading(fb.open(LINK, keep="all", timeout=WAIT_S))
        until(lambda: present(out) == 1)
        most = 0
        for _ in range(3):
            victims = [child("-c", READER, LINK, "latest", str(held)) for held in (3, 6)]
            for victim in victims:
                sending.until(lambda victim=victim: len(printed(victim.stdout)) > 5)  # type: ignore[misc]
            for victim in victims:
                victim.kill()
            sending.until(lambda: present(out) == 1)
            sending.some(20)
            most = max(most, pool().stats().slots)
        assert most < 40
        sent = sending.number
    frames = steady.result()
    assert numbers(frames) == list(range(sent))
    check(frames)
    frames.clear()
    steady.frames.clear()
    until(lambda: pool().trim() == 0 and pool().stats().slots == 0)


def test_pictures_of_a_killed_publisher_stay_as_they_were_and_its_successor_is_read_at_once(child: StartChild) -> None:
    first = child("-c", PUBLISHER, LINK)
    first.wait_line("publishing")
    reading = Reading(fb.open(LINK, keep="latest", timeout=WAIT_S), lambda got: len({frame.run for frame in got}) == 2)
    reading.wait_for(5)
    first.kill()
    frames = reading.frames
    child("-c", PUBLISHER, LINK).wait_line("publishing")
    reading.result()
    old = [frame for frame in frames if frame.run == frames[0].run]
    new = frames[-1]
    check(old)
    assert new.run != old[-1].run
    assert new.missed == new.seq  # all of its run that came before
    assert number_of(new.data) == new.seq


FORKING = """
import ctypes, os, sys, time, numpy as np, framebus as fb
ctypes.CDLL(None).prctl(36, 1)  # whoever is orphaned below is reaped here
if os.fork():
    try:
        while os.wait(): pass
    except ChildProcessError:
        sys.exit()
out = fb.publish(sys.argv[1])
print("publisher", os.getpid(), flush=True)
if os.fork() == 0:
    try:
        out.send(np.zeros((200, 500), "uint8"))
    except fb.Error as error:
        print(error, flush=True)
while os.path.exists(sys.argv[2]):
    time.sleep(0.01)
"""


@pytest.mark.parametrize("address", [LINK, "tcp://127.0.0.1:{port}", "ipc://{folder}/link"])
def test_what_a_killed_publisher_had_forked_keeps_nothing_of_it_alive(
    address: str, child: StartChild, free_port: int, runtime_dir: Path, tmp_path: Path
) -> None:
    address = address.format(port=free_port, folder=runtime_dir)
    (tmp_path / "living").touch()
    family = child("-c", FORKING, address, tmp_path / "living")
    publisher = int(family.wait_line(r"publisher (\d+)")[1])
    family.wait_line(f"belongs to process {publisher}")
    reading = Reading(fb.open(address, keep="all", timeout=WAIT_S))
    os.kill(publisher, signal.SIGKILL)
    until(lambda: not psutil.pid_exists(publisher))
    with fb.publish(address, wait_for=1) as out:
        send(out, 0)
    check(reading.result())
    assert numbers(reading.frames) == [0]
    family.killed = True
    (tmp_path / "living").unlink()
    family.succeed()


FAMILY = """
import multiprocessing, sys
import numpy as np
from framebus.testing.marked import mark, number_of

def read(address, told):
    import framebus as fb
    with fb.open(address, keep="all", timeout=20) as frames:
        told.put([number_of(frame.data) for frame in frames])

def publish(address):
    import framebus as fb
    with fb.publish(address, wait_for=2) as out:
        for number in range(30):
            with out.fill((200, 500)) as image:
                mark(image, number)

if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[1])
    told = context.Queue()
    children = [context.Process(target=read, args=(sys.argv[2], told)) for _ in range(2)]
    if len(sys.argv) > 3:
        children.append(context.Process(target=publish, args=(sys.argv[2],)))
    for process in children:
        process.start()
    if len(sys.argv) == 3:
        publish(sys.argv[2])
    for _ in range(2):
        print(told.get() == list(range(30)), flush=True)
    for process in children:
        process.join()
        print(process.exitcode, flush=True)
"""


@pytest.mark.parametrize("method", ["spawn", "forkserver", "fork"])
@pytest.mark.parametrize("who", ["parent", "child"])
def test_parents_and_children_share_memory_however_they_were_started(
    method: str, who: str, child: StartChild, tmp_path: Path
) -> None:
    (tmp_path / "family.py").write_text(FAMILY)
    family = child(tmp_path / "family.py", method, LINK, *(["child"] if who == "child" else []))
    assert family.succeed().split() == ["True", "True", *["0"] * (2 + (who == "child"))]


# stopped --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("keep", ["latest", "all"])
def test_a_reader_stopped_for_longer_than_any_timeout_disturbs_nobody_and_goes_on_knowing_what_it_missed(
    keep: str, child: StartChild, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("ASK_S", 0.05), ("SILENCE_S", 0.15), ("CHECK_S", 0.02)):
        monkeypatch.setattr(pulse, name, value)
    with fb.publish(LINK, when_full="skip", retain="2MB") as out:
        sending = Sending(out)
        stopped = child("-c", READER, LINK, keep, "3")
        sending.until(lambda: len(printed(stopped.stdout)) > 3)
        other = Reading(fb.open(LINK, keep="latest", timeout=WAIT_S))
        stopped.stop()
        sending.until(lambda: present(out) == 1)
        before = len(other.frames)
        sending.until(lambda: len(other.frames) > before + 50)
        assert pool().stats().slots < 80
        stopped.cont()
        after = len(printed(stopped.stdout))
        sending.until(lambda: len(printed(stopped.stdout)) > after + 3)
    stopped.wait_line("end")
    check(other.result())
    seen = printed(stopped.stdout)
    gaps = [number - before - 1 for (before, _), (number, _) in itertools.pairwise(seen)]
    assert [missed for _, missed in seen[1:]] == gaps
    assert max(gaps) > 0
