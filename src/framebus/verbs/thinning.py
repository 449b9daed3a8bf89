"""At most so many frames per second, evenly, by when they were captured."""

from __future__ import annotations

from framebus.core import clock
from framebus.core.contracts import Item
from framebus.core.errors import OptionError
from framebus.core.frame import Frame


class Thinning:
    """Decides which frames a reader with `max_fps` gets; those it does not want are not missed."""

    def __init__(self, max_fps: float | None) -> None:
        self._period_ns = int(1e9 / max_fps) if max_fps else 0
        self._opens_ns: dict[str, int] = {}

    def admits(self, item: Item) -> bool:
        """Whether this reader gets `item`; raises `OptionError` for packets, which cannot be left out singly."""
        if not self._period_ns:
            return True
        if not isinstance(item, Frame):
            raise OptionError(f"max_fps does not go with packets ({item.stream}): every one is needed to decode")
        return self._open(item.stream, item.captured_ns or clock.utc_ns())

    def _open(self, stream: str, now_ns: int) -> bool:
        opens_ns = self._opens_ns.get(stream, now_ns)
        if now_ns < opens_ns <= now_ns + self._period_ns:  # further away, the clock was set back: begin anew
            return False
        since_ns = now_ns - opens_ns
        begin_ns = opens_ns if 0 <= since_ns < self._period_ns else now_ns
        self._opens_ns[stream] = begin_ns + self._period_ns
        return True
