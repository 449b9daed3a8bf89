"""Coded video on its way to browsers: passed on as it is, and since its last key frame kept for who joins."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from framebus.codecs.decoding import begins, breaks
from framebus.core.frame import Packet
from framebus.web import fmp4
from framebus.web.facts import captured_ms, described
from framebus.web.page_messages import BEGIN, CODED, MP4, How, Picture
from framebus.web.parameters import DESCRIBED, Description, describe, without_sets
from framebus.wire.annexb import parameter_sets

MOST_KEPT = 600
MOST_BYTES = 6_000_000
_USUAL_NS = 33_333_333
_LONGEST_NS = 10**9


class Unit:
    """One access unit, in both shapes browsers take; each is made when the first viewer wants it, for all."""

    def __init__(self, packet: Packet, number: int, started_ns: int, duration_ns: int) -> None:
        self.packet = packet
        self._number = number
        self._at_ns = packet.dts - started_ns
        self._shift_ns = packet.pts - packet.dts
        self._duration_ns = duration_ns

    @cached_property
    def _facts(self) -> tuple[float, bytes]:
        return captured_ms(self.packet), described(self.packet)

    @cached_property
    def annexb(self) -> Picture:
        """For WebCodecs; a key frame has its parameter sets before it."""
        packet = self.packet
        data = bytes(packet.data)
        if packet.key and packet.config and not parameter_sets(data[:65_536], packet.codec):
            data = packet.config + data
        return self._picture(CODED, data)

    @cached_property
    def mp4(self) -> Picture:
        """For Media Source Extensions."""
        at, duration, shift = (_ticks(ns) for ns in (self._at_ns, self._duration_ns, self._shift_ns))
        picture = without_sets(bytes(self.packet.data))
        data = fmp4.fragment(picture, self._number, at, max(1, duration), shift, key=self.packet.key)
        return self._picture(MP4, data)

    def shaped(self, how: How) -> Picture:
        """As the player `how` takes it."""
        return self.mp4 if how == "mse" else self.annexb

    def _picture(self, kind: int, data: bytes) -> Picture:
        captured, meta = self._facts
        at_s = (self._at_ns + self._shift_ns) * 1e-9
        return Picture(kind=kind, data=data, key=self.packet.key, captured_ms=captured, at_s=at_s, meta=meta)


class Track:
    """A stream of packets: what browsers need to begin, and the pictures since the last key frame."""

    def __init__(self) -> None:
        self.units: list[Unit] = []
        """From the last key frame on; empty where that would be too much."""
        self.whole = True
        """False from a loss to the next key frame: what comes between would be shown torn."""
        self.codec = ""
        self.description: Description | None = None
        self._config = b""
        self._bytes = 0
        self._number = 0
        self._started_ns = self._last_ns = 0

    @property
    def newest(self) -> Packet | None:
        """What came last, where it is kept."""
        return self.units[-1].packet if self.units else None

    def add(self, packet: Packet) -> tuple[Unit, bool]:
        """One more packet; it as a unit, and whether players have to begin anew with it. Raises `BadFrame`."""
        anew = packet.key and self._configure(packet)
        jumped = not 0 <= packet.dts - self._last_ns <= 10 * _LONGEST_NS
        if self._number == 0 or (jumped and packet.key):
            self._started_ns = packet.dts
            anew = packet.key
        took_ns = packet.dts - self._last_ns
        duration_ns = took_ns if self._number and 0 < took_ns < _LONGEST_NS else _USUAL_NS
        self._last_ns = packet.dts
        self._number += 1
        unit = Unit(packet, self._number, self._started_ns, duration_ns)
        self.whole = begins(packet) or (self.whole and not breaks(packet))
        self._keep(unit)
        return unit, anew

    def begin(self, how: How) -> Picture | None:
        """What a player has to know first; None before the first key frame."""
        if self.description is None:
            return None
        meta = described(None, how=how, **self.description.told())
        data = fmp4.beginning(self.description) if how == "mse" else b""
        return Picture(kind=BEGIN, data=data, meta=meta)

    def history(self, how: How) -> Iterable[Picture]:
        """All that a new viewer gets at once, so that it sees a picture."""
        first = self.begin(how)
        return () if first is None else (first, *(unit.shaped(how) for unit in self.units))

    def _configure(self, packet: Packet) -> bool:
        if packet.codec not in DESCRIBED:  # decoded here, which says why where that cannot be
            self.codec, self.description = packet.codec, None
            return False
        config = packet.config or parameter_sets(bytes(packet.data[:65_536]), packet.codec)
        if not config or (config, packet.codec) == (self._config, self.codec):
            return False
        self.description = describe(packet.codec, config)
        self._config, self.codec = config, packet.codec
        return True

    def _keep(self, unit: Unit) -> None:
        packet = unit.packet
        if packet.key or not self.whole:
            self.units, self._bytes = [], 0
        if not self.whole or not (packet.key or self.units):
            return
        self.units.append(unit)
        self._bytes += packet.nbytes
        if len(self.units) > MOST_KEPT or self._bytes > MOST_BYTES:
            self.units, self._bytes = [], 0


def _ticks(ns: int) -> int:
    return ns * fmp4.TIMESCALE // 10**9
