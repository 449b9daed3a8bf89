"""What is in a recording, as plain data: streams, how long they last, what they look like, what was lost, left out."""

from __future__ import annotations

from array import array
from collections.abc import Iterable

import msgspec
import numpy as np

from framebus.sinks.kept import Form, Kept

MAX_GAPS = 1000
"""So many gaps of a stream are listed, the longest, and so many losses, the first; all are counted."""


class Loss(msgspec.Struct, frozen=True):
    """Frames that were lost on their way to who recorded the stream. JSON-able."""

    run: str
    """16 hexadecimal digits: the start of the publisher that they belong to."""
    before: int
    """The number of the frame before which they were lost."""
    frames: int
    """How many there were."""
    at_ns: int
    """UTC nanoseconds at which the frame before which they were lost was captured."""


class Gap(msgspec.Struct, frozen=True):
    """Numbers of a run that are not there though nothing was lost: who recorded it did not want them. JSON-able.

    In a recording of early days, which does not say what was lost, that is among them.
    """

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
    lost: int = 0
    """Frames that were lost on their way."""
    losses: list[Loss] = []
    """The first thousand, in the order of the file."""
    left_out: int = 0
    """Frames that are not there though they were not lost, in all gaps together."""
    gaps: list[Gap] = []
    """The longest thousand, run by run."""
    untold: int = 0
    """Frames of which it is not known what was lost before them, as a recorder of early days did not say."""
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


class _Run:
    """What is known of the frames of one run, in the order of the file."""

    def __init__(self) -> None:
        self.numbers, self.times, self.missed = array("Q"), array("q"), array("Q")

    def count(self, one: Kept) -> None:
        self.numbers.append(one.seq)
        self.times.append(one.captured_ns)
        self.missed.append(one.missed or 0)


class _Counting:
    def __init__(self) -> None:
        self._looks: dict[Form, int] = {}
        self._runs: dict[int, _Run] = {}
        self._losses: list[Loss] = []
        self._lost = self._untold = 0

    def count(self, one: Kept) -> None:
        self._looks[one.form] = self._looks.get(one.form, 0) + 1
        self._runs.setdefault(one.run, _Run()).count(one)
        self._untold += one.missed is None
        if one.missed:
            self._lost += one.missed
            if len(self._losses) < MAX_GAPS:
                self._losses.append(Loss(f"{one.run:016x}", one.seq, one.missed, one.captured_ns))

    def of(self, stream: str) -> Recorded:
        gaps = [gap for run, found in self._runs.items() for gap in _gaps(run, found)]
        longest = set(sorted(gaps, key=lambda gap: -gap.frames)[:MAX_GAPS])
        return Recorded(
            stream,
            frames=sum(self._looks.values()),
            runs=len(self._runs),
            lost=self._lost,
            losses=self._losses,
            left_out=sum(gap.frames for gap in gaps),
            gaps=[gap for gap in gaps if gap in longest],
            untold=self._untold,
            looks=[Look(form, frames) for form, frames in self._looks.items()],
            begins_ns=min(min(run.times) for run in self._runs.values()),
            ends_ns=max(max(run.times) for run in self._runs.values()),
        )


def _gaps(run: int, found: _Run) -> list[Gap]:
    """What is between the numbers and was not lost.

    Frames of a group come in any order, so the numbers are put in order first; what was lost before a frame is then
    somewhere below it, the nearest where possible.
    """
    numbers, missed = np.frombuffer(found.numbers, np.uint64), np.frombuffer(found.missed, np.uint64)
    order = np.argsort(numbers, kind="stable")
    steps, lost = np.diff(numbers[order], prepend=numbers[order[:1]]), missed[order]
    open_: list[tuple[int, int]] = []
    for at in np.flatnonzero((steps > 1) | (lost > 0)).tolist():
        if steps[at] > 1:
            open_.append((int(order[at - 1]), int(steps[at]) - 1))
        left = int(lost[at])
        while left and open_:
            before, frames = open_.pop()
            if frames > left:
                open_.append((before, frames - left))
            left -= min(left, frames)
    return [Gap(f"{run:016x}", found.numbers[before], frames, found.times[before]) for before, frames in open_]
