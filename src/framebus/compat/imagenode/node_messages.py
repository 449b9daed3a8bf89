"""What a node sends: a text and a picture, in the words an imagehub understands."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from framebus.core.errors import BadFrame
from framebus.core.frame import Frame
from framebus.wire.encodings import encode

Array = npt.NDArray[Any]


class Message(msgspec.Struct, frozen=True, eq=False):
    """A text and its picture; events have none, and travel with a tiny black one."""

    text: str
    picture: Array | None = None
    quality: int = 95

    @property
    def image(self) -> Array:
        """The pixels, `(height, width[, 3])`."""
        return tiny() if self.picture is None else self.picture

    def jpeg(self) -> bytes:
        """The picture as a JPEG."""
        content = encode(Frame.of(self.image), f"jpeg={self.quality}").content
        if isinstance(content, np.ndarray):
            raise BadFrame(f"{self.text}: no JPEG can be made of {content.dtype} of shape {content.shape}")
        return bytes(content.data)


@cache
def tiny() -> Array:
    """Three by three black pixels."""
    return np.zeros((3, 3, 3), np.uint8)


def picture(name: str, array: Array, send_type: str, quality: int) -> Message:
    """One picture of the camera `name` (node and view); `send_type` is `jpg` or `image`."""
    return Message(f"{name}|{send_type}", array, quality)


def event(name: str, what: str, state: str) -> Message:
    """Something happened: `what` is the detector, `state` what it sees now."""
    return Message(f"{name}|{what}|{state}")


def heartbeat(node: str) -> Message:
    """The node is alive."""
    return Message(f"{node}|Heartbeat")
