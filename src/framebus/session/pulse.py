"""Who is still there: silence is asked about after a second and means absence after three."""

from __future__ import annotations

from collections.abc import Hashable

ASK_S = 1.0
SILENCE_S = 3.0
CHECK_S = 0.5
OVERSLEPT_S = 1.5


class Pulse:
    """When each peer was last heard. Time this process itself slept through is not held against anybody."""

    def __init__(self) -> None:
        self._heard: dict[Hashable, float] = {}
        self._asked: dict[Hashable, float] = {}
        self._checked = 0.0

    def heard(self, peer: Hashable, now: float) -> None:
        """`peer` said something."""
        if not self._heard:
            self._checked = now
        self._heard[peer] = now

    def last_heard(self, peer: Hashable) -> float:
        """When `peer` was last heard, or minus infinity."""
        return self._heard.get(peer, float("-inf"))

    def forget(self, peer: Hashable) -> None:
        """`peer` is gone."""
        self._heard.pop(peer, None)
        self._asked.pop(peer, None)

    def check(self, now: float) -> tuple[list[Hashable], list[Hashable]]:
        """Peers to ask whether they are there, and peers that have been silent for too long."""
        if now < self._checked + CHECK_S:
            return [], []
        self._excuse(now - self._checked, now)
        self._checked = now
        silent = [peer for peer, at in self._heard.items() if now - at >= SILENCE_S]
        quiet = [peer for peer, at in self._heard.items() if ASK_S <= now - at < SILENCE_S]
        asked = [peer for peer in quiet if now - self._asked.get(peer, float("-inf")) >= ASK_S]
        self._asked.update(dict.fromkeys(asked, now))
        return asked, silent

    def _excuse(self, slept: float, now: float) -> None:
        if slept > OVERSLEPT_S:
            for peer in self._heard:
                self._heard[peer] = min(self._heard[peer] + slept, now)

    def deadline(self) -> float | None:
        """When `check` should be called next, or None when there is nobody to watch."""
        return self._checked + CHECK_S if self._heard else None
