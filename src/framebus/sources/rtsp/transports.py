"""How media may travel, in the words of SETUP (RFC 2326, 12.39)."""

from __future__ import annotations

import msgspec

from framebus.core.errors import BadFrame
from framebus.sources.rtsp.messages import shown

_TCP = "RTP/AVP/TCP"
_UDP = "RTP/AVP"


class Offer(msgspec.Struct, frozen=True):
    """One way we can take it."""

    kind: str
    """`tcp` or `udp`."""
    ports: tuple[int, int] = (0, 1)
    """Channels of the connection, or ports of ours: for RTP and RTCP."""

    def header(self) -> str:
        """The `Transport` of a request."""
        first, second = self.ports
        if self.kind == "tcp":
            return f"{_TCP};unicast;interleaved={first}-{second}"
        return f"{_UDP};unicast;client_port={first}-{second}"


class Agreed(msgspec.Struct, frozen=True):
    """The way the server chose."""

    kind: str
    channels: tuple[int, int] = (0, 1)
    """Where media and reports come on the connection."""
    server_ports: tuple[int, int] | None = None
    """Where UDP comes from, when it says so."""
    source: str = ""
    """The host UDP comes from, where that is another one."""


def agreed(offer: Offer, header: str) -> Agreed | None:
    """What an answer's `Transport` says to our offer; None where the server insists on something else.

    Raises `BadFrame` for ports that are none.
    """
    protocol, *rest = (part.strip() for part in header.split(",")[0].split(";")[:32])
    options = {name.strip().lower(): value.strip() for name, _, value in (part.partition("=") for part in rest)}
    over_tcp = protocol.upper().endswith("/TCP") or "interleaved" in options
    if header and over_tcp != (offer.kind == "tcp"):
        return None
    if offer.kind == "tcp":
        return Agreed("tcp", channels=_pair(options.get("interleaved", ""), 255) or offer.ports)
    return Agreed("udp", server_ports=_pair(options.get("server_port", ""), 65535), source=options.get("source", ""))


def _pair(text: str, most: int) -> tuple[int, int] | None:
    """`4-5`, or `4`, which means 4 and 5."""
    if not text:
        return None
    first, _, second = text.partition("-")
    try:
        pair = int(first[:8]), int(second[:8]) if second else int(first[:8]) + 1
    except ValueError:
        raise BadFrame(f"{shown(text)} are no ports") from None
    if not all(0 <= port <= most for port in pair) or pair[0] == pair[1]:
        raise BadFrame(f"{shown(text)} are no ports")
    return pair
