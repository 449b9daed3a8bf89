"""The two UDP ports of a track: media on an even one, reports on the next."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress

from framebus.core.errors import Unavailable
from framebus.sources.rtsp.rtp import HEADER, PLAIN
from framebus.sources.rtsp.transports import Agreed

_TRIES = 100
_BUFFER_BYTES = 4 << 20
_DATAGRAM_BYTES = 65_536
_AT_ONCE = 256
"""Datagrams read in one go, so that everything else gets its turn under a flood."""

OnDatagram = Callable[[memoryview], None]


class UdpPair:
    """Two bound sockets at the address `host`. Raises `Unavailable` where there is no free pair."""

    def __init__(self, family: int, host: str) -> None:
        self.media, self.reports = _pair(family, host)
        self.ports: tuple[int, int] = self.media.getsockname()[1], self.reports.getsockname()[1]
        self._view = memoryview(bytearray(_DATAGRAM_BYTES))
        self._from = ""
        self._to_reports: tuple[str, int] | None = None
        self.refused = 0
        """Datagrams from elsewhere."""

    def agree(self, remote: str, agreed: Agreed) -> None:
        """Take what comes from there alone, and open the way back through a router with a packet each."""
        self._from = _numeric(agreed.source) or remote
        if agreed.server_ports is None:
            return
        media, reports = agreed.server_ports
        self._to_reports = (self._from, reports)
        with suppress(OSError):
            self.media.sendto(HEADER.pack(PLAIN, 0, 0, 0, 0), (self._from, media))

    def read(self, sock: socket.socket, take: OnDatagram) -> None:
        """Hand out what has come; a view is good until the next."""
        for _ in range(_AT_ONCE):
            try:
                count, sender = sock.recvfrom_into(self._view)
            except OSError:  # nothing there, or the other side's port closed: RTSP tells
                return
            if sender[0] == self._from:
                take(self._view[:count])
            else:
                self.refused += 1

    def report(self, data: bytes) -> None:
        """Send a report, if the server said where to; one that is lost is no harm."""
        if self._to_reports is not None:
            with suppress(OSError):
                self.reports.sendto(data, self._to_reports)

    def close(self) -> None:
        """Give the ports back; idempotent."""
        self.media.close()
        self.reports.close()


def _pair(family: int, host: str) -> tuple[socket.socket, socket.socket]:
    for _ in range(_TRIES):
        first = _bound(family, host, 0)
        port = first.getsockname()[1]
        try:
            second = _bound(family, host, port ^ 1)
        except OSError:
            first.close()
            continue
        return (first, second) if port % 2 == 0 else (second, first)
    raise Unavailable(
        "no two neighbouring UDP ports are free: close programs that hold many, or use transport='tcp' "
        "(--transport tcp)"
    )


def _bound(family: int, host: str, port: int) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)
        sock.bind((host, port))
    except BaseException:
        sock.close()
        raise
    return sock


def _numeric(host: str) -> str:
    """`host` where it is an address; names are not looked up for a server."""
    for family in (socket.AF_INET, socket.AF_INET6):
        with suppress(OSError, ValueError):
            socket.inet_pton(family, host)
            return host
    return ""
