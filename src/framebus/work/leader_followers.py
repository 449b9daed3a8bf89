"""Leader and followers: of the threads that wait for answers one drives the links, the others sleep until told."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from framebus.core.bell import Bell
from framebus.links import vigil
from framebus.links.publishing import LinkPublisher


class LeaderFollowers:
    """Used with `news` held, the condition that guards whatever is waited for."""

    def __init__(self, news: threading.Condition) -> None:
        self._news = news
        self._bell = Bell()
        self._leader = 0
        """The thread that drives the links; 0 where none does."""
        self._closed = False

    def sleep(self, publishers: Sequence[LinkPublisher], limit_s: float) -> None:
        """Until there may be news, of `publishers` for instance, at most for `limit_s`; gives up `news` meanwhile."""
        if self._leader or self._closed:
            self._news.wait(limit_s)
            return
        self._leader = threading.get_ident()
        self._news.release()
        try:
            vigil.wait(publishers, [self._bell.fileno()], limit_s)
        finally:
            self._news.acquire()
            self._lead_no_more()

    def _lead_no_more(self) -> None:
        self._leader = 0
        self._bell.hush()
        if self._closed:
            self._bell.close()
        self._news.notify_all()  # somebody else may lead now

    def wake(self) -> None:
        """There are news."""
        self._news.notify_all()
        if self._leader not in (0, threading.get_ident()):
            self._bell.ring()

    def close(self) -> None:
        """Wake all; nobody leads any more."""
        self.wake()
        self._closed = True
        if not self._leader:
            self._bell.close()
