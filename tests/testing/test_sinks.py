"""The suite for sinks notices every broken promise."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from framebus.core.contracts import Done, Item, Sink
from framebus.core.errors import BadFrame, Closed
from framebus.core.frame import Frame, Identity
from framebus.testing import SinkConformance

ALL = [name for name in vars(SinkConformance) if name.startswith("test_")]
PLACE: dict[Identity, bytes] = {}
"""Where the sinks of this file keep frames; emptied before every use."""


class Good:
    """A sink that keeps every promise."""

    keep: str | None = "all"
    group: str | None = "good.12345678"

    def __init__(self) -> None:
        self.closed = False

    def write(self, item: Item, done: Done) -> None:
        if self.closed:
            raise Closed("closed")
        if not isinstance(item, Frame):
            raise BadFrame("pictures only")
        self.put(item)
        done()

    def put(self, frame: Frame) -> None:
        PLACE[frame.identity] = frame.data.tobytes()

    def close(self) -> None:
        self.closed = True


class KeepsSome(Good):
    keep = "some"


class ChangesItsName(Good):
    def __init__(self) -> None:
        super().__init__()
        self.group = f"good.{id(self):08x}"


class NeverSaysDone(Good):
    def write(self, item: Item, done: Done) -> None:
        super().write(item, lambda: None)


class SaysDoneTwice(Good):
    def write(self, item: Item, done: Done) -> None:
        super().write(item, done)
        done()


class TakesNoGray(Good):
    def put(self, frame: Frame) -> None:
        if frame.data.ndim == 2:
            raise BadFrame("colour only")
        super().put(frame)


class TakesNoEncodedFrames(Good):
    def put(self, frame: Frame) -> None:
        assert isinstance(frame.content, np.ndarray)
        super().put(frame)


class WantsOneShape(Good):
    shape: tuple[int, ...] | None = None

    def put(self, frame: Frame) -> None:
        self.shape = self.shape or frame.shape
        assert frame.shape == self.shape
        super().put(frame)


class FailsOnPackets(Good):
    def write(self, item: Item, done: Done) -> None:
        if not isinstance(item, Frame):
            raise TypeError("?")
        super().write(item, done)


class Draws(Good):
    def put(self, frame: Frame) -> None:
        if isinstance(frame.content, np.ndarray):
            frame.content[0] = 0
        super().put(frame)


class LosesTheLast(Good):
    def put(self, frame: Frame) -> None:
        if frame.seq < 4:
            super().put(frame)


class KeepsTwice(Good):
    def __init__(self) -> None:
        super().__init__()
        self.start = len(PLACE)

    def put(self, frame: Frame) -> None:
        PLACE[Identity(frame.stream, frame.run, frame.seq + 100 * self.start)] = b""


class OverwritesEarlierRuns(Good):
    def put(self, frame: Frame) -> None:
        PLACE[Identity(frame.stream, 0, frame.seq)] = b""


class WritesAfterClose(Good):
    def close(self) -> None:
        """Nothing."""


def failures(make: Callable[[], Any], tmp_path: Path) -> set[str]:
    """Which tests of the suite a sink fails."""

    class Suite(SinkConformance):
        def make(self, tmp_path: Path) -> Sink:
            sink: Sink = make()
            return sink

        def stored(self, tmp_path: Path) -> int:
            return len(PLACE)

    failed = set()
    for name in ALL:
        PLACE.clear()
        try:
            getattr(Suite(), name)(tmp_path)
        except Exception:
            failed.add(name)
    return failed


def test_a_good_sink_passes(tmp_path: Path) -> None:
    assert failures(Good, tmp_path) == set()


@pytest.mark.parametrize(
    ("broken", "noticed"),
    [
        (KeepsSome, "test_says_what_it_wants"),
        (ChangesItsName, "test_is_known_by_the_same_name_after_a_restart"),
        (NeverSaysDone, "test_says_done_once_for_every_frame"),
        (SaysDoneTwice, "test_says_done_once_for_every_frame"),
        (TakesNoGray, "test_takes_every_format"),
        (TakesNoEncodedFrames, "test_takes_encoded_frames"),
        (WantsOneShape, "test_takes_frames_that_change_shape"),
        (FailsOnPackets, "test_takes_packets_or_refuses_them"),
        (Draws, "test_leaves_frames_as_they_are"),
        (LosesTheLast, "test_keeps_every_frame_written"),
        (KeepsTwice, "test_keeps_a_frame_sent_again_once"),
        (OverwritesEarlierRuns, "test_keeps_the_frames_of_earlier_runs"),
        (WritesAfterClose, "test_close_is_final_and_idempotent"),
    ],
)
def test_broken_promises_are_noticed(broken: type, noticed: str, tmp_path: Path) -> None:
    assert noticed in failures(broken, tmp_path)
