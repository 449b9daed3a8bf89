"""The user's own arrays and frames, from any iterable, as a source."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

import numpy as np
import numpy.typing as npt

from framebus.core.contracts import Item
from framebus.core.errors import BadFrame, OptionError
from framebus.core.frame import Frame
from framebus.core.snapshot import lasting, snapshot
from framebus.memory import room
from framebus.verbs.numbering import Numbering, host_name


class Given:
    """A maker around an iterable: finite in spirit, so every frame is wanted and nothing is made ahead.

    `format` says what the pixels of arrays are, where it fits them; else it only is what the reader wants. Arrays that
    are made one after the other are copied, as their maker may use them again; those of a sequence or stack are not.
    """

    live = False

    def __init__(self, pictures: Iterable[npt.NDArray[Any] | Item], format: str | None = None) -> None:
        if (not hasattr(pictures, "__iter__") and not hasattr(pictures, "__getitem__")) or isinstance(pictures, type):
            raise OptionError(_no_source(pictures))
        self.name = host_name()
        self._pictures = pictures
        self._stays = lasting(pictures)
        self._numbering = Numbering()
        self._format = format

    def __iter__(self) -> Iterator[Item]:
        for picture in self._pictures:
            if isinstance(picture, str | os.PathLike):
                raise BadFrame(f"{str(picture)!r} is text, no picture: addresses are given one by one, open('a', 'b')")
            yield self._numbering.item(self._framed(picture) if isinstance(picture, np.ndarray) else picture)

    def close(self) -> None:
        with suppress(ValueError):  # running in another thread: it ends when that one asks no more
            getattr(self._pictures, "close", lambda: None)()

    def _framed(self, picture: npt.NDArray[Any]) -> Frame:
        picture = picture if self._stays else snapshot(picture, room.empty)
        try:
            return Frame.of(picture, format=None if self._format == "native" else self._format)
        except BadFrame:
            return Frame.of(picture)


def _no_source(given: object) -> str:
    if isinstance(given, int):
        return f"{given} is no source: a webcam is 'camera:{given}'"
    what = f"the class {given.__name__}" if isinstance(given, type) else f"a {type(given).__name__}"
    return f"{what} gives no frames: give an address, arrays or frames to iterate over, or an object that is a source"
