"""What was answered last to each lane of each asker: a question that comes again is not executed again. Pure."""

from __future__ import annotations

from collections import OrderedDict
from typing import NamedTuple

from framebus.core.frame import Identity
from framebus.pool.calling import Said
from framebus.work.objects import speech

MAX_LANES = 4096
MAX_BYTES = 64_000_000
"""Arrays of answers kept; the newest answer is kept however large."""

LOST = "it was executed, but its answer got lost on the way"


class _Last(NamedTuple):
    number: int
    said: Said | None


class Executed:
    """The last answers. A link that broke may bring a question again whose answer did not arrive."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._last: OrderedDict[tuple[str, int, int], _Last] = OrderedDict()

    def note(self, identity: Identity, lane: int, said: Said) -> None:
        """The question was executed, and this is the answer to it."""
        key = (identity.stream, identity.run, lane)
        self._bytes += _bytes(said) - _bytes(self._forget(key))
        self._last[key] = _Last(identity.seq, said)
        if len(self._last) > MAX_LANES:
            self._bytes -= _bytes(self._forget(next(iter(self._last))))
        for old in list(self._last):
            if self._bytes <= self._max_bytes or old == key:
                break
            number, answer = self._last[old]
            self._bytes -= _bytes(answer)
            self._last[old] = _Last(number, None)

    def again(self, identity: Identity, lane: int) -> Said | None:
        """What to say to a question that was executed before; None for a new one."""
        last = self._last.get((identity.stream, identity.run, lane))
        if last is None or identity.seq > last.number:
            return None
        if identity.seq < last.number or last.said is None:
            return speech.refused("lost", LOST)
        return last.said

    def _forget(self, key: tuple[str, int, int]) -> Said | None:
        last = self._last.pop(key, None)
        return None if last is None else last.said


def _bytes(said: Said | None) -> int:
    return 0 if said is None else sum(array.nbytes for _, array in said.arrays)
