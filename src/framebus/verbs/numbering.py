"""Identity for pictures that have none: who sends them, since when, and the how manieth each is."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from framebus.core.contracts import Item
from framebus.core.errors import BadFrame
from framebus.core.frame import Frame, Packet
from framebus.core.names import check_name, to_name


@cache
def host_name() -> str:
    """This machine's name as a stream name: what a stream is called when nobody names it."""
    return to_name(socket.gethostname().partition(".")[0], "frames")


class Numbering:
    """Gives arrays and frames without identity a stream, this start's `run` and the next number of that stream."""

    def __init__(self, name: str = "", format: str | None = None) -> None:
        self.run = secrets.randbits(64) or 1
        self._name = name
        self._format = format
        self._next: dict[str, int] = {}

    def item(
        self,
        image: npt.NDArray[Any] | Item,
        stream: str | None = None,
        meta: Mapping[str, Any] | None = None,
    ) -> Item:
        """`image` as a frame that can be told from all others; frames that come with an identity keep it.

        Raises `BadFrame` for what is neither an array nor a frame, `OptionError` for a `stream` that is no name.
        """
        if not isinstance(image, Frame | Packet):
            return self._framed(image, stream, meta)
        item, changes = image, dict[str, Any]()
        if stream is not None:
            changes["stream"] = check_name(stream, "stream")
        elif not item.stream:
            changes["stream"] = self._name or host_name()
        if meta is not None:
            changes["meta"] = {**item.meta, **meta}
        if not item.run:
            name = changes.get("stream", item.stream)
            changes["run"], changes["seq"] = self.run, self._next.get(name, 0)
            self._next[name] = changes["seq"] + 1
        return item.replace(**changes) if changes else item

    def _framed(self, image: object, stream: str | None, meta: Mapping[str, Any] | None) -> Frame:
        if not isinstance(image, np.ndarray):
            raise BadFrame(f"a {type(image).__name__} is no picture: send a numpy array or a Frame")
        name = self._name or host_name() if stream is None else check_name(stream, "stream")
        own, seq = None if meta is None else dict(meta), self._next.get(name, 0)
        frame = Frame.of(image, format=self._format, stream=name, meta=own, run=self.run, seq=seq)
        self._next[name] = seq + 1  # now that it is one
        return frame
