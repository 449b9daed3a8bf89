"""Fresh arrays for pixels: in shared memory while this process shares some with others, ordinary ones otherwise."""

from __future__ import annotations

import contextlib
from math import prod
from typing import Any, Protocol
from weakref import WeakSet

import numpy as np
import numpy.typing as npt

from framebus.core.errors import Unavailable
from framebus.core.snapshot import SHARE_FROM
from framebus.memory.pool import Crowded, pool, supported


class Sharer(Protocol):
    """A publisher that may show pixels to other processes of this machine."""

    @property
    def shares(self) -> bool:
        """True while frames made in shared memory spare it a copy."""
        ...


_sharers: WeakSet[Sharer] = WeakSet()


def join(sharer: Sharer) -> None:
    """From now on, while it lives and `shares`, arrays are made in shared memory."""
    _sharers.add(sharer)


def leave(sharer: Sharer) -> None:
    """It shares no more; more than once is fine."""
    _sharers.discard(sharer)


def empty(shape: tuple[int, ...], dtype: npt.DTypeLike = np.uint8) -> npt.NDArray[Any]:
    """A writable array of arbitrary content: where whoever made it publishes it, readers here get it without a copy.

    An ordinary one also where shared memory is short: then sending copies. Safe from any thread.
    """
    numeric = np.dtype(dtype)
    nbytes = prod(shape) * numeric.itemsize
    if nbytes >= SHARE_FROM and any(sharer.shares for sharer in list(_sharers)):
        with contextlib.suppress(Unavailable):
            return shared(shape, numeric)
    return np.empty(shape, numeric)


def shared(shape: tuple[int, ...], dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """The same, in shared memory wherever the system has such a thing; raises `Unavailable` when it is short."""
    nbytes = prod(shape) * dtype.itemsize
    if nbytes < SHARE_FROM or not supported():
        return np.empty(shape, dtype)
    try:
        return np.frombuffer(pool().lend(nbytes), dtype).reshape(shape)
    except Crowded:  # there is memory, and frames that are kept for somebody need not lie in the shared one
        return np.empty(shape, dtype)
