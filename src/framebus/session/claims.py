"""Which publisher may have which stream name at a hub: as its key allows, and where nobody else has the name."""

from __future__ import annotations

from typing import NamedTuple

from framebus.session.feed import Feed
from framebus.session.naming import Names, taken
from framebus.session.objection import Objection
from framebus.session.outgoing import Peer, Rights
from framebus.session.pulse import Pulse


class Verdict(NamedTuple):
    """What stands against a claim, if anything, and what is to be done with the peer that has the name."""

    objection: Objection | None = None
    ask: Peer | None = None
    """It has to prove that it is still there."""
    lose: Peer | None = None
    """It has not proved that."""


class Claims:
    """Judged by the names in use, and by when their owners were last heard."""

    def __init__(self, names: Names, pulse: Pulse) -> None:
        self._names = names
        self._pulse = pulse

    def judge(self, feed: Feed, stream: str, rights: Rights | None, now: float) -> Verdict:
        """Whether the publisher `feed`, with these rights, may publish `stream`."""
        if rights is not None and not rights.allows("publish", stream):
            return Verdict(Objection("rights", f"this key may not publish {stream!r}"))
        owner = self._names.owner(feed, stream)
        if owner is None or owner.peer is None:
            return Verdict()
        alive = self._names.is_alive(feed.session, self._pulse.last_heard(owner.peer), now)
        if alive is False:
            return Verdict(lose=owner.peer)
        doubtful = alive is None
        objection = Objection("name", taken(stream, owner.party), retry=doubtful)
        return Verdict(objection, ask=owner.peer if doubtful else None)
