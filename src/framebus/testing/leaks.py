"""What a test must not leave behind: threads, child processes, descriptors, shared memory, runtime files.

A `Snapshot` is taken before and after each test; `left_over` compares the two, giving what is closing in the
background up to two seconds to finish.
"""

from __future__ import annotations

import gc
import os
import threading
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import psutil

from framebus.memory.pool import pool

GRACE_S = 2.0
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108  (looked at, not written)
OURS = ("framebus", "psm_")
"""How segments are named that framebus or the standard library would make. Semaphores are not looked at: framebus has
none, and those of a test's own process pools come and go in other processes."""
LASTING_THREADS = ("framebus-reactor",)
LASTING_MODULES = ("zmq.utils.garbage",)
"""Threads that are started once per process and stay: one reactor, and what frees pixels after sending."""


@dataclass(frozen=True)
class Snapshot:
    """What the process holds at one moment."""

    threads: frozenset[threading.Thread]
    children: frozenset[int]
    descriptors: Counter[str]
    segments: frozenset[str]

    @classmethod
    def take(cls) -> Snapshot:
        """Look now; a fraction of a millisecond."""
        return cls(_threads(), _children(), _descriptors(), _segments())

    def less(self, before: Snapshot) -> list[str]:
        """One line for each thing that is here and was not there before."""
        return [
            *(f"thread {thread.name!r}" for thread in self.threads - before.threads),
            *(f"child process {_describe(pid)}" for pid in self.children - before.children),
            *(f"file descriptor {name}" for name in (self.descriptors - before.descriptors).elements()),
            *(f"shared memory {name}" for name in self.segments - before.segments),
        ]


def left_over(before: Snapshot, runtime: Path | None = None) -> list[str]:
    """What is still there that was not there `before`, and the files left in the `runtime` directory."""
    deadline = time.monotonic() + GRACE_S
    while True:
        pool().trim()  # free slots wait for their next use: no leak
        found = [*Snapshot.take().less(before), *(_files(runtime) if runtime else ())]
        if not found or time.monotonic() > deadline:
            return sorted(found)
        gc.collect()
        _wait_a_little(before)


def _wait_a_little(before: Snapshot) -> None:
    for thread in _threads() - before.threads:
        thread.join(0.05)
    time.sleep(0.01)


def _threads() -> frozenset[threading.Thread]:
    return frozenset(thread for thread in threading.enumerate() if not _lasts(thread))


def _lasts(thread: threading.Thread) -> bool:
    return thread.name in LASTING_THREADS or type(thread).__module__ in LASTING_MODULES


def _children() -> frozenset[int]:
    try:
        tasks = os.listdir("/proc/self/task")
    except FileNotFoundError:
        return frozenset(child.pid for child in psutil.Process().children())
    return frozenset(pid for task in tasks for pid in _children_of(task))


def _children_of(task: str) -> list[int]:
    try:
        return [int(pid) for pid in Path(f"/proc/self/task/{task}/children").read_text().split()]
    except FileNotFoundError:  # the thread ended meanwhile
        return []


def _describe(pid: int) -> str:
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return f"{pid} (zombie)"
        return f"{pid} ({process.status()}): {' '.join(process.cmdline())[:200]}"
    except psutil.Error:
        return str(pid)


def _descriptors() -> Counter[str]:
    """Open descriptors by what they point at; numbers do not matter, they are used again."""
    try:
        numbers = os.listdir("/proc/self/fd")
    except FileNotFoundError:
        return Counter()
    return Counter(target for number in numbers if (target := _target(number)))


def _target(number: str) -> str:
    try:
        return os.readlink(f"/proc/self/fd/{number}")
    except OSError:  # the descriptor that listed the directory
        return ""


def _segments() -> frozenset[str]:
    try:
        return frozenset(name for name in os.listdir(SHARED_MEMORY) if name.startswith(OURS))
    except FileNotFoundError:
        return frozenset()


def _files(runtime: Path) -> list[str]:
    return [f"runtime file {path.relative_to(runtime)}" for path in runtime.rglob("*") if not path.is_dir()]
