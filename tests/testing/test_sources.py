"""The suite for sources: ours pass it, and every broken promise is noticed."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from framebus.core.contracts import Item, Maker
from framebus.core.frame import Frame
from framebus.testing import SourceConformance
from framebus.verbs.given import Given

ALL = [name for name in vars(SourceConformance) if name.startswith("test_")]


class Good:
    """A maker that keeps every promise."""

    live = False
    name = "good"

    def __init__(self) -> None:
        self.run = secrets.randbits(64) or 1
        self.closed = threading.Event()

    def __iter__(self) -> Iterator[Item]:
        for seq in range(1000):
            if self.closed.wait(0):
                return
            yield self.frame(seq)

    def frame(self, seq: int) -> Frame:
        return Frame.of(np.full((8, 8, 3), seq % 256, np.uint8), stream=self.name, run=self.run, seq=seq)

    def close(self) -> None:
        self.closed.set()


class CountsFromOne(Good):
    def frame(self, seq: int) -> Frame:
        return super().frame(seq + 1)


class LeavesGaps(Good):
    def frame(self, seq: int) -> Frame:
        return super().frame(seq * 2)


class SaysAnotherName(Good):
    def frame(self, seq: int) -> Frame:
        return super().frame(seq).replace(stream="other")


class HasNoName(Good):
    name = "no name"


class ChangesRuns(Good):
    def frame(self, seq: int) -> Frame:
        return super().frame(seq).replace(run=seq + 1)


class AlwaysTheSameRun(Good):
    def __init__(self) -> None:
        super().__init__()
        self.run = 1


class RunsBackwards(Good):
    def frame(self, seq: int) -> Frame:
        return super().frame(seq).replace(captured_ns=10**18 - seq)


class HasNoTime(Good):
    def frame(self, seq: int) -> Frame:
        return super().frame(seq).replace(captured_ns=0)


class ForgetsTheBoot(Good):
    def frame(self, seq: int) -> Frame:
        return super().frame(seq).replace(clock="")


class SaysAnotherFormat(Good):
    def frame(self, seq: int) -> Frame:
        return super().frame(seq).replace(format="gray8")


class FillsOneBuffer(Good):
    buffer = np.zeros((8, 8, 3), np.uint8)

    def frame(self, seq: int) -> Frame:
        self.buffer[:] = seq
        return super().frame(seq).replace(content=self.buffer)


class PutsObjectsIntoMeta(Good):
    def frame(self, seq: int) -> Frame:
        return super().frame(seq).replace(meta={"camera": object()})


class GoesOnAfterClose(Good):
    def close(self) -> None:
        """Nothing."""


class FailsWhenClosed(Good):
    def __iter__(self) -> Iterator[Item]:
        yield from super().__iter__()
        raise ValueError("closed")


class LeavesAFileOpen(Good):
    kept: list[Any]

    def __init__(self) -> None:
        super().__init__()
        type(self).kept = [*getattr(type(self), "kept", []), open("/dev/null", "rb")]  # noqa: SIM115


class CannotBeClosedTwice(Good):
    def close(self) -> None:
        assert not self.closed.is_set()
        super().close()


class IsNoMaker:
    name = "not"
    live = False

    def close(self) -> None:
        """Nothing."""


def failures(make: Callable[[], Any], tmp_path: Path) -> set[str]:
    """Which tests of the suite a maker fails."""

    class Suite(SourceConformance):
        def make(self, tmp_path: Path) -> Maker:
            maker: Maker = make()
            return maker

    failed = set()
    for name in ALL:
        try:
            getattr(Suite(), name)(tmp_path)
        except Exception:
            failed.add(name)
    return failed


def test_a_good_maker_passes(tmp_path: Path) -> None:
    assert failures(Good, tmp_path) == set()


@pytest.mark.parametrize(
    ("broken", "noticed"),
    [
        (CountsFromOne, "test_frames_are_numbered_from_zero_without_gaps"),
        (LeavesGaps, "test_frames_are_numbered_from_zero_without_gaps"),
        (SaysAnotherName, "test_frames_carry_the_makers_name"),
        (HasNoName, "test_says_what_it_is"),
        (IsNoMaker, "test_says_what_it_is"),
        (ChangesRuns, "test_every_start_is_a_run_of_its_own"),
        (AlwaysTheSameRun, "test_every_start_is_a_run_of_its_own"),
        (RunsBackwards, "test_capture_times_never_go_back"),
        (HasNoTime, "test_capture_times_never_go_back"),
        (ForgetsTheBoot, "test_capture_times_never_go_back"),
        (SaysAnotherFormat, "test_pixels_are_what_the_format_says"),
        (FillsOneBuffer, "test_frames_keep_their_pixels"),
        (PutsObjectsIntoMeta, "test_frames_travel"),
        (GoesOnAfterClose, "test_close_ends_it"),
        (FailsWhenClosed, "test_close_from_another_thread_ends_a_wait"),
        (CannotBeClosedTwice, "test_close_twice_and_without_reading"),
    ],
)
def test_broken_promises_are_noticed(broken: type, noticed: str, tmp_path: Path) -> None:
    assert noticed in failures(broken, tmp_path)


def test_files_left_open_are_noticed(tmp_path: Path) -> None:
    try:
        assert "test_nothing_stays_open" in failures(LeavesAFileOpen, tmp_path)
    finally:
        for file in LeavesAFileOpen.kept:
            file.close()


class TestGiven(SourceConformance):
    """What users hand over as it is: a generator of arrays."""

    def make(self, tmp_path: Path) -> Maker:
        return Given(np.full((8, 8), number, np.uint16) for number in range(8))
