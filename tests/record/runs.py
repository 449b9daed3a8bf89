"""HDF5 recordings: written and read back."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from framebus.core.addresses import Path as Place
from framebus.core.contracts import Item
from framebus.core.frame import Frame
from framebus.record import hdf5
from framebus.sources.hdf5 import open_source


def record(place: Path | str, items: Iterable[Item], **options: Any) -> list[int]:
    """Write items into a recorder and close it; the numbers that were done, in order."""
    done: list[int] = []
    sink = hdf5.open_sink(Place(str(place)), **options)
    try:
        for item in items:
            sink.write(item, lambda seq=item.seq: done.append(seq))  # type: ignore[misc]
    finally:
        sink.close()
    return done


def played(place: Path | str, **options: Any) -> list[Frame]:
    """All frames of a recording."""
    source = open_source(Place(str(place)), **options)
    try:
        return list(source)
    finally:
        source.close()


def numbers(place: Path | str, **options: Any) -> list[tuple[str, int]]:
    """Their streams and numbers."""
    return [(frame.stream, frame.seq) for frame in played(place, **options)]
