"""Frames as they come, without missing that an answer is complete meanwhile."""

from __future__ import annotations

import select
import time
from collections.abc import Iterable
from typing import Any

from framebus.core.bell import Bell
from framebus.core.closing import Closing
from framebus.core.frame import Array, Frame
from framebus.core.source import Source
from framebus.work.calls import Call
from framebus.work.exchange import Exchange


class Arriving(Closing):
    """The next frame, or the answers to an earlier one, whichever comes first where a live source keeps us waiting."""

    def __init__(self, frames: Iterable[Frame | Array], exchange: Exchange) -> None:
        self.ended = False
        self._frames = iter(frames)
        self._source: Source[Any] | None = frames if isinstance(frames, Source) else None
        self._exchange = exchange
        self._bell: Bell | None = None

    def next(self, call: Call | None) -> Frame | Array | None:
        """The next frame; None at the end, or once nothing more is waited for in `call`."""
        if call is not None and self._source is not None and self._source.live:
            self._await(self._source, call)
            if call.over(time.monotonic()):
                return None
        try:
            return next(self._frames)
        except StopIteration:
            self.ended = True
            return None

    def _await(self, source: Source[Any], call: Call) -> None:
        """Until `source` has a frame, or `call` is over."""
        if self._bell is None:
            self._bell = Bell()
            self._exchange.listen(self._bell)
        limit = None if source.timeout is None else time.monotonic() + source.timeout
        while not call.over(now := time.monotonic()) and (limit is None or now < limit):
            self._exchange.hush(self._bell)
            self._exchange.send_due()
            if call.complete:
                return
            wait_s = self._exchange.patience_s(call, now)
            if limit is not None:
                wait_s = min(wait_s, limit - now)
            readable, _, _ = select.select([source.fileno(), self._bell.fileno()], [], [], wait_s)
            if source.fileno() in readable:
                return

    def close(self) -> None:
        """Nothing more is waited for; idempotent."""
        if self._bell is not None:
            self._exchange.unlisten(self._bell)
            self._bell.close()
