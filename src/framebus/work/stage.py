"""What stands between a source and whoever takes the results: work on frames, here or elsewhere."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from framebus.core.closing import Closing
from framebus.core.contracts import Item
from framebus.core.errors import Error
from framebus.core.ops import Op, apply


class Result(NamedTuple):
    """An item that went in, and what became of it."""

    given: Item
    made: Sequence[Item] = ()
    """Empty where it was dropped."""
    error: Error | None = None


class Stage(Closing):
    """Takes items in and gives results out. One thread puts, waits and takes."""

    def is_ready(self) -> bool:
        """Whether what is put in is worked on: whoever does that is there. Raises what keeps it from ever working."""
        return True

    @property
    @abstractmethod
    def full(self) -> bool:
        """True while nothing more may be put in."""

    @property
    @abstractmethod
    def busy(self) -> bool:
        """True while items are inside."""

    @abstractmethod
    def put(self, item: Item) -> None:
        """Take one in."""

    @abstractmethod
    def flush(self) -> None:
        """Nothing may come for a while: begin with all that was put in."""

    @abstractmethod
    def results(self) -> list[Result]:
        """What has become of items since the last time. Raises what keeps it from ever working."""

    @abstractmethod
    def wait(self, limit_s: float, also: Sequence[int] = ()) -> bool:
        """Until there may be results, it may be ready, `limit_s` have passed or a descriptor `also` is readable.

        True for the last.
        """

    @abstractmethod
    def close(self) -> None:
        """End it; what is inside is lost. Idempotent."""


class Inline(Stage):
    """Ops in the thread that puts items in."""

    def __init__(self, ops: Iterable[Op]) -> None:
        self._ops = tuple(ops)
        self._results: list[Result] = []

    @property
    def full(self) -> bool:
        return bool(self._results)

    @property
    def busy(self) -> bool:
        return bool(self._results)

    def put(self, item: Item) -> None:
        try:
            self._results.append(Result(item, apply(self._ops, item)))
        except Error as error:
            self._results.append(Result(item, error=error))

    def flush(self) -> None:
        return

    def results(self) -> list[Result]:
        results, self._results = self._results, []
        return results

    def wait(self, limit_s: float, also: Sequence[int] = ()) -> bool:
        raise AssertionError("nothing is ever inside while somebody waits")

    def close(self) -> None:
        return
