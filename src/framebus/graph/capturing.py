"""All streams of a system in one process: each begun again when it breaks, changed one by one."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from framebus.graph.channel import Change, Figures, Look
from framebus.graph.plans import Capture
from framebus.graph.streaming import Streaming


class Capturing:
    """The task of the capture process."""

    links: Mapping[str, str] = {}

    def __init__(self, work: Capture) -> None:
        self._news = threading.Event()
        self._stopping = False
        self._streams: dict[str, Streaming] = {}
        self._change(work)

    def run(self) -> bool:
        """Until all streams have ended, or it is stopped."""
        while not self._stopping and not all(stream.done for stream in list(self._streams.values())):
            self._news.wait()
            self._news.clear()
        _end(self._streams)
        return not self._stopping

    def stop(self) -> None:
        """Let go of all cameras."""
        self._stopping = True
        self._news.set()

    def heed(self, wish: Change | Look) -> None:
        """Capture something else from now on, one stream at a time."""
        if isinstance(wish, Change):
            self._change(wish.work)

    def _change(self, work: Capture) -> None:
        """End what is gone or different, begin what is new; the others go on."""
        kept = {name: old for name, old in self._streams.items() if work.streams.get(name) == old.stream}
        _end({name: old for name, old in self._streams.items() if name not in kept})
        self._streams = {
            name: kept.get(name) or Streaming(name, stream, self._news.set) for name, stream in work.streams.items()
        }
        self._news.set()

    def figures(self) -> Figures:
        """All streams, and the sum of them."""
        streams = {name: stream.figures() for name, stream in list(self._streams.items())}
        return Figures(
            rate=sum(figures.rate for figures in streams.values()),
            frames=sum(figures.frames for figures in streams.values()),
            missed=sum(figures.missed for figures in streams.values()),
            streams=streams,
        )


def _end(streams: dict[str, Streaming]) -> None:
    """All at the same time."""
    enders = [threading.Thread(target=stream.end, daemon=True) for stream in streams.values()]
    for ender in enders:
        ender.start()
    for ender in enders:
        ender.join()
