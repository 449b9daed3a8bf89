"""A frame's pixels where every worker can see them: copied once into shared memory, however many there are."""

from __future__ import annotations

import numpy as np

from framebus.core.errors import Unavailable
from framebus.core.frame import Array, Frame
from framebus.core.snapshot import SHARE_FROM
from framebus.memory import room
from framebus.memory.pool import pool, supported
from framebus.wire import layout


def shared(frame: Frame) -> Frame:
    """`frame` with its pixels in shared memory, decoded where it came encoded; `frame` where they are there already.

    Also where there is no shared memory to be had: then each link sends a copy.
    """
    pixels = frame.data
    plain = frame if isinstance(frame.content, np.ndarray) else frame.replace(content=pixels)
    if pixels.nbytes < SHARE_FROM or not supported() or _there_already(pixels):
        return plain
    try:
        copy = room.shared(pixels.shape, pixels.dtype)
    except Unavailable:
        return plain
    np.copyto(copy, pixels)
    copy.flags.writeable = False
    return frame.replace(content=copy, _data=None, _image=None)


def _there_already(pixels: Array) -> bool:
    return pool().slot_of(layout.bytes_of(pixels)) is not None if pixels.flags.c_contiguous else False
