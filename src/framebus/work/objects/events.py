"""What an object has to tell without being asked: kept for a while, numbered, and handed to everybody who waits."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from copy import deepcopy
from itertools import islice
from typing import Any, NamedTuple

from framebus.core.errors import BadFrame
from framebus.pool.answers import pack
from framebus.pool.calling import Said
from framebus.wire.limits import MAX_FRAME_BYTES

KEPT = 1024
"""So many events wait for those who have not asked for them yet; older ones are given up, and counted."""
KEPT_BYTES = 64_000_000
"""At most so large all of their arrays together; the newest event is kept however large."""
BATCH = 64

Reply = Callable[[Said], None]


class _Kept(NamedTuple):
    event: Any
    nbytes: int


class _Waiting(NamedTuple):
    after: int
    asker: str
    reply: Reply


class Events:
    """The last events of one object. Thread-safe.

    Whoever listens asks for what comes after the last event it knows, and is answered once there is something.
    """

    def __init__(self, kept: int = KEPT, max_bytes: int = KEPT_BYTES) -> None:
        self._limit = kept
        self._max_bytes = max_bytes
        self._kept: deque[_Kept] = deque()
        self._bytes = 0
        self._count = 0
        self._waiting: list[_Waiting] = []
        self._lock = threading.Lock()

    @property
    def waited_for(self) -> bool:
        """True while somebody waits for the next one."""
        return bool(self._waiting)

    def emit(self, event: Any) -> None:
        """Tell `event` (what a method may answer with) to all who listen. Raises `BadFrame` for what cannot travel."""
        nbytes = _size(event)
        event = deepcopy(event)  # whoever told it may go on with its arrays
        with self._lock:
            self._keep(_Kept(event, nbytes))
            waiting, self._waiting = self._waiting, []
        for one in waiting:
            one.reply(self._since(one.after))

    def _keep(self, kept: _Kept) -> None:
        self._kept.append(kept)
        self._bytes += kept.nbytes
        self._count += 1
        while len(self._kept) > self._limit or (self._bytes > self._max_bytes and len(self._kept) > 1):
            self._bytes -= self._kept.popleft().nbytes

    def ask(self, after: int | None, asker: str, reply: Reply) -> None:
        """`reply` with the events after number `after` as soon as there are any; None: at once, with none of them."""
        with self._lock:
            if after is not None and after >= self._count:
                self._waiting.append(_Waiting(after, asker, reply))
                return
            after = self._count if after is None else after
        reply(self._since(after))

    def forget_those_of(self, gone: Callable[[str], bool]) -> None:
        """Askers that are `gone` wait no more."""
        with self._lock:
            self._waiting = [one for one in self._waiting if not gone(one.asker)]

    def _since(self, after: int) -> Said:
        """A few events, how many before them were given up, and the number of the last one."""
        with self._lock:
            first = self._count - len(self._kept)
            missed = max(0, first - after)
            begin = max(after, first)
            some = [kept.event for kept in islice(self._kept, begin - first, begin - first + BATCH)]
        return Said(*pack([begin + len(some), missed, some]))


def _size(event: Any) -> int:
    _, arrays = pack(event)
    nbytes = sum(array.nbytes for _, array in arrays)
    if nbytes > MAX_FRAME_BYTES:
        raise BadFrame(f"an event of {nbytes} bytes: the limit is {MAX_FRAME_BYTES}")
    return nbytes
