"""Several cameras by the time of capture: which frames belong together."""

from __future__ import annotations

import select
from collections import deque
from collections.abc import Iterator, Sequence

from framebus.core.contracts import Item
from framebus.core.errors import Timeout
from framebus.core.frame import Frame
from framebus.core.source import Source

MAX_WAITING = 64
"""Frames of one stream that wait for the others."""


class Alignment:
    """Sets of one frame of each of `count` cameras, captured within `within_ns` of the earliest of them. Pure.

    A set is given once every camera has shown what it has for it; it lacks those that had nothing. The frames of each
    camera come in their order, the sets in the order of time, and every frame is in exactly one. A camera that sends
    nothing holds up the others until one has 64 frames waiting, or it ended. Times have to be comparable: one machine,
    or synchronised clocks.
    """

    def __init__(self, count: int, within_ns: int) -> None:
        self._within_ns = within_ns
        self._waiting: list[deque[Item]] = [deque() for _ in range(count)]
        self._ended: set[int] = set()

    def waiting(self, camera: int) -> int:
        """How many of its frames wait."""
        return len(self._waiting[camera])

    def add(self, camera: int, item: Item) -> None:
        """One more of a camera, counted from 0."""
        self._waiting[camera].append(item)

    def end(self, camera: int) -> None:
        """There is no more of it."""
        self._ended.add(camera)

    def sets(self) -> Iterator[dict[int, Item]]:
        """Those that are complete now, by the number of the camera."""
        while any(self._waiting) and self._decided():
            first_ns = min(items[0].captured_ns for items in self._waiting if items)
            yield {
                camera: items.popleft()
                for camera, items in enumerate(self._waiting)
                if items and items[0].captured_ns <= first_ns + self._within_ns
            }

    def _decided(self) -> bool:
        """Whether every camera has shown what it has."""
        if any(len(items) > MAX_WAITING for items in self._waiting):
            return True
        return all(items or camera in self._ended for camera, items in enumerate(self._waiting))


def aligned(sources: Sequence[Source[Item]], within_s: float) -> Iterator[dict[str, Frame]]:
    """The sets of frames of `sources`, by the names of their streams; ends when all sources have.

    Finite sources are read as they are needed, live ones as they come. A set counts as taken when the next is asked
    for. Raises what reading raises. Sources stay open.
    """
    alignment = Alignment(len(sources), int(within_s * 1e9))
    active = dict(enumerate(sources))
    while active or any(map(alignment.waiting, range(len(sources)))):
        for found in alignment.sets():
            yield {item.stream: item for item in found.values() if isinstance(item, Frame)}
            for camera, item in found.items():
                sources[camera].done(item)
        for camera in _ready(active, alignment):
            try:
                taken = active[camera].take(0)
            except Timeout:
                continue
            if taken is None:
                alignment.end(camera)
                del active[camera]
            else:
                alignment.add(camera, taken)


def _ready(active: dict[int, Source[Item]], alignment: Alignment) -> list[int]:
    """The cameras to read now: those of which more is wanted and there is something; waits for one."""
    most = {camera: MAX_WAITING if source.live else 0 for camera, source in active.items()}
    wanted = {source.fileno(): camera for camera, source in active.items() if alignment.waiting(camera) <= most[camera]}
    if not wanted:
        return []
    found, _, _ = select.select(list(wanted), [], [])
    return [wanted[descriptor] for descriptor in found]
