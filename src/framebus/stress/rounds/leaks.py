"""R7: links are opened and closed, readers come and go; a line is laid through what the process holds."""

from __future__ import annotations

import gc
import threading
import time

import numpy as np
import psutil

import framebus as fb
from framebus.memory.pool import pool, supported
from framebus.stress.numbered_pictures import picture
from framebus.stress.trial import Trial

TURNS = 30
WARM_UP = 5
"""One part in so many, at the beginning, during which memory may grow."""
READERS = 3
MOST_BYTES = 3 << 20
"""Memory may grow so much over a round: the allocator needs some time to find its size."""
LONG_H = 0.25
"""From so many hours on, growth is also told for an hour."""
MOST_IN_AN_HOUR = 1 << 20


def attempt(trial: Trial) -> None:
    """Descriptors and threads come back to what they were after each turn, memory stays."""
    process = psutil.Process()
    samples: list[tuple[int, int, int]] = []
    began = time.monotonic()
    while len(samples) < TURNS or trial.goes_on:
        _turn(trial, len(samples))
        gc.collect()
        pool().trim()
        samples.append((process.memory_info().rss, len(_descriptors(process)), threading.active_count()))
    trial.count("connections", READERS * len(samples))
    settled = samples[len(samples) // WARM_UP :]
    memory, descriptors, threads = (np.array(column, float) for column in zip(*settled, strict=True))
    grown = _slope(memory) * len(settled)
    trial.measure("memory grown in a round", max(0.0, grown) / 1e6, "MB", most=MOST_BYTES / 1e6)
    if (hours := (time.monotonic() - began) / 3600) > LONG_H:
        an_hour = _slope(memory) * len(samples) / hours
        trial.measure("memory grown in an hour", max(0.0, an_hour) / 1e6, "MB", most=MOST_IN_AN_HOUR / 1e6)
    trial.check(grown < 4 * MOST_BYTES, f"memory grew by {grown / 1e6:.1f} MB in {len(settled)} turns")
    trial.check(descriptors[-1] <= descriptors[0], f"descriptors: {descriptors.astype(int).tolist()}")
    trial.check(threads[-1] <= threads[0], f"threads: {threads.astype(int).tolist()}")


def _slope(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
    """Growth for each turn, by least squares."""
    return float(np.polyfit(np.arange(len(values)), values, 1)[0])


def _turn(trial: Trial, turn: int) -> None:
    address = f"shm://cam{turn % 3}" if supported() and turn % 2 else f"tcp://localhost:{trial.port()}/cam"
    with fb.publish(address, wait_for=READERS) as out:
        sources = [fb.open(address, keep="all", timeout=30) for _ in range(READERS)]
        for number in range(4):
            out.send(picture(number))
        for source in sources:
            for _ in range(4):
                source.read()
            source.close()


def _descriptors(process: psutil.Process) -> list[str]:
    """Those of this process; what is closed in the background gets a moment."""
    import os

    deadline = time.monotonic() + 2
    while True:
        found = os.listdir("/proc/self/fd") if os.path.isdir("/proc/self/fd") else [""] * process.num_fds()
        if len(found) == getattr(_descriptors, "last", len(found)) or time.monotonic() > deadline:
            return found
        time.sleep(0.02)
