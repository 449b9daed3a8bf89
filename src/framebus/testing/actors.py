"""Who plays in the torture of a link: publishers and readers that check every pixel and count what they do."""

from __future__ import annotations

import gc
import itertools
import mmap
import os
import random
import time

import numpy as np
import numpy.typing as npt

import framebus as fb
from framebus.core.frame import Frame
from framebus.memory.pool import pool
from framebus.testing.marked import mark, number_of

NUMBERS = ("frames", "checks", "missed", "held", "ms to go on", "slots", "bytes shared", "mapped", "descriptors")
SIZES = ((64, 320), (120, 320), (240, 320), (480, 640), (720, 1280))
"""Heights and widths: small ones travel inside messages, others in memory of several sizes."""
RETAIN = "32MB"
PATIENCE = "1s"
FRAME_S = 0.004
LOOK_EVERY = 64
LIFE_BITS = 40
"""A picture's number: its place in the stream, and above it which life of the publisher it was made in."""


class Tally:
    """Numbers that outlive whoever counted: one row for each process at a time, in memory they all share."""

    def __init__(self, rows: int) -> None:
        self._memory = mmap.mmap(-1, 8 * (1 + rows * (1 + len(NUMBERS))))
        numbers = np.frombuffer(self._memory, np.int64)
        self._flags: npt.NDArray[np.int64] = numbers[: 1 + rows]
        self._rows: npt.NDArray[np.int64] = numbers[1 + rows :].reshape(rows, len(NUMBERS))

    def get(self, row: int, name: str) -> int:
        """One number."""
        return int(self._rows[row, NUMBERS.index(name)])

    def add(self, row: int, name: str, count: int = 1) -> None:
        """Count; only the process that has the row."""
        self._rows[row, NUMBERS.index(name)] += count

    def set(self, row: int, name: str, value: int) -> None:
        """What is at this moment."""
        self._rows[row, NUMBERS.index(name)] = value

    def peak(self, row: int, name: str, value: int) -> None:
        """Remember the largest."""
        column = NUMBERS.index(name)
        self._rows[row, column] = max(value, self._rows[row, column])

    def take(self, row: int) -> dict[str, int]:
        """All of a row, which begins anew."""
        taken = {name: int(value) for name, value in zip(NUMBERS, self._rows[row], strict=True)}
        self._rows[row] = 0
        return taken

    def begin(self) -> None:
        """A publisher begins to send."""
        self._flags[1] = time.monotonic_ns()

    @property
    def begun_ns(self) -> int:
        """When the present publisher began to send."""
        return int(self._flags[1])

    def stop(self) -> None:
        """The publisher ends the stream, as soon as it notices."""
        self._flags[0] = 1

    @property
    def stopped(self) -> bool:
        """True once that was said."""
        return bool(self._flags[0])

    @property
    def readers(self) -> int:
        """How many there are at a time."""
        return len(self._rows) - 1


def publish(tally: Tally, row: int, address: str, life: int) -> None:
    """Publish marked pictures of many sizes, filled in place and not, until told to stop and all readers are there."""
    chance = random.Random(life)
    before = _descriptors()
    with fb.publish(address, when_full="skip", retain=RETAIN, patience=PATIENCE) as out:
        tally.begin()
        for number in itertools.count(life << LIFE_BITS):
            if tally.stopped and _present(out) == tally.readers:
                break
            shape = chance.choice(SIZES)
            if chance.random() < 0.5:
                with out.fill(shape) as image:
                    mark(image, number)
            else:
                image = np.empty(shape, np.uint8)
                mark(image, number)
                out.send(image)
            del image
            tally.add(row, "frames")
            if number % LOOK_EVERY == 0:
                _measure_pool(tally, row)
            time.sleep(FRAME_S if chance.random() < 0.9 else 0)
    del out
    _check_nothing_is_left(before)


def _present(out: fb.Publisher) -> int:
    return sum(not reader.away for reader in out.stats().readers)


def _measure_pool(tally: Tally, row: int) -> None:
    stats = pool().stats()
    tally.peak(row, "slots", stats.slots)
    tally.peak(row, "bytes shared", stats.bytes)
    tally.peak(row, "descriptors", _descriptors())


