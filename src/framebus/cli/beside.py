"""A thread that draws how far something is, beside the `with` block in which that happens."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self

from framebus.cli.console import console

REDRAW_S = 0.25


class Beside(ABC):
    """Runs `_watch` until the block is left, and clears the status line then."""

    def __init__(self) -> None:
        self._over = threading.Event()
        """Set when the block is left."""
        self._thread = threading.Thread(target=self._watch, name="framebus status", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()
        console.clear()

    @abstractmethod
    def _watch(self) -> None:
        """In the thread; returns soon once `_over` is set."""
