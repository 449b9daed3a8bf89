"""The reactor's second pair of eyes on an endpoint."""

from __future__ import annotations

from collections.abc import Callable


class Lookout:
    """Notices connections that come and go at once, whoever drives the endpoint itself."""

    def __init__(self, look: Callable[[float], float | None]) -> None:
        self.scheduled = float("inf")
        self._look = look

    def hot_until(self, now: float) -> float:
        """Never: nobody else does this."""
        return 0.0

    def turn(self, now: float) -> float | None:
        """Look."""
        return self._look(now)
