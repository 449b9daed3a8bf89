"""Waiting for a hub: in slices, so that Ctrl-C works, up to a limit, saying once what is waited for."""

from __future__ import annotations

import time
from collections.abc import Callable

from framebus.compat.imagezmq.image_timeout import ImageTimeout
from framebus.core.errors import Closed
from framebus.links.patience import Patience

SLICE_S = 0.5


class Limit:
    """The time one call may take, from now; `timeout` None waits for ever. `closed` ends the waiting."""

    def __init__(self, timeout: float | None, closed: Callable[[], bool] = lambda: False) -> None:
        self._patience = Patience(timeout)
        self._closed = closed

    def left(self, text: Callable[[], str]) -> float:
        """How long to sleep before looking again, in seconds.

        Raises `ImageTimeout` once the time is over, saying `text()`, and `Closed` once the sender was closed.
        """
        now = time.monotonic()
        if self._closed():
            raise Closed("this ImageSender was closed while it waited")
        if self._patience.over(now):
            raise ImageTimeout(f"{text()}; the limit was {self._patience.text}")
        self._patience.say_once(now, text)
        return min(SLICE_S, max(0.0, self._patience.until(now) - now))
