"""Which nodes have fallen silent: a state machine without a clock."""

from __future__ import annotations

MAX_NODES = 1000
"""More than that are not watched: anybody may call itself a node."""


class Silence:
    """Nodes, when each was last heard, and which have been reported. Times are monotonic seconds."""

    def __init__(self, patience_s: float) -> None:
        self._patience_s = patience_s
        self._heard: dict[str, float] = {}
        self._reported: set[str] = set()

    def heard(self, node: str, now_s: float) -> float | None:
        """`node` said something; for how long it was silent, where that had been reported."""
        before = self._heard.get(node)
        if before is None and len(self._heard) >= MAX_NODES:
            return None
        self._heard[node] = now_s
        if before is None or node not in self._reported:
            return None
        self._reported.discard(node)
        return now_s - before

    def fallen_silent(self, now_s: float) -> list[tuple[str, float]]:
        """Nodes that have said nothing for longer than the patience, once each, with the seconds."""
        found = [
            (node, now_s - since)
            for node, since in self._heard.items()
            if node not in self._reported and now_s - since > self._patience_s
        ]
        self._reported.update(node for node, _ in found)
        return found
