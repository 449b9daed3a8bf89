"""A running system as a service: whoever started it is told that it is ready, alive, and when it stops."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from framebus.supervise.notifying import Notifying

if TYPE_CHECKING:
    from framebus.config.saved import Audience
    from framebus.graph.view import View

_ON_ITS_WAY = frozenset({"starting"})


class Serviced:
    """Passes everything on to `audience`, and tells systemd besides; see `Audience`."""

    def __init__(self, audience: Audience, notifying: Notifying) -> None:
        self._audience = audience
        self._notifying = notifying
        self._ready = False

    def printed(self, name: str, line: str) -> None:
        """A node printed a line."""
        self._audience.printed(name, line)

    def look(self, views: list[View]) -> None:
        """How everything is: called as long as the supervisor goes round."""
        self._audience.look(views)
        states = {view.state for view in views}
        if not self._ready and not states & _ON_ITS_WAY:
            self._ready = True
            self._notifying.ready()
        self._notifying.alive(_status(views))

    def told(self, text: str) -> None:
        """What concerns all of it."""
        self._audience.told(text)

    def ending(self) -> None:
        """All of it is being ended."""
        self._notifying.stopping()
        self._audience.ending()

    def opened(self, links: Mapping[str, str]) -> None:
        """The page is open."""
        self._audience.opened(links)


def _status(views: list[View]) -> str:
    """`9 of 10 are well; door: away`: of what the file names."""
    named = [view for view in views if view.kind != "capture"]
    ill = [f"{view.name}: {view.state}" for view in named if view.troubled]
    return "; ".join([f"{len(named) - len(ill)} of {len(named)} are well", *ill])
