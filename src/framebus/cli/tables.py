"""Streams and their readers as tables for people."""

from __future__ import annotations

from collections.abc import Sequence

from framebus.cli import figures
from framebus.core.statistics import ReaderInfo, StreamInfo

_HEAD = ("STREAM", "ADDRESS", "RATE", "NEWEST", "FRAMES", "READERS", "PUBLISHED BY")
_READER_HEAD = ("READER", "KEEPS", "MISSED", "OWED", "READY FOR")


def of_streams(streams: Sequence[StreamInfo]) -> list[str]:
    """One line for each stream, then one for each reader of each publisher."""
    if not streams:
        return []
    width = len(_HEAD) if any(info.pid for info in streams) else len(_HEAD) - 1
    lines = figures.columns(_HEAD[:width], [_stream(info)[:width] for info in streams], right=frozenset({2, 3, 4, 5}))
    readers = {(info.address, reader.name): reader for info in streams for reader in info.readers}
    if readers:
        lines += ["", *figures.columns(_READER_HEAD, list(map(_reader, readers.values())), right=frozenset({2, 3, 4}))]
    return lines


def _stream(info: StreamInfo) -> tuple[str, ...]:
    return (
        info.name,
        info.address,
        figures.rate(info.rate),
        figures.age(info.age_s if info.live else None),
        f"{info.frames:,}",
        str(len(info.readers)),
        f"{info.command} ({info.pid})" if info.pid else "",
    )


def _reader(reader: ReaderInfo) -> tuple[str, ...]:
    return (
        reader.name + (" (away)" if reader.away else ""),
        "every frame" if reader.keep == "all" else "the newest",
        f"{reader.missed:,}",
        f"{reader.owed:,}",
        figures.count(reader.credit, "frame"),
    )
