"""Services asked about each frame on its way: their answers become the frame's `meta`, their pictures its `arrays`."""

from __future__ import annotations

import select
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from framebus.core.bell import Bell
from framebus.core.contracts import Item
from framebus.core.errors import Error, OpError
from framebus.core.frame import Array, Frame
from framebus.work.answer import Answer
from framebus.work.calls import Call
from framebus.work.gather import open_exchange
from framebus.work.gather_services import Spec
from framebus.work.stage import Result, Stage

IN_FLIGHT = 3
"""Frames that are with the services at once: enough to keep all of them busy."""
MAX_LISTED = 1024
"""Arrays of at most so many numbers, inside an answer, become lists in `meta`: boxes, scores, points."""
MISSING = "missing"


class Asking(Stage):
    """Frames leave in the order in which they came, with the answers to them."""

    def __init__(self, services: Mapping[str, Spec], limit_s: float | None = None) -> None:
        """`limit_s`: how long to wait for the answers to one frame; what is missing then is named in its `meta`."""
        self._exchange = open_exchange(services)
        self._limit_s = limit_s
        self._calls: deque[Call] = deque()
        self._bell = Bell()
        self._since = time.monotonic()
        self._exchange.listen(self._bell)

    def is_ready(self) -> bool:
        """See `Stage`: our own processes are built. Services elsewhere come and go."""
        return self._exchange.has_started(self._since)

    @property
    def full(self) -> bool:
        return len(self._calls) >= IN_FLIGHT

    @property
    def busy(self) -> bool:
        return bool(self._calls)

    def put(self, item: Item) -> None:
        """See `Stage`; raises `OpError` for packets."""
        if not isinstance(item, Frame):
            raise OpError(f"services cannot work on coded packets of {item.stream}: put the op decode before it")
        self._calls.append(self._exchange.ask(item, self._limit_s))

    def flush(self) -> None:
        return

    def results(self) -> list[Result]:
        """See `Stage`."""
        self._exchange.hush(self._bell)
        self._exchange.send_due()
        results: list[Result] = []
        while self._calls and self._calls[0].over(time.monotonic()):
            call = self._calls[0]
            self._exchange.wait(call)
            self._calls.popleft()
            results.append(_result(call))
        return results

    def wait(self, limit_s: float, also: Sequence[int] = ()) -> bool:
        now = time.monotonic()
        if self._calls:
            limit_s = min(limit_s, self._exchange.patience_s(self._calls[0], now))
        readable, _, _ = select.select([self._bell.fileno(), *also], [], [], limit_s)
        return any(descriptor in readable for descriptor in also)

    def close(self) -> None:
        self._exchange.unlisten(self._bell)
        self._exchange.close()
        self._bell.close()


def _result(call: Call) -> Result:
    answer = Answer(call.frame, call.outcomes)
    try:
        return Result(call.frame, [answered(call.frame, answer)])
    except Error as error:
        return Result(call.frame, error=error)


def answered(frame: Frame, answer: Answer) -> Frame:
    """The frame with the answers to it.

    What service `seg` said is `meta["seg"]`; an array it answered with is `arrays["seg"]`, and a large one inside its
    answer, such as `{"mask": array}`, is `arrays["seg.mask"]`. Why others are missing is in `meta["missing"]`.
    """
    meta = dict(frame.meta)
    extra = list(frame.extra)
    for name, value in answer.items():
        arrays: list[tuple[str, Array]] = []
        plain = _plain(value, name, arrays)
        extra += arrays
        if not (len(arrays) == 1 and arrays[0][0] == name):
            meta[name] = plain
    if answer.missing:
        meta[MISSING] = dict(answer.missing)
    return frame.replace(meta=meta, extra=tuple(extra))


def _plain(value: Any, path: str, arrays: list[tuple[str, Array]]) -> Any:
    """`value` as JSON has it; large arrays are put into `arrays`, and their names in their place."""
    if isinstance(value, Frame):
        value = value.image
    if isinstance(value, np.ndarray):
        if value.size <= MAX_LISTED and "." in path:
            return value.tolist()
        arrays.append((path, value))
        return path
    if isinstance(value, Mapping):
        return {str(key): _plain(inside, f"{path}.{key}", arrays) for key, inside in value.items()}
    if isinstance(value, list | tuple):
        return list(_items(value, path, arrays))
    return value


def _items(values: Sequence[Any], path: str, arrays: list[tuple[str, Array]]) -> Iterator[Any]:
    for number, value in enumerate(values):
        yield _plain(value, f"{path}.{number}", arrays)
