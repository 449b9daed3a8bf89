"""What is in a spool's folder, looked at without changing anything, whoever has it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from io import FileIO

import msgspec

from framebus.core.errors import Unavailable
from framebus.links import directory
from framebus.links.spool import notes, owed_journal, records, segments
from framebus.links.spool.records import Damage, Record
from framebus.links.spool.recovery import Left
from framebus.links.spool.segments import Place, Segment
from framebus.links.spool.spool_folder import Holder, last_holder


class Waiting(msgspec.Struct, kw_only=True):
    """The frames of one stream that wait on disk. JSON-able."""

    stream: str
    frames: int = 0
    nbytes: int = 0
    oldest_ns: int = 0
    """UTC nanoseconds at which the oldest was captured; 0 where it does not say."""


class Spooled(msgspec.Struct, kw_only=True):
    """A spool. JSON-able."""

    path: str
    nbytes: int
    """Of its files, those that nobody is owed any more included."""
    busy: bool
    """True while a publisher has it."""
    holder: Holder
    """Who has it, or had it last."""
    streams: list[Waiting]
    owed: dict[str, int]
    """How many frames each reader that is known is owed."""


def is_spool(folder: str) -> bool:
    """Whether a publisher keeps frames in `folder`, or did."""
    holder = last_holder(folder) if os.path.isdir(folder) else None
    return holder is not None and holder.pid > 0


def look(folder: str) -> Spooled:
    """What waits in `folder` now; raises `Unavailable` where it cannot be read."""
    holder = last_holder(folder) or Holder()
    try:
        files = _Segments(folder, segments.MOST_BYTES)
        left = Left(_Journal(folder), files)
        streams = _streams(left)
    except OSError as error:
        raise Unavailable(f"the spool {folder} cannot be read: {error.strerror}") from error
    owed = Counter(share.group for label, _ in left.frames for share in label.shares)
    busy = any(record.kind == "publisher" and record.pid == holder.pid for record in directory.entries())
    named = {group: owed[group] for group in sorted({*left.groups, *owed})}
    return Spooled(path=folder, nbytes=files.used, busy=busy, holder=holder, streams=streams, owed=named)


def _streams(left: Left) -> list[Waiting]:
    found: dict[str, Waiting] = {}
    for label, place in left.frames:
        if label.stream not in found:
            found[label.stream] = Waiting(stream=label.stream, oldest_ns=_captured_ns(place))
        waiting = found[label.stream]
        waiting.frames, waiting.nbytes = waiting.frames + 1, waiting.nbytes + label.nbytes
    return [found[stream] for stream in sorted(found)]


def _captured_ns(place: Place) -> int:
    with FileIO(place.segment.path, "r") as file:
        record = records.read(file, place.offset, os.path.getsize(place.segment.path))
    try:
        return int(msgspec.json.decode(record.head).get("captured_ns", 0))
    except (ValueError, AttributeError, TypeError):
        return 0


class _Journal(owed_journal.Journal):
    """Read, and left as it is."""

    def load(self, use: Callable[[notes.Line], None]) -> None:
        for record in _whole(self.path):
            with suppress(notes.BadLine):
                use(notes.line(record.label))


class _Segments(segments.Segments):
    """Read, and left as they are."""

    def load(self, use: Callable[[Record, Place], bool]) -> None:
        for _, path in sorted(self._found()):
            segment = Segment(path)
            for record in _whole(path):
                use(record, Place(segment, record.offset))
            self.used += os.path.getsize(path)


def _whole(path: str) -> Iterator[Record]:
    """Every record up to where the file is damaged, or just being written."""
    with suppress(Damage, FileNotFoundError), FileIO(path, "r") as file:
        yield from records.walk(file)
