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
MOST_SAMPLES = 2048

Values = np.ndarray[tuple[int], np.dtype[np.float64]]
Rows = np.ndarray[tuple[int, int], np.dtype[np.float64]]


class Samples:
    """What was held after each turn, evenly over all turns; it takes no more memory itself as they become many."""

    def __init__(self) -> None:
        self.turns = 0
        self._rows = np.full((MOST_SAMPLES, 3), -1.0)
        self._count = 0
        self._each = 1
        """Of so many turns one is kept."""

    def add(self, memory: int, descriptors: int, threads: int) -> None:
        """What is held now."""
        if self.turns % self._each == 0 and self._count == MOST_SAMPLES:
            self._rows[: MOST_SAMPLES // 2] = self._rows[::2].copy()
            self._count //= 2
            self._each *= 2
        if self.turns % self._each == 0:
            self._rows[self._count] = memory, descriptors, threads
            self._count += 1
        self.turns += 1

    @property
    def settled(self) -> Rows:
        """Those kept since it had time to find its size: bytes, descriptors, threads, by columns."""
        return self._rows[self._count // WARM_UP : self._count].T

    def slope(self, values: Values) -> float:
        """Growth for each turn, by least squares."""
        return float(np.polyfit(np.arange(len(values)) * self._each, values, 1)[0])


def attempt(trial: Trial) -> None:
    """Descriptors and threads come back to what they were after each turn, memory stays."""
    process = psutil.Process()
    samples = Samples()
    began = time.monotonic()
    while samples.turns < TURNS or trial.goes_on:
        _turn(trial, samples.turns)
        gc.collect()
        pool().trim()
        samples.add(process.memory_info().rss, len(_descriptors(process)), threading.active_count())
    trial.count("connections", READERS * samples.turns)
    memory, descriptors, threads = samples.settled
    each = samples.slope(memory)
    grown = each * samples.turns * (1 - 1 / WARM_UP)
    trial.measure("memory grown in a round", max(0.0, grown) / 1e6, "MB", most=MOST_BYTES / 1e6)
    if (hours := (time.monotonic() - began) / 3600) > LONG_H:
        an_hour = each * samples.turns / hours
        trial.measure("memory grown in an hour", max(0.0, an_hour) / 1e6, "MB", most=MOST_IN_AN_HOUR / 1e6)
    trial.check(grown < 4 * MOST_BYTES, f"memory grew by {grown / 1e6:.1f} MB in {samples.turns} turns")
    trial.check(descriptors[-1] <= descriptors[0], f"descriptors: {descriptors.astype(int).tolist()}")
    trial.check(threads[-1] <= threads[0], f"threads: {threads.astype(int).tolist()}")


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
