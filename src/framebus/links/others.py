"""Senders of other systems at a listening link: what their messages say, and to whom."""

from __future__ import annotations

from framebus.links.connection import Parts
from framebus.session.legacy import LegacySenders
from framebus.session.outgoing import Peer
from framebus.session.reader import ReaderSession
from framebus.wire.dialects import any_sender
from framebus.wire.dialects.foreign import End

FRAMEBUS_SOCKETS = ("", "DEALER", "ROUTER")
"""What framebus itself connects with: who sends its frames there without a hello is one that lost its connection."""
DEAF = ("PUB", "XPUB", "PUSH")
"""Sockets that hear nothing, so they are never answered."""


class Others(LegacySenders):
    """Those of one end; `dialect` is the one system they must speak, where the address names it."""

    def __init__(self, session: ReaderSession, dialect: str, *, by_hand: bool) -> None:
        here = session.party.hostname or "here"
        super().__init__(session.rules, session.guests, session.names, here=here, by_hand=by_hand)
        self._dialect = dialect

    def take_in(self, peer: Peer, parts: Parts, socket: str, now: float, *, ours: bool) -> None:
        """A message from `peer`, whose ZeroMQ socket is a `socket`; raises `BadFrame` where it makes no sense.

        `ours`: it is framebus that speaks as another system does.
        """
        sent = any_sender.read(parts, self.host(peer), self._dialect, loose=self.by_hand)
        answer = b"" if socket in DEAF else sent.answer
        if isinstance(sent.content, End):
            self.ended(peer, answer)
        else:
            self.arrived(peer, sent.content, answer, now, again=ours)
