"""A camera and somebody who watches it, each in a process of its own. One of them crashes, and comes back.

python objects_in_processes.py [--seconds N]
"""

import argparse
import asyncio
import os
import signal
import time
from collections.abc import Callable

import numpy as np

import framebus as fb

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--seconds", type=float, default=2)
arguments = parser.parse_args()


class Camera:
    """Publishes pictures in a loop of its own, while others call it."""

    def __init__(self, stream: str) -> None:
        self.level = 40
        self.made = 0
        self._out = fb.publish(f"shm://{stream}")

    def run(self) -> None:
        while True:
            self._out.send(np.full((480, 640, 3), self.level, np.uint8))
            self.made += 1
            time.sleep(0.01)

    def crash(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def close(self) -> None:
        self._out.close()


class Watcher:
    """Lives in an event loop, and tells what it sees when that changes."""

    def __init__(self, stream: str, emit: Callable[[dict[str, float]], None]) -> None:
        self.seen = 0
        self._stream = stream
        self._emit = emit

    async def run(self) -> None:
        before = -1.0
        async for frame in fb.open(f"shm://{self._stream}"):
            self.seen += 1
            if (level := float(frame.image.mean())) != before:
                self._emit({"level": level, "at_frame": self.seen})
                before = level

    async def wait_for(self, frames: int) -> int:
        """Until it has seen so many; its loop goes on meanwhile."""
        while self.seen < frames:
            await asyncio.sleep(0.01)
        return self.seen


with fb.spawn(Camera, "door") as camera, fb.spawn(Watcher, "door", restart="always") as watcher:
    with watcher.events() as events:
        print("the watcher saw", next(events))
        camera.level = 200
        print("the watcher saw", next(events))
        print("it has seen", watcher.wait_for(20), "pictures")

        try:
            camera.crash()
        except fb.Error as error:
            print("this call is lost:", error)
        print("the next one is not: the level is", camera.level, "again")
        print("the watcher saw", next(events), "and did not notice more than that")

    ends = time.monotonic() + arguments.seconds
    while time.monotonic() < ends:
        time.sleep(0.5)
        print(f"{camera.made} made, {watcher.seen} seen, by {camera} and {watcher}")
