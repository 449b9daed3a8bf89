"""Clips around events: what happened shortly before is kept in memory until somebody says that something happens."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from framebus.core.callables import Ready, find
from framebus.core.contracts import Done, Item, Sink
from framebus.core.errors import BadFrame, Closed, OpError
from framebus.core.frame import Frame, Packet
from framebus.core.options import check
from framebus.record.recorder import Recorder

MAX_BYTES = 512_000_000
"""How much is kept of the time before, over all streams."""


class Clips:
    """Gives `sink` the frames from `before_s` before to `after_s` after each one for which `happens` answers true.

    Each clip is a file; what happens during one makes it longer. Every stream has its own events. What waits in memory
    counts as done, because most of it is never written: it is lost when the process dies. Frames are copied, so that
    nobody waits for the memory they came in. What a clip lacks because memory was full is missed by its first frame.
    Not thread-safe.
    """

    keep: str | None = "all"
    packets = False

    def __init__(self, sink: Recorder, happens: Callable[[Frame], Any], *, before_s: float, after_s: float) -> None:
        self.group: str | None = sink.group
        self._sink = sink
        self._happens = happens
        self._before_ns, self._after_ns = int(before_s * 1e9), int(after_s * 1e9)
        self._waiting: dict[str, deque[Frame]] = {}
        self._given_up: dict[str, deque[tuple[int, int]]] = {}
        """When what memory had no room for was captured, and how many frames a clip lacks without it."""
        self._until: dict[str, int] = {}
        self._bytes = 0
        self._closed = False

    def write(self, item: Item, done: Done) -> None:
        """Look at one; raises `OpError` where the function fails on it, and what the sink raises."""
        if self._closed:
            raise Closed("this recorder of clips was closed")
        if isinstance(item, Packet):
            raise BadFrame("events are looked for in pictures: put the op decode before it")
        if self._look(item):
            self._until[item.stream] = item.captured_ns + self._after_ns
            missed = self._release(item.stream, item.captured_ns - self._before_ns)
            item = item.replace(missed=item.missed + missed) if missed else item
        if item.captured_ns <= self._until.get(item.stream, -1):
            self._sink.write(item, done)
            return
        if self._until.pop(item.stream, None) is not None:
            self._sink.split(item.stream)
        self._keep(item)
        done()

    def close(self) -> None:
        """Forget what waits, finish the files; idempotent."""
        self._closed = True
        self._waiting.clear()
        self._sink.close()

    def _look(self, frame: Frame) -> bool:
        try:
            return bool(self._happens(frame))
        except Exception as error:
            which = f"frame {frame.seq} of {frame.stream}"
            raise OpError(f"the function that looks for events failed on {which}: {error!r}") from error

    def _release(self, stream: str, since_ns: int) -> int:
        """Write what waits; how many frames the clip lacks before the next one, where nothing waited any more."""
        missed = sum(frames for at_ns, frames in self._given_up.pop(stream, ()) if at_ns >= since_ns)
        for frame in self._waiting.pop(stream, ()):
            self._bytes -= frame.nbytes
            if frame.captured_ns >= since_ns:
                self._sink.write(frame.replace(missed=frame.missed + missed), _nothing)
                missed = 0
        return missed

    def _keep(self, frame: Frame) -> None:
        if not self._before_ns:
            return
        waiting, since_ns = self._waiting.setdefault(frame.stream, deque()), frame.captured_ns - self._before_ns
        waiting.append(frame.replace(content=frame.data.copy(), _data=None, _image=None))
        self._bytes += waiting[-1].nbytes
        while waiting and (waiting[0].captured_ns < since_ns or self._bytes > MAX_BYTES):
            oldest = waiting.popleft()
            self._bytes -= oldest.nbytes
            self._given_up.setdefault(frame.stream, deque()).append((oldest.captured_ns, oldest.missed + 1))
        given_up = self._given_up.get(frame.stream)
        while given_up and given_up[0][0] < since_ns:
            given_up.popleft()


def around_events(recorder: Recorder, around: Any, *, before: Any, after: Any) -> Sink:
    """`recorder` as it is, or with `around` only clips for it; options as people give them."""
    if around is None:
        return recorder
    happens = Ready(find(check("around", around)))
    return Clips(recorder, happens, before_s=check("before", before), after_s=check("after", after))


def _nothing() -> None:
    """It counted as done when it came."""
