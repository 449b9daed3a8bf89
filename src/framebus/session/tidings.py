"""What a publisher tells its readers of streams that do not come, without being asked: when it changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from framebus.session.audience import Audience
from framebus.session.outgoing import Action, Peer
from framebus.wire.control import MAX_CONDITIONS, Ping, StreamCondition

LOOK_S = 0.5
"""How often is looked whether there is something to be told."""


class Tidings:
    """Of one publisher. What is to be said is appended to `out`."""

    def __init__(self, audience: Audience, out: list[tuple[Peer, Action]]) -> None:
        self.troubles: Callable[[], Mapping[str, StreamCondition]] = dict
        """Which streams do not come, by the names they are published under."""
        self._audience = audience
        self._out = out
        self._told: dict[str, tuple[str, str]] = {}
        self._look_at = 0.0

    def tell(self, now: float) -> None:
        """Tell everybody, where it is not as it was."""
        if now < self._look_at:
            return
        self._look_at = now + LOOK_S
        found = self.troubles()
        known: dict[str, tuple[str, str]] = {name: (one.state, one.why) for name, one in found.items()}
        if known != self._told:
            self._told = known
            for peer in list(self._audience.members):
                self._say(peer, found)

    def greet(self, peer: Peer) -> None:
        """Tell a reader that has just come, where there is something to be told."""
        if self._told:
            self._say(peer, self.troubles())

    def _say(self, peer: Peer, found: Mapping[str, StreamCondition]) -> None:
        member = self._audience.members[peer]
        if not member.one_shot:
            conditions = tuple(one for name, one in found.items() if member.group.wants(name))[:MAX_CONDITIONS]
            self._out.append((peer, Ping(session=member.session, answer=True, conditions=conditions)))
