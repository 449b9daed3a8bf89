"""What is in a recording, and how one whose recorder was killed becomes an ordinary file: `info` and `doctor`."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from importlib import import_module
from typing import Any

import msgspec

from framebus.core.errors import BadFrame, Unavailable
from framebus.core.registry import EXTRAS
from framebus.sinks.claim import Claim
from framebus.sinks.place import saying

VIDEO = (".mp4", ".mkv")
HDF5 = (".h5", ".hdf5")


class Recorded(msgspec.Struct):
    """One stream in a recording. JSON-able."""

    stream: str
    frames: int = 0
    runs: int = 0
    """How often its publisher was started."""
    missing: int = 0
    """Frames that were not kept: numbers left out within a run."""
    begins_ns: int = 0
    """UTC nanoseconds at which the earliest frame was captured."""
    ends_ns: int = 0
    """The same of the latest one."""

    @property
    def lasts_s(self) -> float:
        """Seconds from the first frame to the last."""
        return (self.ends_ns - self.begins_ns) * 1e-9


class Recording(msgspec.Struct):
    """A file. JSON-able."""

    path: str
    nbytes: int
    whole: bool
    """False while it is written, and after its recorder was killed: what is in it can be read all the same."""
    streams: list[Recorded]


def inspect(path: str) -> Recording:
    """What is in the recording at `path`, also while it is written; nothing is decoded.

    Raises `BadFrame` where framebus did not record it, `Unavailable` where it cannot be read or an extra is missing.
    """
    with saying(path):
        streams: dict[str, _Counting] = {}
        for stream, run, seq, captured_ns in _entries(path):
            streams.setdefault(stream, _Counting()).count(run, seq, captured_ns)
        counted = [counting.of(stream) for stream, counting in sorted(streams.items())]
        return Recording(path, os.path.getsize(path), not _unfinished(path), counted)


def repair(path: str) -> Recording:
    """Make an ordinary file of one whose recorder was killed; one that is whole is left alone.

    Raises `Unavailable` while it is being written, and what `inspect` raises.
    """
    with saying(path), open(path, "rb+") as file:
        Claim(file.fileno(), path)
    inspect(path)
    if _unfinished(path):
        if path.endswith(HDF5):
            _leaf("hdf5").Hdf5File(path, resume=True).close()
        else:
            _leaf("filmed").mend(path)
    return inspect(path)


class _Counting:
    def __init__(self) -> None:
        self._frames = 0
        self._times: list[int] = []
        self._runs: dict[int, tuple[int, int, int]] = {}

    def count(self, run: int, seq: int, captured_ns: int) -> None:
        least, most, count = self._runs.get(run, (seq, seq, 0))
        self._runs[run] = min(least, seq), max(most, seq), count + 1
        self._frames += 1
        self._times = [min([captured_ns, *self._times[:1]]), max([captured_ns, *self._times[1:]])]

    def of(self, stream: str) -> Recorded:
        missing = sum(most - least + 1 - count for least, most, count in self._runs.values())
        return Recorded(stream, self._frames, len(self._runs), missing, self._times[0], self._times[1])


def _entries(path: str) -> Iterable[tuple[str, int, int, int]]:
    if path.endswith(VIDEO):
        return ((one.stream, int(one.run, 16), one.seq, one.captured_ns) for one in _leaf("filmed").entries(path))
    if path.endswith(HDF5):
        return _rows(_leaf("hdf5_contents").entries(path))
    raise BadFrame(f"{path} is no recording: those end in {', '.join((*HDF5, *VIDEO))}")


def _rows(parts: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, int, int, int]]:
    for stream, index in parts:
        for row in index:
            yield stream, int(row["run"]), int(row["seq"]), int(row["captured_ns"])


def _unfinished(path: str) -> bool:
    return bool(_leaf("hdf5_contents").is_open(path) if path.endswith(HDF5) else _leaf("filmed").index_missing(path))


def _leaf(name: str) -> Any:
    """The module that needs a package of an extra."""
    try:
        return import_module(f"framebus.sinks.{name}")
    except ImportError as error:
        extra = EXTRAS.get((error.name or "").partition(".")[0], "all")
        raise Unavailable(f"recordings of this kind need a package: pip install 'framebus[{extra}]'") from error
