"""Counters of a source or publisher, and the record of a stream that lists show.

One thread at a time writes (whoever drives the endpoint), any number read without locks: every figure is
replaced whole, so a reader sees an old one or a new one, never half of one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any, Literal

import msgspec

from framebus.core import clock
from framebus.core.contracts import Item, SourceState
from framebus.core.figures import count

WINDOW_NS = 2 * 10**9
"""The stretch of time that `rate` looks back on."""

_BADNESS = ("live", "stalled", "away")
_MARK_EVERY_NS = WINDOW_NS // 16
_MARKS = 18


class ReaderInfo(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One reader of a publisher, as shown by `framebus list`. JSON-able."""

    name: str
    """Its `group`, or what is known of an anonymous one (host, process)."""
    pid: int = 0
    """Of the process that reads, on its machine; 0 where it is away or does not say."""
    command: str = ""
    """Its command line, shortened and without secrets."""
    keep: str = "latest"
    missed: int = 0
    owed: int = 0
    """Frames kept for it that it has not acknowledged."""
    credit: int = 0
    """Frames it is ready to take now."""
    leases: int = 0
    """Pictures of ours in shared memory that it holds."""
    away: bool = False


class StreamInfo(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One published stream, as returned by `framebus.streams()`. JSON-able."""

    name: str
    address: str
    pid: int = 0
    command: str = ""
    kind: str = ""
    """What carries it: `shm`, `ipc` or `tcp`."""
    live: bool = True
    rate: float = 0.0
    """Frames per second over the last two seconds."""
    age_s: float | None = None
    """Seconds since its newest frame was captured; None before the first."""
    frames: int = 0
    readers: list[ReaderInfo] = []
    state: SourceState | None = None
    """How the camera or link is from which it comes; None where it comes from neither, or nobody says."""


class FlowInfo(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """One pipe or page that reads something, as `framebus list` shows it where that is not published on. JSON-able."""

    reads: str
    """The address, or several; credentials redacted."""
    into: str
    """Where the frames go: an address, or `the page`."""
    pid: int = 0
    command: str = ""
    kind: Literal["flow"]
    rate: float = 0.0
    age_s: float | None = None
    frames: int = 0
    missed: int = 0
    state: SourceState | None = None
    """How what is read is, the worst of several; None where it is neither camera nor link, or has not come yet."""
    states: dict[str, SourceState] = {}
    """The same of each stream."""


class StreamStats:
    """Counters of one stream. `missed` counts what this reader did not get, `bytes` what frames carried."""

    __slots__ = ("_last_ns", "_marks", "_next_mark_ns", "_taken", "bytes", "frames", "missed", "name", "state")

    def __init__(self, name: str) -> None:
        self.name = name
        self.frames = 0
        self.missed = 0
        self.bytes = 0
        self.state: SourceState | None = None
        """How the camera is from which it comes; None where it comes from none."""
        self._taken: tuple[int, int, str] | None = None
        self._last_ns = 0
        self._next_mark_ns = 0
        self._marks: tuple[tuple[int, int], ...] = ()

    def count(self, item: Item, nbytes: int, now_ns: int) -> None:
        """Count `item` of `nbytes`, arrived at monotonic `now_ns`."""
        self.frames += 1
        self.missed += item.missed
        self.bytes += nbytes
        self._taken = (item.captured_ns, item.captured_mono_ns, item.clock)
        self._last_ns = now_ns
        if now_ns >= self._next_mark_ns:
            self._marks = (*self._marks[1 - _MARKS :], (now_ns, self.frames))
            self._next_mark_ns = now_ns + _MARK_EVERY_NS

    def rate_at(self, now_ns: int) -> float:
        """Frames per second at monotonic `now_ns`, over the two seconds before the newest frame.

        When no frame comes for more than twice the usual interval, the rate sinks with the time of silence.
        """
        marks, last_ns, frames = self._marks, self._last_ns, self.frames
        since_ns, before = _newest_outside(marks, last_ns - WINDOW_NS)
        if frames <= before or last_ns <= since_ns:
            return 0.0
        rate = (frames - before) * 1e9 / (last_ns - since_ns)
        silence_s = (now_ns - last_ns) * 1e-9
        return rate if silence_s * rate <= 2 else 1 / silence_s

    @property
    def rate(self) -> float:
        """Frames per second, now."""
        return self.rate_at(clock.mono_ns())

    @property
    def interval_s(self) -> float:
        """Seconds from one frame to the next, while they came; 0 before the second."""
        rate = self.rate_at(self._last_ns)
        return 1 / rate if rate else 0.0

    def silence_s(self, now_ns: int) -> float | None:
        """Seconds without a frame, at monotonic `now_ns`; None before the first."""
        return (now_ns - self._last_ns) * 1e-9 if self.frames else None

    @property
    def age_s(self) -> float | None:
        """Seconds since the newest frame was captured; None before the first or when it does not say."""
        if self._taken is None:
            return None
        age_s = clock.age_s(*self._taken)
        return None if math.isnan(age_s) else age_s

    def snapshot(self) -> dict[str, Any]:
        """The figures of now, JSON-able."""
        return {
            "frames": self.frames,
            "missed": self.missed,
            "bytes": self.bytes,
            "rate": round(self.rate, 3),
            "age_s": self.age_s,
        } | ({} if self.state is None else {"state": msgspec.to_builtins(self.state)})


class Stats:
    """Counters of a source or publisher: all streams together, and each under `streams`.

    `unseen` counts frames published while nobody read; `readers` says who reads (publishers only). `rejected` counts
    messages that were none of ours: broken headers, another protocol (links only). `repeated` counts frames that the
    recording had already, and keeps as they are (recordings only).
    """

    __slots__ = ("_newest", "readers", "rejected", "repeated", "streams", "unseen")

    def __init__(self) -> None:
        self.streams: dict[str, StreamStats] = {}
        self.unseen = 0
        self.rejected = 0
        self.repeated = 0
        self.readers: list[ReaderInfo] = []
        self._newest = StreamStats("")

    def of(self, stream: str) -> StreamStats:
        """The counters of one stream, made when it is new."""
        found = self.streams.get(stream)
        if found is None:
            found = self.streams[stream] = StreamStats(stream)
        return found

    def count(self, item: Item, nbytes: int | None = None, now_ns: int | None = None) -> None:
        """Count a frame or packet that came or went, with the frames missed just before it.

        `nbytes` and `now_ns` (monotonic) save looking them up again where they are known.
        """
        newest = self._newest
        if newest.name != item.stream or newest.frames == 0:
            newest = self._newest = self.of(item.stream)
        newest.count(
            item,
            item.nbytes if nbytes is None else nbytes,
            clock.mono_ns() if now_ns is None else now_ns,
        )

    def miss(self, stream: str, frames: int) -> None:
        """Count `frames` missed that no later frame tells about, e.g. those before a stream's end."""
        self.of(stream).missed += frames

    @property
    def frames(self) -> int:
        """Frames so far, all streams."""
        return sum(stream.frames for stream in list(self.streams.values()))

    @property
    def missed(self) -> int:
        """Frames missed so far, all streams."""
        return sum(stream.missed for stream in list(self.streams.values()))

    @property
    def bytes(self) -> int:
        """Bytes of pixels as carried, all streams."""
        return sum(stream.bytes for stream in list(self.streams.values()))

    @property
    def rate(self) -> float:
        """Frames per second, now, all streams."""
        now_ns = clock.mono_ns()
        return sum(stream.rate_at(now_ns) for stream in list(self.streams.values()))

    @property
    def state(self) -> SourceState | None:
        """How the cameras are: the worst of them; None where there is none."""
        return worst(stream.state for stream in list(self.streams.values()) if stream.state is not None)

    @property
    def age_s(self) -> float | None:
        """Seconds since the newest frame of any stream was captured; None before the first."""
        ages = [age for stream in list(self.streams.values()) if (age := stream.age_s) is not None]
        return min(ages, default=None)

    def snapshot(self) -> dict[str, Any]:
        """All figures of now as plain data, ready for JSON."""
        return {
            "frames": self.frames,
            "missed": self.missed,
            "bytes": self.bytes,
            "unseen": self.unseen,
            "rejected": self.rejected,
            "repeated": self.repeated,
            "rate": round(self.rate, 3),
            "age_s": self.age_s,
            "streams": {stream.name: stream.snapshot() for stream in list(self.streams.values())},
            "readers": msgspec.to_builtins(self.readers),
        }

    def __repr__(self) -> str:
        age = self.age_s
        newest = "" if age is None else f", newest {age:.3f} s old"
        return f"<Stats: {self.frames} frames, {self.missed} missed, {self.rate:.1f}/s{newest}>"


def told(stats: Stats) -> Iterator[str]:
    """What has passed so far, in a few words."""
    names = [name for name, stream in list(stats.streams.items()) if stream.frames]
    yield count(stats.frames, "frame") + (f" of {len(names):,} streams" if len(names) > 1 else "")
    state = stats.state
    yield f"{state.state} ({state.why})" if state is not None and state.why else ""


def worst(states: Iterable[SourceState]) -> SourceState | None:
    """The one to be told where there is room for one; None of none."""
    return max(states, key=lambda state: _BADNESS.index(state.state), default=None)


def _newest_outside(marks: tuple[tuple[int, int], ...], edge_ns: int) -> tuple[int, int]:
    """The newest mark not younger than `edge_ns`, else the oldest there is."""
    if not marks:
        return 0, 0
    return next((mark for mark in reversed(marks) if mark[0] <= edge_ns), marks[0])
