"""`connect(url)`: one connection to a camera, whose pictures are iterated as they come."""

from __future__ import annotations

import secrets
import time

from framebus.core.errors import AddressError, BadFrame, OptionError, Unavailable
from framebus.core.redaction import redact
from framebus.sources.rtsp import target, tcp
from framebus.sources.rtsp.rtsp_feed import RtspFeed
from framebus.sources.rtsp.session import Session, State
from framebus.sources.rtsp.target import Target
from framebus.sources.rtsp.transports import Offer
from framebus.sources.rtsp.udp import UdpPair

TRANSPORTS = ("tcp", "udp", "auto")
MAX_REDIRECTS = 5


def connect(url: str, *, transport: str = "tcp", deadline_s: float = 5.0, verify: bool = True) -> RtspFeed:
    """The camera at `rtsp://user:password@host:port/path` (`rtsps://` for TLS), playing.

    transport   `tcp` on the connection itself, `udp` on two ports of ours, or `auto`: TCP, and UDP where it is refused
    deadline_s  how long connecting may take, and how long the camera may be silent afterwards
    verify      for `rtsps://`: refuse a certificate that no authority here vouches for

    Raises `Unavailable` (cannot be reached, wrong password, no such path …) with a text without credentials, its kind
    `sdp.NotReadHere` where there is no H.264 or H.265, `AddressError` and `OptionError` for what cannot be meant.
    """
    _check(transport, deadline_s)
    until = time.monotonic() + deadline_s
    there = target.parse(url)
    for _ in range(MAX_REDIRECTS + 1):
        feed = _called(there, transport, deadline_s, until, verify)
        if not feed.session.moved_to:
            return feed
        there = _next(there, feed.session.moved_to)
    raise Unavailable(f"{redact(url)} sends us from one address to the next: check its settings")


def _check(transport: str, deadline_s: float) -> None:
    if transport not in TRANSPORTS:
        raise OptionError(f"transport={transport!r} does not exist: give {', '.join(TRANSPORTS)}")
    if not 0 < deadline_s <= 86_400:
        raise OptionError(f"deadline_s={deadline_s!r} is not possible: give seconds, up to a day")


def _called(there: Target, transport: str, deadline_s: float, until: float, verify: bool) -> RtspFeed:
    """A feed that plays, or, closed, one that says where to go instead."""
    connection = tcp.connect(there, until, verify)
    try:
        udp = UdpPair(connection.family, connection.local[0]) if transport != "tcp" else None
    except (OSError, Unavailable) as error:
        connection.close()
        raise Unavailable(f"{there}: {error}") from error
    session = Session(there, _offers(transport, udp), lambda: secrets.token_hex(8))
    feed = RtspFeed(there, session, connection, udp, deadline_s)
    try:
        feed.start(until)
    except BaseException:
        feed.close()
        raise
    if session.state is State.MOVED:
        feed.close()
    return feed


def _offers(transport: str, udp: UdpPair | None) -> list[Offer]:
    offers = [Offer("tcp")] if transport != "udp" else []
    return [*offers, Offer("udp", udp.ports)] if udp is not None else offers


def _next(there: Target, location: str) -> Target:
    try:
        return there.moved(location)
    except (AddressError, BadFrame) as error:
        raise Unavailable(f"{there} sends us to a place that cannot be: {error}") from error
