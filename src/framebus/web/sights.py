"""Who sees what: one viewer's look at one stream, in one tile."""

from __future__ import annotations

from collections.abc import Callable

from framebus.core.frame import Frame
from framebus.web.outbox import Lane, NewestLane
from framebus.web.page_messages import Watch


class Sight:
    """One tile of one viewer."""

    def __init__(self, watch: Watch, wake: Callable[[], None]) -> None:
        self.watch = watch
        self.lane: Lane = NewestLane()
        self.had: Frame | None = None
        """The picture it got last."""
        self.wake = wake
        """Called when there is something to send."""
        self.begun = False
        """Whether a player was told what to decode."""

    @property
    def coded(self) -> bool:
        """Whether it takes coded video."""
        return self.watch.how != "jpeg"


class Sights:
    """All of them, by stream. Used in the loop only."""

    def __init__(self) -> None:
        self._by_stream: dict[str, list[Sight]] = {}

    def add(self, sight: Sight) -> None:
        """One more."""
        self._by_stream.setdefault(sight.watch.stream, []).append(sight)

    def remove(self, sight: Sight) -> None:
        """One less."""
        left = self._by_stream.get(sight.watch.stream, [])
        if sight in left:
            left.remove(sight)
        if not left:
            self._by_stream.pop(sight.watch.stream, None)

    def of(self, stream: str) -> list[Sight]:
        """Those on `stream`."""
        return self._by_stream.get(stream, [])

    def of_pictures(self, stream: str) -> list[Sight]:
        """Those that want whole pictures."""
        return [sight for sight in self.of(stream) if not sight.coded]

    def coded(self, stream: str) -> list[Sight]:
        """Those that want coded video."""
        return [sight for sight in self.of(stream) if sight.coded]
