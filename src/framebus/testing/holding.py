"""What a process holds: threads and file descriptors, counted before and after."""

from __future__ import annotations

import gc
import os
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

GRACE_S = 2.0
"""For so long what is being closed may take: ZeroMQ frees a socket in a thread of its own."""


@contextmanager
def nothing_left_open() -> Iterator[None]:
    """Fails when the block leaves more threads or file descriptors behind than it found."""
    before = _held()
    yield
    gc.collect()
    until = time.monotonic() + GRACE_S
    while (left := _held() - before) and time.monotonic() < until:
        time.sleep(0.01)
    assert not left, f"left open: {', '.join(sorted(left))}"


def _held() -> Counter[str]:
    held = Counter(f"thread {thread.name}" for thread in threading.enumerate())
    try:
        descriptors = os.listdir("/proc/self/fd")
    except OSError:
        return held
    for descriptor in descriptors:
        try:
            held[f"descriptor of {os.readlink(f'/proc/self/fd/{descriptor}')}"] += 1
        except OSError:  # the one that listed the folder
            continue
    return held
