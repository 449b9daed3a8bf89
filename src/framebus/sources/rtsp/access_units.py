"""Access units out of RTP payloads: each given out with its last packet, and none that is damaged.

The marker bit says that a picture is complete, so nobody waits for the next one to begin. Where a sender does not set
it, a new timestamp says the same, later. After a loss nothing is given out before the next key frame.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from framebus.core import clock
from framebus.core.errors import BadFrame
from framebus.core.frame import NO_META, Packet
from framebus.sources.rtsp.parameter_sets import ParameterSets
from framebus.sources.rtsp.partial_unit import Picture, Unpacker

MAX_BYTES = 8_000_000
"""The longest access unit taken."""
_WRAP = 1 << 32


class MediaClock:
    """A sender's 32-bit clock, counted on where it wraps, as nanoseconds since its first picture."""

    def __init__(self, hz: int) -> None:
        self._hz = hz
        self._first: int | None = None
        self._last = 0

    def ns(self, timestamp: int) -> int:
        """Nanoseconds from the first timestamp to this one; negative for one before it."""
        if self._first is None:
            self._first = self._last = timestamp
        self._last += (timestamp - self._last + _WRAP // 2) % _WRAP - _WRAP // 2
        return (self._last - self._first) * 1_000_000_000 // self._hz


class AccessUnits:
    """Payloads in, in their order; packets into `ready`.

    `meta(timestamp)` is what to say about a picture besides; `sets` are parameter sets known from elsewhere.
    """

    def __init__(
        self,
        unpacker: Unpacker,
        clock_hz: int,
        sets: Iterable[bytes] = (),
        meta: Callable[[int], Mapping[str, Any]] = lambda timestamp: NO_META,
    ) -> None:
        self.ready: deque[Packet] = deque()
        self.pictures = 0
        """Pictures given out."""
        self.dropped = 0
        """Pictures that came damaged, or in need of one that did; not those before the first key frame."""
        self._unpacker = unpacker
        self._sets = ParameterSets()
        self._sets.update((kind, data) for data in sets if (kind := unpacker.kind_of_set(data)))
        self._sets_inside: bool | None = None
        """Whether key frames bring their sets along; None before the first."""
        self._meta = meta
        self._clock = MediaClock(clock_hz)
        self._boot = clock.boot_id()
        self._picture: Picture | None = None
        self._timestamp = -1
        self._finished = -1
        self._missed = self._least_missed = 0
        self._waiting = True
        self._damaged = False
        self._gap = False
        self._markers = True

    @property
    def config(self) -> bytes:
        """The parameter sets in force, in Annex B."""
        return self._sets.config

    def lost(self) -> None:
        """Something is missing before the next payload."""
        self._gap = self._damaged = self._waiting = True
        self._least_missed = 1 if self.pictures else 0

    def add(self, payload: memoryview, timestamp: int, marker: bool, utc_ns: int, mono_ns: int) -> None:
        """The next payload, at least one byte, with the time of its arrival."""
        picture = self._picture
        if picture is None or timestamp != self._timestamp:
            picture = self._begin(payload, timestamp, utc_ns, mono_ns)
        if not self._damaged:
            try:
                self._unpacker.add(payload, picture)
            except BadFrame:
                self._damaged = True
            if len(picture.data) > MAX_BYTES:
                self._damaged = True
                picture.data = bytearray()
        self._gap = False
        if marker and self._markers and (picture.coded or self._damaged):
            self._end(picture)

    def _begin(self, payload: memoryview, timestamp: int, utc_ns: int, mono_ns: int) -> Picture:
        """A new timestamp, or the first payload after a marker."""
        old = self._picture
        if old is not None and (old.coded or self._damaged):
            self._end(old)
        elif old is not None:  # parameter sets alone: they belong to what follows
            self._timestamp, old.utc_ns, old.mono_ns = timestamp, utc_ns, mono_ns
            return old
        if self._gap:
            self._damaged = not self._unpacker.begins(payload, self._sets_inside is not False)
        self._timestamp = timestamp
        self._picture = picture = Picture(utc_ns, mono_ns)
        return picture

    def _end(self, picture: Picture) -> None:
        """The picture is complete, or as complete as it will be."""
        good = not self._damaged and not picture.open and self._is_beginning(picture)
        self._picture, self._damaged = None, False
        if good and picture.sets:
            good = self._take_sets(picture)
        if good and picture.key:
            self._sets_inside = self._sets_inside or bool(picture.sets)
        if good and (picture.key or not self._waiting):
            self._waiting = False
            self._give(picture)
        else:
            self._drop(good)
        self._finished = self._timestamp

    def _is_beginning(self, picture: Picture) -> bool:
        """False for the rest of a picture that was given out too early: its sender marks every slice."""
        if picture.whole:
            return True
        if self._timestamp == self._finished:
            self._markers = False
        return False

    def _take_sets(self, picture: Picture) -> bool:
        try:
            self._sets.update(picture.sets)
        except BadFrame:
            return False
        return True

    def _give(self, picture: Picture) -> None:
        pts = self._clock.ns(self._timestamp)
        packet = Packet(
            data=memoryview(picture.data).toreadonly(),
            codec=self._unpacker.codec,
            key=picture.key,
            pts=pts,
            dts=pts,  # RTP carries no other time
            config=self._sets.config,
            captured_ns=picture.utc_ns,
            captured_mono_ns=picture.mono_ns,
            clock=self._boot,
            meta=self._meta(self._timestamp),
            missed=max(self._missed, self._least_missed),
        )
        self.pictures += 1
        self._missed = self._least_missed = 0
        self.ready.append(packet)

    def _drop(self, good: bool) -> None:
        """Not before the first picture: what came until then was nobody's."""
        if not good:
            self._waiting = True
        if self.pictures:
            self.dropped += 1
            self._missed += 1
