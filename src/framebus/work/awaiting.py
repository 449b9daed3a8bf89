"""Threads that wait for answers: one of them drives the links these come over, the others sleep until they are told."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from framebus.core.bell import Bell
from framebus.links import vigil
from framebus.links.publishing import LinkPublisher


class Awaiting:
    """Used with `news` held, the condition that guards whatever is waited for."""

    def __init__(self, news: threading.Condition) -> None:
        self._news = news
        self._bell = Bell()
        self._driver = 0
        """The thread that drives; 0 where none does."""
        self._closed = False

    def sleep(self, publishers: Sequence[LinkPublisher], limit_s: float) -> None:
        """Until there may be news, of `publishers` for instance, at most for `limit_s`; gives up `news` meanwhile."""
        if self._driver or self._closed:
            self._news.wait(limit_s)
            return
        self._driver = threading.get_ident()
        self._news.release()
        try:
            vigil.wait(publishers, [self._bell.fileno()], limit_s)
        finally:
            self._news.acquire()
            self._drive_no_more()

    def _drive_no_more(self) -> None:
        self._driver = 0
        self._bell.hush()
        if self._closed:
            self._bell.close()
        self._news.notify_all()  # somebody else may drive now

    def wake(self) -> None:
        """There are news."""
        self._news.notify_all()
        if self._driver not in (0, threading.get_ident()):
            self._bell.ring()

    def close(self) -> None:
        """Wake all; nobody drives any more."""
        self.wake()
        self._closed = True
        if not self._driver:
            self._bell.close()
