"""The page of a system in its node."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from framebus.core.errors import Unavailable
from framebus.graph.channel import Change, Figures, Look
from framebus.graph.plans import Web
from framebus.web.opening import links_to, opened

LOOK_S = 1.0
"""How often to look whether the server still runs."""


class Showing:
    """The task of the page's process. It listens once it is made."""

    def __init__(self, work: Web) -> None:
        from framebus.web.system_part import System

        self._system = System()
        self._server = opened(work, [self._system])
        self.links: Mapping[str, str] = links_to(self._server, work)
        self._ending = threading.Event()

    def run(self) -> bool:
        """Serve until somebody stops it; raises `Unavailable` where it ended by itself."""
        with self._server:
            self._server.start()
            while not self._ending.wait(LOOK_S):
                if not self._server.running:
                    raise Unavailable("the page's server has ended by itself")
        return False

    def stop(self) -> None:
        """Say goodbye to who looks at it."""
        self._ending.set()

    def heed(self, wish: Change | Look) -> None:
        """Show how the system is."""
        if isinstance(wish, Look):
            self._system.told = bytes(wish.system)

    def figures(self) -> Figures:
        """That it works."""
        return Figures()
