"""One viewer of a test camera: its pictures as packets of RTP, over the connection or over UDP."""

from __future__ import annotations

import asyncio
import random
import socket
import struct
from collections.abc import Callable
from contextlib import suppress

from framebus.sources.rtsp import rtcp
from framebus.sources.rtsp.udp import UdpPair
from framebus.testing.camera_faults import Faults
from framebus.testing.camera_pictures import CodedPicture

_RTP = struct.Struct(">BBHII")
_PAYLOAD_TYPE = 96
CLOCK_HZ = 90_000
_MAX_WAITING = 8_000_000
"""Bytes a slow viewer leaves behind before pictures are left out for it, up to a key frame."""


class OverTcp:
    """Packets between the messages of a connection."""

    kind = "tcp"

    def __init__(self, transport: asyncio.Transport, channels: tuple[int, int]) -> None:
        self._transport = transport
        self._channels = channels

    @property
    def slow(self) -> bool:
        """True when too much waits to be sent."""
        return self._transport.get_write_buffer_size() > _MAX_WAITING

    def header(self) -> str:
        """The `Transport` of the answer."""
        return f"RTP/AVP/TCP;unicast;interleaved={self._channels[0]}-{self._channels[1]}"

    def send(self, media: list[bytes], report: bytes) -> None:
        """All packets of a picture, and a report before them where there is one."""
        parts = [_framed(self._channels[1], report)] if report else []
        self._transport.write(b"".join((*parts, *(_framed(self._channels[0], packet) for packet in media))))

    def close(self) -> None:
        """The connection is somebody else's."""


class OverUdp:
    """Packets from two ports of ours to two of theirs."""

    kind = "udp"
    slow = False

    def __init__(self, here: str, there: str, ports: tuple[int, int], heard: Callable[[], None]) -> None:
        family = socket.AF_INET6 if ":" in here else socket.AF_INET
        self._pair = UdpPair(family, here)
        self._there = there
        self._ports = ports
        self._heard = heard
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._pair.reports, self._read)

    def header(self) -> str:
        """The `Transport` of the answer."""
        theirs, ours = self._ports, self._pair.ports
        return f"RTP/AVP;unicast;client_port={theirs[0]}-{theirs[1]};server_port={ours[0]}-{ours[1]}"

    def send(self, media: list[bytes], report: bytes) -> None:
        """All packets of a picture, and a report before them where there is one; what does not fit is lost."""
        with suppress(OSError):
            if report:
                self._pair.reports.sendto(report, (self._there, self._ports[1]))
            for packet in media:
                self._pair.media.sendto(packet, (self._there, self._ports[0]))

    def close(self) -> None:
        """Give the ports back."""
        self._loop.remove_reader(self._pair.reports)
        self._pair.close()

    def _read(self) -> None:
        with suppress(OSError):
            self._pair.reports.recv(65536)
            self._heard()


class Viewer:
    """Who is shown one path. It begins with a key frame, and goes on with one after it was left out."""

    def __init__(self, way: OverTcp | OverUdp, path: str) -> None:
        self.way = way
        self.path = path
        self.faults = Faults()
        self.playing = False
        self.started = False
        """True once it has a key frame to build on."""
        self._number = random.randrange(1 << 16)
        self._source = random.getrandbits(32)
        self._packets = self._octets = 0

    def show(self, picture: CodedPicture, captured_ns: int) -> None:
        """Send one picture, where it is of use."""
        if not self.playing or not (self.started or picture.key):
            return
        if self.way.slow:
            self.started = False
            return
        self.started = True
        timestamp = captured_ns * CLOCK_HZ // 1_000_000_000 & 0xFFFFFFFF
        report = self._report(captured_ns, timestamp) if picture.key else b""
        packets = self._packed(picture.payloads, timestamp)
        self.way.send([out for packet in packets for out in self.faults.apply(packet)], report)

    def goodbye(self) -> None:
        """Say that it ends."""
        self.way.send([], rtcp.goodbye(self._source))

    def _packed(self, payloads: tuple[bytes, ...], timestamp: int) -> list[bytes]:
        packets, last = [], len(payloads) - 1
        for index, payload in enumerate(payloads):
            kind = _PAYLOAD_TYPE | (0x80 if index == last else 0)
            packets.append(_RTP.pack(0x80, kind, self._number, timestamp, self._source) + payload)
            self._number = (self._number + 1) & 0xFFFF
        self._packets += len(packets)
        self._octets += sum(map(len, payloads))
        return packets

    def _report(self, captured_ns: int, timestamp: int) -> bytes:
        return rtcp.sender_report(self._source, "camera", captured_ns, timestamp, self._packets, self._octets)


def _framed(channel: int, packet: bytes) -> bytes:
    return struct.pack(">BBH", 0x24, channel, len(packet)) + packet
