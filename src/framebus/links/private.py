"""Links between a process and one that it has started: over a socket pair, which needs no address.

Nothing of what reaches other machines is loaded for these.
"""

from __future__ import annotations

import secrets
import socket as system
from collections.abc import Callable

from framebus.core.names import to_name
from framebus.links.carrier import CALLED, Carrier
from framebus.links.leaving import tidy_at_exit
from framebus.links.local import LocalConnection
from framebus.links.party import party
from framebus.links.publishing import LinkPublisher
from framebus.links.reading import ReadingEnd
from framebus.links.receiving import LinkSource
from framebus.links.switchboard import Switchboard
from framebus.links.writing import OnAnswer, WritingEnd
from framebus.session.handshake import Calling
from framebus.session.publisher import PublisherSession
from framebus.session.reader import ReaderSession
from framebus.session.rules import PublisherRules, ReaderRules

PRIVATE = "a private link between two processes"


def adopt_reader(socket: system.socket) -> LinkSource:
    """Read every frame that comes over one end of a private socket pair (`AF_UNIX`, `SOCK_SEQPACKET`), and answer.

    Takes the socket over. Waiting raises `Closed` once the process at the other end is gone.
    """
    session = ReaderSession(ReaderRules(keep="all"), party(), calling=Calling(secrets.token_hex(8), CALLED))
    tidy_at_exit()
    return LinkSource(ReadingEnd(session, PRIVATE, _given(socket)))


def adopt_publisher(socket: system.socket, *, on_reply: OnAnswer | None = None) -> LinkPublisher:
    """Publish to whoever holds the other end of a private socket pair; see `adopt_reader`."""
    session = PublisherSession(PublisherRules(live=False), party())
    tidy_at_exit()
    end = WritingEnd(session, PRIVATE, _given(socket), on_reply=on_reply)
    return LinkPublisher(end, name=to_name(system.gethostname(), "stream"))


def _given(socket: system.socket) -> Callable[[int], Carrier]:
    return lambda attempt: Switchboard(given=LocalConnection(socket, where=PRIVATE))
