"""Colour maps for pictures of one channel, as tables of 256 blue-green-red values."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from framebus.core.errors import OptionError
from framebus.core.options import nearest

_ANCHORS = {
    "viridis": "440154 472c7a 3b518b 2c718e 21908d 27ad81 5cc863 aadc32 fde725",
    "inferno": "000004 1f0c48 550f6d 88226a ba3655 e35933 f98c0a f9c932 fcffa4",
    "turbo": "30123b 4662d7 36aaf9 1ae4b6 72fe5e c8ef34 faba39 f66b19 ca2a04 7a0403",
    "ice": "03051a 1b2a5c 26579f 3d8ec0 74bfd3 b8e0e3 f2fbf9",
}
NAMES = tuple(_ANCHORS)


@cache
def table(name: str) -> npt.NDArray[Any]:
    """The table, `(256, 3)` uint8, blue first; raises `OptionError` for a name that does not exist."""
    if name not in _ANCHORS:
        raise OptionError(f"colours={name[:40]!r} do not exist: {nearest(name[:40], NAMES)}")
    anchors = np.array([[int(word[at : at + 2], 16) for at in (4, 2, 0)] for word in _ANCHORS[name].split()])
    places = np.linspace(0, 255, len(anchors))
    channels = [np.interp(np.arange(256), places, anchors[:, channel]) for channel in range(3)]
    return np.asarray(np.stack(channels, axis=1) + 0.5, np.uint8)
