"""What a process holds, compared before and after a block."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from framebus.testing.leaks import Snapshot, left_over


@contextmanager
def nothing_left_open() -> Iterator[None]:
    """Fails when the block leaves threads, processes, file descriptors or shared memory behind."""
    before = Snapshot.take()
    yield
    left = left_over(before)
    assert not left, f"left open: {', '.join(left)}"
