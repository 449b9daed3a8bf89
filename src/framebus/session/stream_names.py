"""Which publisher of a hub has which stream name, and which may: one name, one publisher or group of them at a time."""

from __future__ import annotations

from typing import NamedTuple

from framebus.core.names import MAX_LENGTH, to_name
from framebus.session.feed import Feed
from framebus.session.objection import Objection
from framebus.session.outgoing import Peer, Rights
from framebus.session.pulse import Pulse
from framebus.wire.control import Party

PROOF_S = 1.0
"""For so long a publisher whose name another one wants may take to show that it is alive."""
FORGET_S = 10.0


class Names:
    """The names in use. A second machine gets a name of its own; a second publisher on one machine is refused.

    Publishers of one group, that pass on frames of the same run, have a name together.
    """

    def __init__(self) -> None:
        self._owners: dict[str, list[Feed]] = {}
        self._wanted: dict[str, float] = {}

    def name_for(self, feed: Feed, stream: str) -> str:
        """`stream`, or with the publisher's address where another machine has that name; stable across restarts."""
        if stream in feed.names:
            return feed.names[stream]
        owner = self._other_than(feed, stream)
        if owner is None or _machine(owner) == _machine(feed):
            return stream
        suffix = to_name(feed.address.replace(".", "-"), "elsewhere")[: MAX_LENGTH // 2]
        return f"{stream[: MAX_LENGTH - 1 - len(suffix)]}.{suffix}"

    def owner(self, feed: Feed, stream: str) -> Feed | None:
        """The other publisher that has, or had when last seen, the name `stream` would get."""
        return self._other_than(feed, self.name_for(feed, stream))

    def _other_than(self, feed: Feed, name: str) -> Feed | None:
        """Somebody else's feed, rather one that is there than one that was."""
        owners = self._owners.get(name, ())
        others = [owner for owner in owners if not (owner is feed or owner.ended or feed.shares_with(owner))]
        return next((owner for owner in others if owner.peer is not None), others[0] if others else None)

    def claim(self, feed: Feed, stream: str) -> str:
        """`stream` of `feed` is called that here from now on."""
        name = self.name_for(feed, stream)
        if self.owner(feed, stream) is not None:
            feed.known.add(stream)
        company = [owner for owner in self._owners.get(name, ()) if owner is not feed and feed.shares_with(owner)]
        self._owners[name] = [*company, feed]
        feed.names[stream] = name
        return name

    def is_alive(self, newcomer: str, heard: float, now: float) -> bool | None:
        """Whether an owner, last `heard` then, still is there; None: not known yet, ask it.

        It is when it has been heard since the `newcomer` (a session) first wanted its name.
        """
        self._wanted = {session: at for session, at in self._wanted.items() if now - at < FORGET_S}
        since = self._wanted.setdefault(newcomer, now)
        if heard > since:
            return True
        return None if now - since < PROOF_S else False

    def forget(self, feed: Feed) -> None:
        """`feed` will not come back."""
        left = {name: [owner for owner in owners if owner is not feed] for name, owners in self._owners.items()}
        self._owners = {name: owners for name, owners in left.items() if owners}


class Verdict(NamedTuple):
    """What stands against a claim, if anything, and what is to be done with the peer that has the name."""

    objection: Objection | None = None
    ask: Peer | None = None
    """It has to prove that it is still there."""
    lose: Peer | None = None
    """It has not proved that."""


class Claims:
    """Who may have a name: as the key allows, and where nobody else has it. Judged by when owners were last heard."""

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


def _machine(feed: Feed) -> str:
    return feed.party.host or feed.address


def taken(stream: str, owner: Party) -> str:
    """The sentence for a second publisher of `stream`."""
    who = f"{owner.command or 'another publisher'} (pid {owner.pid} on {owner.hostname or 'that machine'})"
    return f"stream {stream!r} is already published here by {who}; stop it, or give this one another name"
