"""The user's own arrays and frames, from any iterable, as a source."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

import numpy as np
import numpy.typing as npt

from framebus.core.contracts import Item
from framebus.core.errors import BadFrame
from framebus.core.frame import Frame
from framebus.verbs.numbering import Numbering, host_name


class Given:
    """A maker around an iterable: finite in spirit, so every frame is wanted and nothing is made ahead.

    `format` says what the pixels of arrays are, where it fits them; else it only is what the reader wants.
    """

    live = False

    def __init__(self, pictures: Iterable[npt.NDArray[Any] | Item], format: str | None = None) -> None:
        self.name = host_name()
        self._pictures = pictures
        self._numbering = Numbering()
        self._format = format

    def __iter__(self) -> Iterator[Item]:
        for picture in self._pictures:
            yield self._numbering.item(self._framed(picture) if isinstance(picture, np.ndarray) else picture)

    def close(self) -> None:
        with suppress(ValueError):  # running in another thread: it ends when that one asks no more
            getattr(self._pictures, "close", lambda: None)()

    def _framed(self, picture: npt.NDArray[Any]) -> Frame:
        try:
            return Frame.of(picture, format=None if self._format == "native" else self._format)
        except BadFrame:
            return Frame.of(picture)
