"""What arrived at a hub, as programs written for imageZMQ expect it: writable arrays, bytes that know `.bytes`."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import zmq

from framebus.core.formats import guess_format
from framebus.core.frame import Array, Coded, Frame
from framebus.wire.dialects import foreign
from framebus.wire.encodings import encode, from_bytes
from framebus.wire.layout import bytes_of

JPEG = "jpeg=95"
"""What an image becomes for a program that asks for JPEG."""


class JpgBuffer(bytes):
    """Encoded bytes, with the attributes that programs use of a `zmq.Frame`."""

    __slots__ = ()

    @property
    def bytes(self) -> bytes:
        """Itself."""
        return self

    @property
    def buffer(self) -> memoryview:
        """A view of it."""
        return memoryview(self)


class Picture:
    """One message: its text and an array, or a text and encoded bytes."""

    def __init__(self, text: Any, content: Array | Coded | zmq.Frame) -> None:
        self.text = text
        self._content = content

    @classmethod
    def of(cls, frame: Frame) -> Picture:
        """A frame from a link; the text is its sender's, or the stream's name."""
        meta = frame.meta
        text = json.loads(meta["msg_json"]) if "msg_json" in meta else meta.get("msg", frame.stream)
        content = frame.content
        if isinstance(content, np.ndarray) and frame.format in ("rgb24", "i420"):
            return cls(text, frame.bgr)
        return cls(text, content)

    @classmethod
    def read(cls, head: zmq.Frame, payload: zmq.Frame) -> Picture:
        """The two parts of imageZMQ's own message; raises `BadFrame` for anything else."""
        keys = foreign.json_object(head.buffer)
        if "dtype" not in keys:
            return cls(keys.get("msg"), payload)
        return cls(keys.get("msg"), foreign.array_from(keys["dtype"], keys.get("shape"), payload.buffer))

    def image(self) -> Array:
        """The array, writable and the caller's own; encoded pictures are decoded, colour to BGR.

        Raises `BadFrame` where the bytes are no picture.
        """
        content = self._content
        if isinstance(content, zmq.Frame):
            content = from_bytes(content.buffer)
        return own(content if isinstance(content, np.ndarray) else content.decode())

    def jpg(self) -> JpgBuffer | zmq.Frame:
        """The bytes as they were sent, where they are; of an image, a JPEG made here.

        Raises `BadFrame` for an image that JPEG cannot hold.
        """
        content = self._content
        if isinstance(content, zmq.Frame):
            return content
        if not isinstance(content, np.ndarray) and content.encoding == "jpeg":
            return JpgBuffer(content.data)
        array = content if isinstance(content, np.ndarray) else content.decode()
        if array.ndim == 1 and array.dtype == np.uint8:  # bytes that are no picture travel so
            return JpgBuffer(bytes_of(array))
        made = encode(Frame(content=array, format=guess_format(array.shape, array.dtype, None)), JPEG).content
        assert not isinstance(made, np.ndarray)  # noqa: S101  (tells the type checker)
        return JpgBuffer(made.data)


def own(array: Array) -> Array:
    """`array` itself where nobody else can see its memory, else a copy; writable."""
    if array.flags.writeable:
        return array
    root: Any = array
    while (base := getattr(root, "base", None)) is not None:
        root = base.obj if isinstance(base, memoryview) else base
    if isinstance(root, np.ndarray) and root.flags.owndata and root.flags.writeable and root.nbytes == array.nbytes:
        return root.reshape(-1).view(array.dtype).reshape(array.shape)
    return array.copy()
