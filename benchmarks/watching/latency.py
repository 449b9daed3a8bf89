"""One camera and one receiver, as two processes: how late each picture is an array, by the clock in its pixels."""

from __future__ import annotations

import os
import threading
import time
from contextlib import closing
from dataclasses import dataclass, field
from multiprocessing.synchronize import Semaphore

import numpy as np

from benchmarks.harness.frames import Array
from benchmarks.harness.meters import cpu_ns
from benchmarks.harness.processes import FORK, Child, MeasurementError, free_ports
from benchmarks.harness.rounds import Values
from benchmarks.watching.receivers import FPS, RECEIVERS, SIZE, Pictures

READY_AFTER_S = 30.0
_SETTLE_S = 0.5


def one_camera(name: str, seconds: float) -> Values:
    """The receiver called `name` with a camera of its own, for `seconds` after the first half second."""
    (port,) = free_ports(1)
    shown = FORK.Semaphore(0)
    with Child(show, port, shown) as camera:
        await_camera(camera, shown)
        with Child(_watch, name, f"rtsp://127.0.0.1:{port}/cam", seconds) as receiver:
            return receiver.result(READY_AFTER_S + seconds, beside=[camera])


def await_camera(camera: Child[None], shown: Semaphore) -> None:
    """Until it listens; raises what went wrong with it."""
    if not shown.acquire(timeout=READY_AFTER_S):
        camera.result(0.1)
        raise MeasurementError("the camera did not start")


def show(port: int, shown: Semaphore, fps: float = FPS) -> None:
    """A camera at that port, for ever; `shown` is released once it listens."""
    from framebus.testing.camera import TestCamera

    with TestCamera(size=SIZE, fps=fps, gop=FPS, port=port):
        shown.release()
        threading.Event().wait()


def _watch(name: str, url: str, seconds: float) -> Values:
    receive, _ = RECEIVERS[name]
    with closing(receive(url)) as once:
        next(once)  # so that nobody's imports count
    began = time.monotonic()
    pictures = receive(url)
    next(pictures)
    first_ms = (time.monotonic() - began) * 1e3
    _seen(pictures, _SETTLE_S)
    cpu = cpu_ns(os.getpid())
    seen = _seen(pictures, seconds)
    return _summary(seen, cpu_ns(os.getpid()) - cpu) | {"first_ms": first_ms}


@dataclass
class _Seen:
    numbers: list[int] = field(default_factory=list)
    late_ns: list[int] = field(default_factory=list)
    unreadable: int = 0

    def note(self, image: Array, now_ns: int) -> None:
        """One more picture, an array since `now_ns`."""
        from framebus.sources import stamp

        found = stamp.read(image)
        if found is None:
            self.unreadable += 1
            return
        self.numbers.append(found[0])
        self.late_ns.append(now_ns - found[1])


def _seen(pictures: Pictures, seconds: float) -> _Seen:
    seen = _Seen()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        image = next(pictures)
        seen.note(image, time.time_ns())
    return seen


def _summary(seen: _Seen, spent_ns: int) -> Values:
    if not seen.numbers:
        raise MeasurementError(f"no stamp could be read, in {seen.unreadable} pictures")
    taken = seen.numbers[-1] - seen.numbers[0] + 1
    late = np.array(seen.late_ns) / 1e6
    return {
        "late_ms": float(np.median(late)),
        "late_p95_ms": float(np.quantile(late, 0.95)),
        "cpu_s_per_1000": spent_ns / 1e6 / taken,
        "skipped": taken - len(seen.numbers),
    }
