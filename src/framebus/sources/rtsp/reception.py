"""One video track as it arrives: packets of RTP and RTCP in, access units out, and our reports on both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from framebus.core.errors import BadFrame
from framebus.core.frame import NO_META
from framebus.sources.rtsp import rtcp, rtp
from framebus.sources.rtsp.access_units import AccessUnits
from framebus.sources.rtsp.h264 import H264
from framebus.sources.rtsp.h265 import H265
from framebus.sources.rtsp.partial_unit import Unpacker
from framebus.sources.rtsp.sdp import Track
from framebus.sources.rtsp.sequence import Sequence

_UNPACKERS: dict[str, type[H264] | type[H265]] = {"h264": H264, "h265": H265}
_Held = tuple[bytes, int, bool, int, int]


class Counts(msgspec.Struct, frozen=True):
    """What a connection has seen so far."""

    packets: int
    """Of RTP, for our track."""
    lost: int
    """Of RTP, by their numbers."""
    bad: int
    """That were no packets, or not for us."""
    pictures: int
    """Given out."""
    dropped: int
    """Pictures not given out, since they, or what they build on, came damaged."""


class Reception:
    """What arrives of `track`. `window` is how many packets may overtake another (0 where the order is kept)."""

    def __init__(self, track: Track, window: int) -> None:
        unpacker: Unpacker = _UNPACKERS[track.codec]()
        self.units = AccessUnits(unpacker, track.clock_hz, track.sets, self._meta)
        self.said_goodbye = False
        """True once the sender told us that it ends."""
        self._track = track
        self._payload_type = track.payload_type
        self._sequence: Sequence[_Held] = Sequence(window, self._deliver, self._on_loss)
        self._source: int | None = None
        self._packets = 0
        self._lost = 0
        self._bad = 0
        self._heard = _Heard(track.clock_hz)

    def counts(self) -> Counts:
        """Counters up to now."""
        return Counts(self._packets, self._lost, self._bad, self.units.pictures, self.units.dropped)

    @property
    def packets(self) -> int:
        """Packets of RTP that were for us: a sign of life."""
        return self._packets

    def rtp(self, packet: memoryview, utc_ns: int, mono_ns: int) -> None:
        """One packet and the time of its arrival; never raises: what is no packet is counted."""
        if len(packet) < rtp.HEADER.size:
            self._bad += 1
            return
        flags, kind, number, timestamp, source = rtp.HEADER.unpack_from(packet)
        if kind & 0x7F != self._payload_type:
            self._bad += 1
            return
        if source != self._source:
            self._new_source(source)
        payload = packet[12:] if flags == rtp.PLAIN else self._payload(packet)
        if payload is None:
            return
        self._packets += 1
        marker = kind > 0x7F
        if self._sequence.passes(number):
            if len(payload):  # none keeps a connection open
                self.units.add(payload, timestamp, marker, utc_ns, mono_ns)
        else:
            self._sequence.add(number, (bytes(payload), timestamp, marker, utc_ns, mono_ns), mono_ns)
        if marker:
            self._heard.picture(timestamp, mono_ns)

    def rtcp(self, packet: memoryview, mono_ns: int) -> None:
        """One compound packet; never raises."""
        try:
            reports = rtcp.decode(packet)
        except BadFrame:
            self._bad += 1
            return
        for report in reports:
            if self._source is None:
                self._new_source(report.source)
            if report.source != self._source:
                continue
            if isinstance(report, rtcp.SenderReport):
                self._heard.report(report, mono_ns)
            else:
                self.said_goodbye = True

    @property
    def due_s(self) -> float | None:
        """When to call `tick`, on the monotonic clock; None while nothing is held back."""
        due_ns = self._sequence.due_ns
        return None if due_ns is None else due_ns * 1e-9

    def tick(self, mono_ns: int) -> None:
        """Go on without packets that do not come."""
        self._sequence.tick(mono_ns)

    def report(self, own: int, mono_ns: int) -> bytes:
        """The bytes of our receiver report."""
        seen = None
        if self._source is not None and self._sequence.expected is not None:
            seen = self._heard.seen(self._source, self._sequence.expected - 1, self._packets, self._lost, mono_ns)
        return rtcp.receiver_report(own, f"framebus-{own:08x}", seen)

    def _payload(self, packet: memoryview) -> memoryview | None:
        """What the packet carries; None where that is nothing that can be used."""
        try:
            return rtp.payload(packet)
        except BadFrame:
            self._bad += 1
            return None

    def _new_source(self, source: int) -> None:
        """Another sender than before: its numbers have nothing to do with the old ones."""
        if self._packets:
            self.units.lost()
        self._source = source
        self._sequence.restart()
        self._heard = _Heard(self._track.clock_hz)

    def _deliver(self, held: _Held) -> None:
        payload, timestamp, marker, utc_ns, mono_ns = held
        if payload:
            self.units.add(memoryview(payload), timestamp, marker, utc_ns, mono_ns)

    def _on_loss(self, count: int) -> None:
        self._lost += count
        self.units.lost()

    def _meta(self, timestamp: int) -> Mapping[str, Any]:
        camera_ns = self._heard.camera_ns(timestamp)
        return {"camera_ns": camera_ns} if camera_ns else NO_META


class _Heard:
    """What one source told us of its clock, and what a report on it says."""

    def __init__(self, clock_hz: int) -> None:
        self._clock_hz = clock_hz
        self._report: rtcp.SenderReport | None = None
        self._report_mono_ns = 0
        self._transit: int | None = None
        self._jitter = 0.0
        self._cycles = 0
        self._highest = 0
        self._before = (0, 0)

    def report(self, report: rtcp.SenderReport, mono_ns: int) -> None:
        """The sender's clocks, now."""
        self._report, self._report_mono_ns = report, mono_ns

    def camera_ns(self, timestamp: int) -> int:
        """A timestamp by the camera's own clock, nanoseconds since 1970; 0 while that is not known."""
        report = self._report
        if report is None or not report.utc_ns:
            return 0
        ticks = (timestamp - report.timestamp + (1 << 31)) % (1 << 32) - (1 << 31)
        return report.utc_ns + ticks * 1_000_000_000 // self._clock_hz

    def picture(self, timestamp: int, mono_ns: int) -> None:
        """A picture's last packet came: how unevenly they do (RFC 3550, 6.4.1, once for each picture)."""
        transit = mono_ns * self._clock_hz // 1_000_000_000 - timestamp
        if self._transit is not None:
            change = (transit - self._transit + (1 << 31)) % (1 << 32) - (1 << 31)
            self._jitter += (abs(change) - self._jitter) / 16
        self._transit = transit

    def seen(self, source: int, highest: int, packets: int, lost: int, mono_ns: int) -> rtcp.Seen:
        """The next report."""
        highest &= 0xFFFF
        if highest < self._highest:
            self._cycles += 1
        self._highest = highest
        new, new_lost = packets + lost - sum(self._before), lost - self._before[1]
        self._before = (packets, lost)
        return rtcp.Seen(
            source=source,
            lost_share=min(255, 256 * new_lost // new) if new > 0 else 0,
            lost=lost,
            highest=self._cycles << 16 | highest,
            jitter=int(self._jitter) & 0xFFFFFFFF,
            last_report=self._report.ntp if self._report else 0,
            since_last_report_s=(mono_ns - self._report_mono_ns) * 1e-9,
        )
