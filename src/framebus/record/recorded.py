"""What is in a recording, as plain data: streams, how long they last, what they look like, what is missing."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator

import msgspec
import numpy as np

from framebus.sinks.kept import Form, Kept

MAX_GAPS = 1000
"""So many gaps of a stream are listed, the longest; all are counted."""


class Gap(msgspec.Struct, frozen=True):
    """Frames that were not kept: numbers left out within a run. JSON-able."""

    run: str
    """16 hexadecimal digits: the start of the publisher that they belong to."""
    after: int
    """The number of the frame before them."""
    frames: int
    """How many there are."""
    at_ns: int
    """UTC nanoseconds at which the frame before them was captured."""


class Look(msgspec.Struct, frozen=True):
    """Frames of a stream that are alike. JSON-able."""

    form: Form
    frames: int


class Recorded(msgspec.Struct):
    """One stream in a recording. JSON-able."""

    stream: str
    frames: int = 0
    runs: int = 0
    """How often its publisher was started."""
    missing: int = 0
    """Frames that were not kept, in all gaps together."""
    gaps: list[Gap] = []
    """The longest thousand, in the order of the file."""
    looks: list[Look] = []
    begins_ns: int = 0
    """UTC nanoseconds at which the earliest frame was captured."""
    ends_ns: int = 0
    """The same of the latest one."""

    @property
    def lasts_s(self) -> float:
        """Seconds from the first frame to the last."""
        return (self.ends_ns - self.begins_ns) * 1e-9


class Recording(msgspec.Struct):
    """A file, or a folder that is one. JSON-able."""

    path: str
    nbytes: int
    whole: bool
    """False while it is written, and after its recorder was killed: what is in it can be read all the same."""
    busy: bool
    """True while a recorder writes it."""
    streams: list[Recorded]


def counted(frames: Iterable[Kept]) -> list[Recorded]:
    """The streams of a recording, by their names."""
    found: dict[str, _Counting] = {}
    for one in frames:
        found.setdefault(one.stream, _Counting()).count(one)
    return [counting.of(stream) for stream, counting in sorted(found.items())]


class _Counting:
    def __init__(self) -> None:
        self._looks: dict[Form, int] = {}
        self._runs: dict[int, tuple[array[int], array[int]]] = {}

    def count(self, one: Kept) -> None:
        self._looks[one.form] = self._looks.get(one.form, 0) + 1
        numbers, times = self._runs.setdefault(one.run, (array("Q"), array("q")))
        numbers.append(one.seq)
        times.append(one.captured_ns)

    def of(self, stream: str) -> Recorded:
        gaps = [gap for run, (numbers, times) in self._runs.items() for gap in _gaps(run, numbers, times)]
        longest = set(sorted(gaps, key=lambda gap: -gap.frames)[:MAX_GAPS])
        return Recorded(
            stream,
            frames=sum(self._looks.values()),
            runs=len(self._runs),
            missing=sum(gap.frames for gap in gaps),
            gaps=[gap for gap in gaps if gap in longest],
            looks=[Look(form, frames) for form, frames in self._looks.items()],
            begins_ns=min(min(times) for _, times in self._runs.values()),
            ends_ns=max(max(times) for _, times in self._runs.values()),
        )


def _gaps(run: int, numbers: array[int], times: array[int]) -> Iterator[Gap]:
    """Frames of a group come in any order, so the numbers are put in order first."""
    found = np.frombuffer(numbers, np.uint64)
    order = np.argsort(found, kind="stable")
    steps = np.diff(found[order])
    for at in np.flatnonzero(steps > 1).tolist():
        before = int(order[at])
        yield Gap(f"{run:016x}", numbers[before], int(steps[at]) - 1, times[before])
