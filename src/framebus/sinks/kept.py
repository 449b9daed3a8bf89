"""What is known of each frame in a recording without looking at its pixels."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from framebus.core.errors import BadFrame


class Form(msgspec.Struct, frozen=True):
    """What pictures that are alike have in common. JSON-able."""

    format: str
    """Of their pixels, `bgr24`, or the codec of video, `h264`."""
    shape: tuple[int, ...]
    dtype: str = ""
    """`<u2`; empty for coded video."""


class Kept(NamedTuple):
    """One frame."""

    stream: str
    form: Form
    run: int
    seq: int
    captured_ns: int
    missed: int | None = None
    """How many frames were lost before it; None where a recorder of early days did not say."""


class Telling:
    """Where frames say what was lost before them only if something was, but the first that a recorder writes always."""

    def __init__(self) -> None:
        self._told = False

    def of(self, missed: int | None) -> int | None:
        """What was lost before the next frame, which says `missed`; None where it is not known."""
        self._told = self._told or missed is not None
        return missed or 0 if self._told else None


def foreign(path: str, why: str) -> BadFrame:
    """What to raise for a file that framebus did not record."""
    return BadFrame(f"{path} is no recording of framebus: {why}")
