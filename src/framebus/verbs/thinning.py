"""At most so many frames per second, evenly, by when they were captured."""

from __future__ import annotations

from framebus.core import clock
from framebus.core.contracts import Item
from framebus.core.errors import OptionError
from framebus.core.frame import Frame
from framebus.core.untold import Untold


class Thinning:
    """Decides which frames a reader with `max_fps` gets; those it does not want are not missed.

    What was missed before one that it does not want was missed before the next one of its run that it gets.
    """

    def __init__(self, max_fps: float | None) -> None:
        self._period_ns = int(1e9 / max_fps) if max_fps else 0
        self._opens_ns: dict[str, int] = {}
        self._untold = Untold()

    def admitted(self, item: Item) -> Item | None:
        """`item` as this reader gets it, or None; raises `OptionError` for packets, which cannot be left out singly."""
        if not self._period_ns:
            return item
        if not isinstance(item, Frame):
            raise OptionError(f"max_fps does not go with packets ({item.stream}): every one is needed to decode")
        item = self._untold.told(item)
        if self._open(item.stream, item.captured_ns or clock.utc_ns()):
            return item
        self._untold.add(item.stream, item.run, item.missed)
        return None

    def _open(self, stream: str, now_ns: int) -> bool:
        opens_ns = self._opens_ns.get(stream, now_ns)
        if now_ns < opens_ns <= now_ns + self._period_ns:  # further away, the clock was set back: begin anew
            return False
        since_ns = now_ns - opens_ns
        begin_ns = opens_ns if 0 <= since_ns < self._period_ns else now_ns
        self._opens_ns[stream] = begin_ns + self._period_ns
        return True
