"""Who asked: whether they are still there, and what their keys allow."""

from __future__ import annotations

import time

from framebus.core.contracts import Item
from framebus.links.reading import LinkSource

PATIENCE_S = 10.0
"""So long the link to somebody may be broken before what is open for them is closed."""


class Askers:
    """Those at the other ends of a link over which questions come."""

    def __init__(self, source: LinkSource) -> None:
        self._end = source._end

    def of(self, item: Item) -> str:
        """Who asked a question that is in hand; empty where that is not known any more."""
        addressed = self._end.session.addressed(item.identity)
        return addressed[0] if addressed is not None else ""

    def gone(self, asker: str) -> bool:
        """True for somebody who took leave, or was away for `PATIENCE_S`."""
        feed = self._end.session.feeds.get(asker)
        if feed is None or feed.ended:
            return True
        away = feed.away_since
        return away is not None and time.monotonic() - away >= PATIENCE_S

    def may_control(self, asker: str, name: str) -> bool:
        """Whether the asker's key, where keys are used, allows to control what is called `name`."""
        feed = self._end.session.feeds.get(asker)
        peer = None if feed is None else feed.peer
        rights = None if peer is None else self._end.session.guests.rights(peer)
        return rights is None or rights.allows("control", name)
