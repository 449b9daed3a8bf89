"""Real doors, seen from both sides."""

from __future__ import annotations

import contextlib
import os
import resource
from collections.abc import Iterator

from framebus.links.entrance import Door


def anybody(address: str) -> str:
    """Admits every address."""
    return ""


def port_of(door: Door) -> int:
    return int(door.address.rpartition(":")[2])


@contextlib.contextmanager
def no_descriptor_left() -> Iterator[None]:
    """This process cannot open another file."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest = os.dup(0)
    os.close(lowest)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
