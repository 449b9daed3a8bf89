"""What tests of shared memory get: a pool that keeps nothing from one test to the next."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from framebus.memory.pool import pool


@pytest.fixture(autouse=True)
def _trimmed(runtime_dir: Path) -> Iterator[None]:
    """Before the check for leaks: free slots are no leak, but each is a file descriptor."""
    yield
    pool().trim()
