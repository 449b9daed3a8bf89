"""One service of a system in its node."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping

from framebus.graph.channel import Change, Figures, Look
from framebus.graph.plans import Service, target_of
from framebus.verbs.accepted_options import checked
from framebus.work.serve import serving
from framebus.work.serving import Serving

WINDOW_S = 2.0


class Answering:
    """The task of a service's process; its workers are processes of their own."""

    links: Mapping[str, str] = {}

    def __init__(self, work: Service) -> None:
        self._service = serving(target_of(work.op), work.address, **checked(work.options))
        self._marks: deque[tuple[float, int]] = deque([(time.monotonic(), 0)])
        self._stopping = False

    def run(self) -> bool:
        """Answer until somebody stops it."""
        with self._service:
            self._service.run()
        return False

    def stop(self) -> None:
        """Answer what was begun, and end."""
        if not self._stopping:
            self._stopping = True
            self._service.stop()

    def heed(self, wish: Change | Look) -> None:
        """Services are begun again instead."""

    def figures(self) -> Figures:
        """How it is doing: answers are its frames."""
        failed = self._service.failed
        return Figures(
            rate=self._rate(self._service.answered),
            frames=self._service.answered,
            queue=self._service.waiting if isinstance(self._service, Serving) else 0,
            why=f"{failed:,} of its answers are errors" if failed else "",
        )

    def _rate(self, answered: int) -> float:
        """Answers per second over the last two seconds."""
        now = time.monotonic()
        while len(self._marks) > 1 and self._marks[1][0] <= now - WINDOW_S:
            self._marks.popleft()
        self._marks.append((now, answered))
        since, before = self._marks[0]
        return (answered - before) / (now - since) if now > since else 0.0
