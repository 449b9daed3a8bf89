"""What a process holds, compared before and after a block."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager

from framebus.testing.leaks import GRACE_S, Snapshot


@contextmanager
def nothing_left_open() -> Iterator[None]:
    """Fails when the block leaves threads, processes, file descriptors or shared memory behind."""
    before = Snapshot.take()
    yield
    gc.collect()
    until = time.monotonic() + GRACE_S
    while (left := Snapshot.take().less(before)) and time.monotonic() < until:
        time.sleep(0.01)
    assert not left, f"left open: {', '.join(sorted(left))}"
