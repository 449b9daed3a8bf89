"""Q2: what a container gives by default: 64 MB of /dev/shm, 1024 descriptors, a root that is read-only."""

from __future__ import annotations

import resource
import tempfile
from pathlib import Path

import framebus as fb
from framebus.stress.apart import system
from framebus.stress.rounds import workers_killed
from framebus.stress.trial import Trial

DESCRIPTORS = 1024
FRAMES = 120
SHAPE = (1080, 1920, 3)


def attempt(trial: Trial) -> None:
    """A live picture of full size between processes, and a job whose workers are killed."""
    _confine()
    received = trial.python("-c", _RECEIVE.format(frames=FRAMES))
    with fb.publish("shm://cam", wait_for=["saver"], patience="1min") as out:
        for number in range(FRAMES):
            with out.fill(SHAPE, "uint8") as image:
                image[:] = number
    code = received.wait(60)
    trial.check(code == 0, f"the reader ended with {code}\n{received.stderr}")
    trial.count("frames of 6 MB", FRAMES)
    workers_killed.attempt(trial)


_RECEIVE = """
import framebus as fb
with fb.open("shm://cam", group="saver", keep="all") as source:
    seen = [int(frame.image[-1, -1, -1]) for frame in source]
assert seen == list(range({frames})), seen
"""


def _confine() -> None:
    """As a container would be: only the folder for temporary files can be written."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))
    shared = Path("/dev/shm")  # noqa: S108  (a mount point)
    system("mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(shared))
    home = tempfile.gettempdir()
    system("mount", "--bind", home, home)
    system("mount", "-o", "remount,bind,ro", "/")