def read(tally: Tally, row: int, address: str, seed: int | None, keep: str | None = None) -> None:
    """Read and check until the stream ends; without a `seed` steadily, else in the manner that comes of it."""
    chance = random.Random(seed)
    shared = seed is not None and chance.random() < 0.15
    keep = keep or ("all" if shared else chance.choice(["latest", "all"]))
    holding = 3 if seed is None else chance.randrange(10)
    slow_s = 0.0 if seed is None else chance.choice([0.0, 0.0, 0.05])
    before = _descriptors()
    group = "shared" if shared else None
    with fb.open(address, keep=keep, group=group) as source:
        _Reader(tally, row, chance, holding, alone=not shared).take_all(source, slow_s)
    del source
    _check_nothing_is_left(before)


class _Reader:
    """Checks what comes, keeps some of it, and checks that again."""

    def __init__(self, tally: Tally, row: int, chance: random.Random, holding: int, *, alone: bool) -> None:
        self._tally = tally
        self._row = row
        self._chance = chance
        self._holding = holding
        self._alone = alone
        self._held: list[tuple[npt.NDArray[np.uint8], int]] = []
        self._lives: dict[int, int] = {}
        self._last: Frame | None = None

    def take_all(self, source: fb.Source, slow_s: float) -> None:
        """Until the stream ends."""
        for frame in source:
            self._take(frame)
            time.sleep(slow_s * self._chance.random())

    def _take(self, frame: Frame) -> None:
        """Check a frame, and those that are held."""
        self._tally.add(self._row, "frames")
        self._tally.add(self._row, "missed", frame.missed)
        number = number_of(frame.data)
        self._check_number(frame, number)
        if self._alone:
            self._check_account(frame)
        for image, was in self._held:
            assert number_of(image) == was, "a picture in hand became another"
        self._tally.add(self._row, "checks", 1 + len(self._held))
        self._held.append((frame.data, number))
        if len(self._held) > self._holding:
            self._chance.shuffle(self._held)
            del self._held[self._chance.randrange(len(self._held)) :]
        self._tally.set(self._row, "held", len(self._held))
        if frame.seq % LOOK_EVERY == 0:
            self._tally.peak(self._row, "mapped", _mapped())
            self._tally.peak(self._row, "descriptors", _descriptors())

    def _check_number(self, frame: Frame, number: int) -> None:
        life, place = number >> LIFE_BITS, number % (1 << LIFE_BITS)
        assert place == frame.seq, f"frame {frame.seq} shows picture {place}"
        assert self._lives.setdefault(frame.run, life) == life, "a frame of one run shows a picture of another"

    def _check_account(self, frame: Frame) -> None:
        last, self._last = self._last, Frame.of(np.zeros((1, 1), np.uint8), run=frame.run, seq=frame.seq)
        if last is None:
            return
        due = last.seq + 1 if last.run == frame.run else 0
        got = f"frame {frame.seq} of run {frame.run:x} says {frame.missed} are missing before it"
        assert frame.missed == frame.seq - due, f"{got}: {frame.seq - due} are (the last was {last.seq})"
        if last.run != frame.run:
            self._tally.peak(self._row, "ms to go on", (time.monotonic_ns() - self._tally.begun_ns) // 1_000_000)


def _descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def _mapped() -> int:
    """How many pieces of shared memory this process has mapped."""
    with open("/proc/self/maps", encoding="utf-8") as maps:
        return sum("/memfd:framebus" in line for line in maps)


def _check_nothing_is_left(before: int) -> None:
    """All slots, leases and descriptors are gone, but for what a process keeps: the reactor's."""
    gc.collect()
    pool().trim()
    stats = pool().stats()
    assert not stats.slots, f"slots are left: {stats}"
    assert not stats.leases, f"leases are left: {stats}"
    assert not _mapped(), "memory of others is still mapped"
    from framebus.links import reactor

    reactor.stop()
    left = _descriptors() - before
    assert left <= 0, f"{left} descriptors are left open"
