"""One playing connection: waits on its sockets, drives the session, and gives out pictures."""

from __future__ import annotations

import secrets
import select
import threading
import time
from contextlib import suppress

from framebus.core import clock
from framebus.core.bell import Bell
from framebus.core.errors import BadFrame, Unavailable
from framebus.core.frame import Packet
from framebus.sources.rtsp.inflow import Inflow
from framebus.sources.rtsp.messages import Request, Response
from framebus.sources.rtsp.reception import Counts, Reception
from framebus.sources.rtsp.sequence import WINDOW
from framebus.sources.rtsp.session import Session, State
from framebus.sources.rtsp.target import Target
from framebus.sources.rtsp.tcp import Line
from framebus.sources.rtsp.udp import UdpPair

GATHERED_S = 0.25
GATHERED_BYTES = 48 * 1024
"""Where nobody is in a hurry, so much is read at once, or what came in so long a time."""
REPORT_S = 5.0
"""How often the camera is told what arrived."""
PICTURE_DEADLINES = 6
"""Media without a picture is borne this many times as long as silence: key frames may be far apart."""


class RtspFeed:
    """A camera that plays; made by `connect`.

    Iterating gives `Packet`s of one access unit each (Annex B), without identity; `captured_ns` is when its first
    byte came, `meta["camera_ns"]` when the camera took it by its own clock, where it tells; `missed` counts pictures
    before it that were damaged on their way. The first one, and the first after a loss, is a key frame.

    Iteration raises `Unavailable` when the connection breaks or nothing came for `deadline_s`; it ends by itself only
    where a recording does, and after `close()`. One thread iterates; `close()` may be called from any other.
    Between two pictures taken, signs of life are sent: who does not iterate loses the session.
    """

    def __init__(self, target: Target, session: Session, line: Line, udp: UdpPair | None, deadline_s: float) -> None:
        self.session = session
        self._target = target
        self._line = line
        self._udp = udp
        self._deadline_s = deadline_s
        self._inflow = Inflow(self._on_media, self._on_message)
        self._reception: Reception | None = None
        self._channels = (0, 1)
        self._own = secrets.randbits(32)
        self._report_at = 0.0
        self._now = time.monotonic()
        self._utc_ns = self._mono_ns = 0
        self._heard = self._seen = (0, self._now)
        self._gathers = False
        self._bell = Bell()
        self._closing = False
        self._closed = False
        self._turn = threading.Lock()
        self._ring = threading.Lock()
        self._interest = select.POLLIN
        self._poll = self._poller()

    def __iter__(self) -> RtspFeed:
        return self

    def __next__(self) -> Packet:
        """The next picture, waiting for it."""
        with self._turn:
            try:
                packet = None if self._closing else self._next()
            except BaseException:
                self._closing = True
                self._shut()
                raise
        if packet is None:
            self.close()
            raise StopIteration
        if self._closing:  # during this turn: whoever closed has left that to us
            self.close()
        return packet

    @property
    def counts(self) -> Counts:
        """What has come so far."""
        return self._reception.counts() if self._reception else Counts(0, 0, 0, 0, 0)

    @property
    def config(self) -> bytes:
        """The parameter sets in force, in Annex B; empty where the camera has not sent them yet."""
        return self._reception.units.config if self._reception else b""

    @property
    def codec(self) -> str:
        """`h264` or `h265`."""
        return self.session.track.codec if self.session.track else ""

    @property
    def transport(self) -> str:
        """How the pictures come: `tcp` or `udp`."""
        return self.session.agreed.kind if self.session.agreed else ""

    def start(self, until: float) -> None:
        """Talk until the camera plays or sends us elsewhere; raises `Unavailable` after `until`."""
        self.session.start(self._now)
        self._say()
        while self.session.state is State.ASKING:
            if self._now >= until:
                raise Unavailable(f"{self._target} does not answer within {self._deadline_s:g} s: is it overloaded?")
            self._turn_over(until)
        self._heard = self._seen = (0, self._now)
        self._report_at = self._now

    def hurry(self, wanted: bool) -> None:
        """See `Source.hurry`. Over UDP, whose packets the system keeps few of, they are always read as they come."""
        if self.transport == "tcp":
            with self._ring:
                self._gathers = not wanted
                self._line.gather(GATHERED_BYTES if self._gathers else 1)
                self._bell.ring()  # whoever waits now does so for one byte, and for longer

    def close(self) -> None:
        """End the iteration and hang up; from any thread, any time, more than once."""
        with self._ring:
            self._closing = True
            if not self._closed:
                self._bell.ring()
        if self._turn.acquire(blocking=False):  # else whoever has the turn wakes up and does it
            try:
                self._shut()
            finally:
                self._turn.release()

    # one turn ------------------------------------------------------------------------------------------

    def _next(self) -> Packet | None:
        reception = self._reception
        if reception is None:
            return None
        ready = reception.units.ready
        if not ready:  # patience begins anew: we may not have looked for long
            self._now = time.monotonic()
            self._heard, self._seen = (reception.packets, self._now), (reception.units.pictures, self._now)
        while not ready:
            if self._closing or self._ended(reception):
                return None
            self._turn_over(self._check_alive(reception))
        return ready.popleft()

    def _ended(self, reception: Reception) -> bool:
        if not reception.said_goodbye:
            return False
        if self.session.track is not None and self.session.track.finite:
            return True
        raise Unavailable(f"{self._target} said goodbye: was it restarted or changed?")

    def _turn_over(self, until: float) -> None:
        """Wait for something to happen, until then at most, and deal with it."""
        line = self._line
        with self._ring:
            gathers = self._gathers
            if not self._closing:
                self._bell.hush()
        until = min(until, self._now + GATHERED_S) if gathers else until
        events = () if not line.drained else self._poll.poll(max(0.0, until - time.monotonic()) * 1000)
        self._now, self._utc_ns, self._mono_ns = time.monotonic(), clock.utc_ns(), clock.mono_ns()
        if self._closing:
            return
        if self._udp is not None:
            self._read_udp(self._udp, {descriptor for descriptor, _ in events})
        if gathers or not line.drained or any(descriptor == line.fileno() for descriptor, _ in events):
            self._read_line(line)
        self.session.tick(self._now)
        self._say()

    def _read_line(self, line: Line) -> None:
        line.flush()
        count = line.read_into(self._inflow.space())
        try:
            self._inflow.arrived(count)
        except BadFrame as error:
            raise Unavailable(f"{self._target}: {error}") from error

    def _read_udp(self, udp: UdpPair, ready: set[int]) -> None:
        reception = self._reception
        if reception is None:
            return
        if udp.reports.fileno() in ready:
            udp.read(udp.reports, lambda data: reception.rtcp(data, self._mono_ns))
        if udp.media.fileno() in ready:
            udp.read(udp.media, lambda data: reception.rtp(data, self._utc_ns, self._mono_ns))
        reception.tick(self._mono_ns)

    def _on_media(self, channel: int, packet: memoryview) -> None:
        if self._reception is None:
            return
        if channel == self._channels[0]:
            self._reception.rtp(packet, self._utc_ns, self._mono_ns)
        elif channel == self._channels[1]:
            self._reception.rtcp(packet, self._mono_ns)

    def _on_message(self, message: Request | Response) -> None:
        self.session.receive(message, self._now)
        if self._reception is None and self.session.agreed is not None and self.session.track is not None:
            self._prepare()

    def _prepare(self) -> None:
        """Set up: media may come any moment, even before the answer to PLAY."""
        session = self.session
        assert session.agreed is not None  # noqa: S101  (checked by the only caller; tells the type checker)
        assert session.track is not None  # noqa: S101
        over_udp = session.agreed.kind == "udp"
        self._reception = Reception(session.track, WINDOW if over_udp else 0)
        self._channels = session.agreed.channels if not over_udp else (-1, -1)
        if self._udp is None:
            return
        if over_udp:
            self._udp.agree(self._line.remote[0], session.agreed)
        else:
            self._drop_udp(self._udp)

    def _drop_udp(self, udp: UdpPair) -> None:
        """It was offered and is not needed."""
        self._udp = None
        self._poll.unregister(udp.media)
        self._poll.unregister(udp.reports)
        udp.close()

    # what we say ---------------------------------------------------------------------------------------

    def _say(self) -> None:
        """Send what the session has to say, and a report when it is time."""
        if data := self.session.outgoing():
            self._line.send(data)
        if self._reception is not None and self._now >= self._report_at and self.session.state is State.PLAYING:
            self._report_at = self._now + REPORT_S
            self._report(self._reception.report(self._own, self._mono_ns or clock.mono_ns()))
        if (interest := self._line.interest()) != self._interest:
            self._interest = interest
            self._poll.modify(self._line, interest)

    def _report(self, data: bytes) -> None:
        if self._udp is not None:
            self._udp.report(data)
        else:
            self._line.send(bytes((0x24, self._channels[1])) + len(data).to_bytes(2, "big") + data)

    # the end -------------------------------------------------------------------------------------------

    def _check_alive(self, reception: Reception) -> float:
        """When to look again; raises `Unavailable` when the camera has been silent, or without picture, too long."""
        if reception.packets != self._heard[0]:
            self._heard = (reception.packets, self._now)
        if reception.units.pictures != self._seen[0]:
            self._seen = (reception.units.pictures, self._now)
        silent_at = self._heard[1] + self._deadline_s
        blind_at = self._seen[1] + self._deadline_s * PICTURE_DEADLINES
        if self._now >= silent_at:
            raise Unavailable(
                f"{self._target} sent nothing for {self._deadline_s:g} s: is it hung, or the network down?"
            )
        if self._now >= blind_at:
            raise Unavailable(
                f"{self._target} sends, but no picture that can be shown for "
                f"{self._deadline_s * PICTURE_DEADLINES:g} s: is the network losing packets, or key frames rare?"
            )
        dues = (silent_at, blind_at, self.session.due, self._report_at, reception.due_s)
        return min(due for due in dues if due is not None)

    def _shut(self) -> None:
        """Whoever has the turn frees everything."""
        with self._ring:
            if self._closed:
                return
            self._closed = True
            self._bell.close()
        self.session.stop()
        with suppress(Unavailable, BadFrame):
            self._line.send(self.session.outgoing())
        self._line.close()
        if self._udp is not None:
            self._udp.close()

    def _poller(self) -> select.poll:
        poll = select.poll()
        poll.register(self._line, select.POLLIN)
        poll.register(self._bell, select.POLLIN)
        if self._udp is not None:
            poll.register(self._udp.media, select.POLLIN)
            poll.register(self._udp.reports, select.POLLIN)
        return poll
