"""The writing end everybody sees: `send` an array or a frame, or `fill` one in place."""

from __future__ import annotations

import reprlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import lru_cache
from operator import index
from types import TracebackType
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from framebus.core.contracts import Done, Item, SourceState
from framebus.core.errors import OptionError
from framebus.core.figures import count
from framebus.core.formats import MAX_DIMENSIONS
from framebus.core.frame import Frame
from framebus.core.showing import line
from framebus.core.statistics import Stats, told

_NUMBERS = "biufc"


def fillable(shape: Any, dtype: Any) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Shape and type of an array that somebody wants to fill; raises `OptionError` where it could be no frame."""
    try:
        return _known(shape, dtype)  # most publishers ask for the same each time, many times a second
    except TypeError:  # a list cannot be remembered
        return _looked_into(shape, dtype)


def _looked_into(shape: Any, dtype: Any) -> tuple[tuple[int, ...], np.dtype[Any]]:
    try:
        sizes, kind = tuple(map(index, shape)), np.dtype(dtype)
    except (TypeError, ValueError, SyntaxError):  # numpy parses texts such as "i4, f8"
        raise _not_fillable(shape, dtype) from None
    if dtype is None or kind.kind not in _NUMBERS or len(sizes) > MAX_DIMENSIONS or min(sizes, default=0) < 0:
        raise _not_fillable(shape, dtype)
    return sizes, kind


_known = lru_cache(maxsize=16)(_looked_into)


def _not_fillable(shape: Any, dtype: Any) -> OptionError:
    return OptionError(
        f"fill({reprlib.repr(shape)}, {reprlib.repr(dtype)}) is not possible: give the shape, (height, width) or "
        f"(height, width, channels), {MAX_DIMENSIONS} numbers at most, and a type of numbers, as in "
        "fill((480, 640, 3), 'uint8')"
    )


class Publisher(ABC):
    """Sends frames somewhere. Safe to use from several threads; belongs to one process."""

    _closed = False

    @abstractmethod
    def send(
        self, image: npt.NDArray[Any] | Item, stream: str | None = None, meta: Mapping[str, Any] | None = None
    ) -> None:
        """Send an array `(height, width[, channels])`, as it is now, or a frame, whose arrays must not be changed.

        The array is copied, so it may be used for the next picture, unless it is read-only, or there is nobody to send
        it to; `fill` makes one without a copy. `meta` is a mapping of what JSON has: text, numbers (finite ones), true,
        false, None, lists and mappings, of 60 KiB at most.
        A frame that already has an identity (it came from a source) keeps it. Returning is not delivery.
        Raises `Timeout` naming the group that was owed frames for longer than `patience`, `BadFrame` for what
        cannot travel, `Closed` after `close()`.
        """

    @abstractmethod
    def write(self, item: Item, done: Done) -> None:
        """Send a frame and call `done()` once every lossless reader of this publisher has acknowledged it."""

    @abstractmethod
    def stats(self) -> Stats:
        """Counters so far: frames, unseen, bytes, rate, and per reader what it missed and is owed."""

    def tell_states(self, states: Callable[[], Mapping[str, SourceState]]) -> None:  # noqa: B027  (few need it)
        """Tell whoever asks how the cameras and links are from which frames come, by stream as their source names it.

        Nothing is done where nobody can ask. `states` may be called from any thread, at any time, and is quick.
        """

    @abstractmethod
    def close(self) -> None:
        """Wait for what is owed, tell readers that the stream ended, free everything.

        Idempotent. Raises `Timeout` naming the group that took nothing of what it is owed for `patience`. With
        `when_full="spool"` that is no error: what is left, and what is owed to readers that are away, stays on disk.
        """

    @abstractmethod
    def abandon(self) -> None:
        """Stop without an end: readers will wait for a successor, as after a crash."""

    def fill(
        self,
        shape: tuple[int, ...],
        dtype: npt.DTypeLike = "uint8",
        *,
        stream: str | None = None,
        meta: Mapping[str, Any] | None = None,
        format: str | None = None,
    ) -> AbstractContextManager[npt.NDArray[Any]]:
        """A fresh array to write pixels into; sent when the block is left normally, dropped otherwise.

        Over shared memory readers are given this very array: do not change it after the block. Raises `Unavailable`
        where there is not enough shared memory, `OptionError` for what is no shape or no type of numbers.
        """
        sizes, kind = fillable(shape, dtype)

        @contextmanager
        def filling() -> Iterator[npt.NDArray[Any]]:
            image = np.empty(sizes, kind)
            yield image
            self.send(Frame.of(image, format=format), stream, meta)

        return filling()

    def __repr__(self) -> str:
        return line("Publisher", self._place, self._told)

    def _place(self) -> str:
        """Where frames go, for people."""
        return ""

    def _told(self) -> Iterator[str]:
        """How it is, in a few words."""
        yield "closed" if self._closed else "open"
        stats = self.stats()
        yield from told(stats)
        yield count(len(stats.readers), "reader") if stats.readers else ""
        yield f"{stats.unseen:,} unseen" if stats.unseen else ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.abandon()
