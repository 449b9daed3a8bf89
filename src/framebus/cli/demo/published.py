"""A stream of the demo, as its readers know it."""

from __future__ import annotations

from typing import NamedTuple


class Published(NamedTuple):
    """Where it is, and how many pictures it repeats."""

    stream: str
    address: str
    cycle: int = 0
    """After so many pictures their numbers begin again; 0 for never."""
