"""A reader's side of a slot: another process's memory, to be looked at and nothing else."""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable
from typing import Any

from framebus.core.errors import BadFrame
from framebus.memory.region import Region
from framebus.memory.slot import SHRINK, seals


class Mapping:
    """Memory of another process, mapped read-only; unmapped when this and all views of it are gone."""

    def __init__(self, descriptor: int, size: int) -> None:
        """Map `size` bytes of `descriptor`, and close it whatever happens.

        Raises `BadFrame` for a file that is shorter or could become so, which would kill whoever looks at the missing
        part; `OSError` when the system does not map it.
        """
        try:
            _check(descriptor, size)
            self._memory = Region(descriptor, size, writable=False).array()
        finally:
            os.close(descriptor)
        self.size = size

    def view(self, offset: int, nbytes: int, released: Callable[[], object]) -> memoryview:
        """Those bytes, flat and read-only for good.

        `released()` is called once when this and everything derived from it is gone: in any thread, at any moment,
        so it must take no lock. It is not called while the interpreter ends, nor if memory outlives the process.
        Raises `BadFrame` for bytes beyond the end.
        """
        if offset < 0 or nbytes < 0 or offset + nbytes > self.size:
            raise BadFrame(f"{nbytes} bytes at {offset} do not lie in shared memory of {self.size} bytes")
        window = self._memory[offset : offset + nbytes]
        life = _Life(window, _ended)
        life.released = released
        _lives.add(life)
        return window.data


class _Life(weakref.ref[Any]):
    """Watches one view; has to be kept until then, and by itself, not by what it watches."""

    __slots__ = ("released",)
    released: Callable[[], object]
    __hash__ = object.__hash__
    __eq__ = object.__eq__


_lives: set[_Life] = set()


def _ended(life: Any, forget: Callable[[Any], None] = _lives.discard) -> None:
    forget(life)
    life.released()


def _check(descriptor: int, size: int) -> None:
    if size <= 0 or os.fstat(descriptor).st_size < size:
        raise BadFrame(f"shared memory is smaller than the {size} bytes it is said to be")
    if not seals(descriptor) & SHRINK:
        raise BadFrame("shared memory could be taken away while it is looked at (it is not sealed)")
