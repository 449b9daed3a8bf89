"""Getting bytes into memory that other processes can be shown, unless they are there already."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from framebus.memory.pool import pool
from framebus.memory.slot import Slot


@dataclass(slots=True)
class Place:
    """Where bytes lie: in `slot`, from `offset` on, during its use number `generation`."""

    slot: Slot
    offset: int
    generation: int
    view: memoryview | None = None
    """Keeps a copy that was made there."""


def place(payload: memoryview) -> Place:
    """Where `payload` (contiguous) lies in a slot of this process: where it is, else in a copy made now.

    Memory that another process shows to this one is copied like any other. Raises `Unavailable`.
    """
    shared, copy = pool(), None
    slot = shared.slot_of(payload)
    if slot is None:
        copy = shared.lend(payload.nbytes)
        np.copyto(np.frombuffer(copy, np.uint8), np.frombuffer(payload, np.uint8))  # lets other threads run meanwhile
        slot, payload = shared.slot_of(copy), copy
        assert slot is not None  # noqa: S101  (just lent)
    return Place(slot, slot.offset_of(payload), slot.generation, copy)
