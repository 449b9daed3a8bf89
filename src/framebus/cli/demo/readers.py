"""The readers of the demo: threads that do what a user's loop does, and note what they saw."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

from framebus.cli.demo.published import Published
from framebus.cli.demo.received import Seen
from framebus.core.errors import Closed, Error
from framebus.core.frame import Frame
from framebus.core.source import Source
from framebus.sources import stamp
from framebus.verbs.open import open

SLOW_S = 0.25
"""How long the slow reader works on each picture."""


class Reader:
    """One source read in a loop, `work_s` seconds spent on each picture."""

    def __init__(
        self, name: str, streams: Sequence[Published], *, work_s: float = 0.0, keep: str | None = None
    ) -> None:
        self.name = name
        self.work_s = work_s
        self.keep = keep
        self.seen = {each.stream: Seen(name, each.stream, each.cycle) for each in streams}
        self.error: Error | None = None
        self._stop = threading.Event()
        self._source: Source = open(*(each.address for each in streams), keep=keep)
        self._thread = threading.Thread(target=self._run, name=f"framebus demo {name}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop reading."""
        self._stop.set()
        self._source.close()
        self._thread.join()

    def _run(self) -> None:
        try:
            for item in self._source:
                until = time.monotonic() + self.work_s
                if isinstance(item, Frame):
                    self._look(item)
                if self._stop.wait(max(0.0, until - time.monotonic())):
                    return
        except Closed:
            return
        except Error as error:
            self.error = error

    def _look(self, frame: Frame) -> None:
        found = stamp.read(frame.image)
        self.seen[frame.stream].see(frame, None if found is None else found[0], time.monotonic())


def all_readers(streams: Sequence[Published]) -> list[Reader]:
    """A fast one of everything, a slow one of the first stream, and one that wants every frame of the last."""
    return [
        Reader("fast", streams),
        Reader("slow", streams[:1], work_s=SLOW_S),
        Reader("lossless", streams[-1:], keep="all"),
    ]
