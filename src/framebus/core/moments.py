"""Moments in a recording, as people write them: so far into it, at a time of day, or a frame by its number."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import msgspec

from framebus.core import units

MOMENTS = (
    "seconds from the beginning (90, '10min'), a time ('2025-03-01T12:00', local unless it says), or '#100', the "
    "hundredth frame after the first"
)
_NUMBER = re.compile(r"#(\d{1,15})", re.ASCII)
_NS = 1_000_000_000


class Moment(msgspec.Struct, frozen=True):
    """One of three: `after_ns` from the beginning, `at_ns` UTC, or frame `number` of each stream, from 0."""

    after_ns: int | None = None
    at_ns: int | None = None
    number: int | None = None

    def since(self, first_ns: int) -> int | None:
        """UTC nanoseconds, in a recording that begins at `first_ns`; None for the number of a frame."""
        return self.at_ns if self.after_ns is None else first_ns + self.after_ns


def parse(value: Any) -> Moment:
    """A moment as written; raises `OptionError` or `ValueError` for anything else."""
    if isinstance(value, Moment):
        return value
    if isinstance(value, datetime):
        return _at(value)
    if isinstance(value, str):
        if found := _NUMBER.fullmatch(value.strip()):
            return Moment(number=int(found[1]))
        if "-" in value or ":" in value:
            return _at(datetime.fromisoformat(value.strip()))
    return Moment(after_ns=round(units.duration(value) * _NS))


def _at(time: datetime) -> Moment:
    whole = time.replace(microsecond=0).astimezone()
    return Moment(at_ns=int(whole.timestamp()) * _NS + time.microsecond * 1000)
