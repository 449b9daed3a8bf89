"""Recordings of arrays: written and read back."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from framebus.core.addresses import Path as Place
from framebus.core.contracts import Item, Maker, Sink
from framebus.core.frame import Frame
from framebus.core.registry import SINKS, SOURCES
from framebus.testing import samples


def sink(place: Path | str, **options: Any) -> Sink:
    """A recorder at `place`, by its extension."""
    made: Sink = SINKS.get(_extension(place))(Place(str(place)), **options)
    return made


def source(place: Path | str, **options: Any) -> Maker:
    """What plays the recording at `place`."""
    made: Maker = SOURCES.get(_extension(place))(Place(str(place)), **options)
    return made


def record(place: Path | str, items: Iterable[Item], **options: Any) -> list[int]:
    """Write items into a recorder and close it; the numbers that were done, in order."""
    done: list[int] = []
    recorder = sink(place, **options)
    try:
        for item in items:
            recorder.write(item, lambda seq=item.seq: done.append(seq))  # type: ignore[misc]
    finally:
        recorder.close()
    return done


def played(place: Path | str, **options: Any) -> list[Frame]:
    """All frames of a recording."""
    maker = source(place, **options)
    try:
        return [item for item in maker if isinstance(item, Frame)]
    finally:
        maker.close()


def numbers(place: Path | str, **options: Any) -> list[tuple[str, int]]:
    """Their streams and numbers."""
    return [(frame.stream, frame.seq) for frame in played(place, **options)]


def lossy(missed: Sequence[int], stream: str = "cam") -> list[Frame]:
    """Frames before each of which so many were lost."""
    frames, seq = [], -1
    for frame, lost in zip(samples(len(missed), stream=stream), missed, strict=True):
        seq += lost + 1
        captured_ns = frame.captured_ns + 10**7 * (seq - frame.seq)
        frames.append(frame.replace(seq=seq, missed=lost, captured_ns=captured_ns))
    return frames


def told(frames: Iterable[Item]) -> list[tuple[int, int]]:
    """Their numbers and what was missed before each."""
    return [(frame.seq, frame.missed) for frame in frames]


def _extension(place: Path | str) -> str:
    return os.path.splitext(str(place))[1][1:]
