"""Where a map's frames come from: any iterable, or a source, which is told of each frame whose result was taken."""

from __future__ import annotations

import os
import secrets
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any

import numpy as np

from framebus.core.bell import SLICE_S
from framebus.core.contracts import Item
from framebus.core.errors import BadFrame, OptionError, Timeout
from framebus.core.frame import Array, Frame, Packet
from framebus.core.snapshot import checked, lasting, snapshot
from framebus.core.source import Source
from framebus.memory import room
from framebus.pool.answers import kind_of
from framebus.work.stage import Stage


class Intake(ABC):
    """Frames for a stage. Used by one thread."""

    ended = False

    @abstractmethod
    def next(self, stage: Stage) -> Item | None:
        """The next frame; None at the end, or once `stage`, where it is busy, may have results."""

    @abstractmethod
    def done(self, item: Item) -> None:
        """The result of `item` is where it belongs."""


def intake(frames: Iterable[Frame | Array], *, held: bool) -> Intake:
    """The intake for a source or any iterable; raises `OptionError` for an address, which is to be opened first.

    `held`: the next frame may be asked for before the last one was worked on.
    """
    if isinstance(frames, str | os.PathLike):
        raise OptionError(f"{str(frames)!r} is an address, and frames are wanted: give fb.open({str(frames)!r})")
    return _FromSource(frames) if isinstance(frames, Source) else _FromIterable(frames, lasting(frames) or not held)


def taken(source: Source[Any], stage: Stage, limit_s: float) -> Item | None:
    """The next frame of `source`, None at its end; looks up from waiting when `stage`, where it is busy, has news.

    Raises `Timeout` when none came by then, or within `limit_s`.
    """
    if not stage.busy:
        return source.take(limit_s)
    try:
        return source.take(0)
    except Timeout:
        stage.flush()
        if not stage.wait(limit_s, (source.fileno(),)):
            raise
        return source.take(0)


class _FromSource(Intake):
    def __init__(self, source: Source[Any]) -> None:
        self._source = source
        self._owed: dict[int, Item] = {}

    def next(self, stage: Stage) -> Item | None:
        source = self._source
        limit = None if source.timeout is None else time.monotonic() + source.timeout
        while True:
            try:
                item = taken(source, stage, _slice(limit))
            except Timeout:
                if limit is not None and time.monotonic() >= limit:
                    raise
                if stage.busy:
                    return None
                continue
            self.ended = item is None
            return self._taken(item)

    def _taken(self, item: Item | None) -> Item | None:
        """Newest frames are not held against the source's credit while they are worked on: others may come."""
        if item is not None:
            if self._source.owes(item):
                self._owed[id(item)] = item
            else:
                self._source.done(item)
        return item

    def done(self, item: Item) -> None:
        if self._owed.pop(id(item), None) is not None:
            self._source.done(item)


class _FromIterable(Intake):
    def __init__(self, frames: Iterable[Frame | Array], lasting: bool) -> None:
        self._frames = iter(frames)
        self._lasting = lasting
        self._run = secrets.randbits(64) or 1
        self._number = 0

    def next(self, stage: Stage) -> Item | None:
        frame = next(self._frames, None)
        self.ended = frame is None
        return None if frame is None else self._framed(frame)

    def done(self, item: Item) -> None:
        return

    def _framed(self, frame: Frame | Packet | Array) -> Item:
        number, self._number = self._number, self._number + 1
        if isinstance(frame, np.ndarray):
            image = checked(frame) if self._lasting else snapshot(checked(frame), room.empty)
            return Frame.of(image, stream="frames", run=self._run, seq=number)
        if isinstance(frame, Frame | Packet):
            return frame if frame.run else frame.replace(stream=frame.stream or "frames", run=self._run, seq=number)
        raise BadFrame(f"a {kind_of(frame)} is no frame: give arrays (height, width[, channels]) or frames")


def _slice(limit: float | None) -> float:
    return SLICE_S if limit is None else min(SLICE_S, max(0.0, limit - time.monotonic()))
