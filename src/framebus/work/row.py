"""Two stages, one after the other."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from framebus.core.contracts import Item
from framebus.core.errors import Error
from framebus.work.stage import Result, Stage

SLICE_S = 0.01
"""Two descriptors cannot be one: so long at most the second stage's news wait while the first one is asleep."""


class Row(Stage):
    """What the first stage makes of an item goes into the second."""

    def __init__(self, first: Stage, second: Stage) -> None:
        self._first, self._second = first, second
        self._between: deque[Item] = deque()
        """Items that wait for the second stage."""
        self._given: dict[int, _Given] = {}
        self._direct: list[Result] = []

    def is_ready(self) -> bool:
        """See `Stage`; asks both, that the second one may say what it has to."""
        return all([self._first.is_ready(), self._second.is_ready()])

    @property
    def full(self) -> bool:
        return self._first.full or bool(self._between)

    @property
    def busy(self) -> bool:
        return bool(self._first.busy or self._between or self._second.busy or self._direct)

    def put(self, item: Item) -> None:
        self._first.put(item)

    def flush(self) -> None:
        self._first.flush()
        self._second.flush()

    def results(self) -> list[Result]:
        for result in self._first.results():
            self._pass_on(result)
        while self._between and not self._second.full:
            self._second.put(self._between.popleft())
        results, self._direct = self._direct, []
        for result in self._second.results():
            results += self._joined(result)
        return results

    def _pass_on(self, result: Result) -> None:
        if result.error is not None or not result.made:
            self._direct.append(result)
            return
        given = _Given(result.given, len(result.made))
        for item in result.made:
            self._given[id(item)] = given
            self._between.append(item)

    def _joined(self, result: Result) -> list[Result]:
        """The result under the item that was given first, once all that was made of it is back."""
        given = self._given.pop(id(result.given))
        given.left -= 1
        given.made += result.made
        given.error = given.error or result.error
        return [] if given.left else [Result(given.item, given.made, given.error)]

    def wait(self, limit_s: float, also: Sequence[int] = ()) -> bool:
        """See `Stage`."""
        if self._first.busy == self._second.busy:
            return self._first.wait(min(limit_s, SLICE_S), also)
        return (self._first if self._first.busy else self._second).wait(limit_s, also)

    def close(self) -> None:
        self._first.close()
        self._second.close()


class _Given:
    """An item of which the first stage made several, and what the second one has made of these so far."""

    def __init__(self, item: Item, left: int) -> None:
        self.item = item
        self.left = left
        self.made: list[Item] = []
        self.error: Error | None = None
