"""Waiting in a test for what another thread or process is about to do."""

from __future__ import annotations

import time
from collections.abc import Callable

from framebus.testing.links import WAIT_S


def until(condition: Callable[[], object]) -> None:
    """Return as soon as it holds; fail where it never does."""
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.002)
