"""What became of one input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

State = Literal["done", "failed", "stop", "left"]

PLAIN = -1
"""Instead of a number of pictures: one, whose file has no number."""


class Outcome(NamedTuple):
    """What became of one input."""

    state: State
    """`stop`: failed, and so would every further one; `left`: not looked at, because of such a one before it."""
    reason: str = ""
    """Why it failed; where it is done, what is damaged about it."""
    made: tuple[int, ...] = ()
    """For each output how many files were made, numbered from 0, or `PLAIN`."""
    read: int = 0
    """Bytes."""
    written: int = 0
    """Bytes."""


def all_plain(counts: Sequence[int]) -> bool:
    """Whether no file that was made has a number."""
    return counts.count(PLAIN) == len(counts)


LEFT = Outcome("left")
