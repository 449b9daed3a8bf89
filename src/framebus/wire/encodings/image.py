"""An encoded picture inside a frame, and the ways into it: from pixels, and from bytes somebody else encoded."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

import msgspec
import numpy as np

from framebus.core.contracts import Encoding
from framebus.core.errors import BadFrame, OptionError
from framebus.core.frame import Frame
from framebus.core.registry import ENCODINGS
from framebus.wire import limits
from framebus.wire.layout import Array, length_of

_MAGIC = {b"\xff\xd8\xff": "jpeg", b"\x89PNG\r\n\x1a\n": "png"}


class EncodedImage(msgspec.Struct, frozen=True, eq=False):
    """Encoded bytes with the shape and type of the array they become; implements `Coded`.

    May come from an untrusted header: nothing is decoded, and no encoding imported, before `decode()`.
    """

    encoding: str
    data: memoryview
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    format: str = "array"

    def decode(self) -> Array:
        """The array, of exactly `shape` and `dtype`.

        Raises `BadFrame` when the bytes are damaged or something else, or too large, and when this side does not
        know the encoding. Thread-safe.
        """
        size = length_of(self.shape, self.dtype)
        if size > limits.MAX_DECODED_BYTES:
            raise BadFrame(f"{self.encoding} of {size} bytes once decoded: the limit is {limits.MAX_DECODED_BYTES}")
        try:
            encoding: Encoding = ENCODINGS.get(self.encoding)
        except OptionError as error:
            raise BadFrame(f"cannot decode this picture: {error}") from error
        array: Array = encoding.decode(self.data, self.shape, self.dtype, self.format)
        if array.shape != self.shape or array.dtype != self.dtype:
            raise BadFrame(
                f"{self.encoding} became {array.dtype} of shape {array.shape}, "
                f"the header said {self.dtype} of shape {self.shape}"
            )
        return array


@runtime_checkable
class Tunable(Protocol):
    """An encoding that takes a value, as in `jpeg=85`."""

    def tuned(self, value: str) -> Encoding:
        """The encoding with that value; raises `OptionError` for one it does not take."""
        ...


@runtime_checkable
class _Peeks(Protocol):
    def peek(self, data: memoryview, max_pixels: int) -> tuple[tuple[int, ...], np.dtype[Any], str]: ...


def encode(frame: Frame, spec: str) -> Frame:
    """`frame` carrying encoded bytes; `spec` is `jpeg`, `jpeg=85`, `png`, `lz4`, or `raw` for plain pixels.

    A frame already in that encoding is passed on untouched unless `spec` gives a value. JPEG, which is not
    lossless anyway, turns `i420` into `bgr24`. Further arrays of the frame stay as they are. Raises `OptionError`
    for an encoding or value that does not exist and `BadFrame` for pixels the encoding cannot hold.
    """
    name, assigned, value = spec.partition("=")
    content = frame.content
    if name == "raw" and not assigned:
        return frame if isinstance(content, np.ndarray) else frame.replace(content=frame.data)
    encoding = _tuned(name, value) if assigned else ENCODINGS.get(name)
    if not assigned and not isinstance(content, np.ndarray) and content.encoding == name:
        return frame
    if frame.format == "i420" and not encoding.lossless:
        frame = frame.replace(content=frame.bgr, format="bgr24", _data=None, _image=None)
    return frame.replace(content=encoding.encode(frame.data, frame.format), _data=None, _image=None)


def from_bytes(data: bytes | memoryview, *, max_pixels: int = limits.MAX_PIXELS) -> EncodedImage:
    """A picture around the bytes of a JPEG or PNG file, its shape and type read from their own header.

    Raises `BadFrame` for anything else and for pictures of more than `max_pixels`; nothing is decoded.
    """
    view = memoryview(data).toreadonly()
    head = bytes(view[:8])
    name = next((name for magic, name in _MAGIC.items() if head.startswith(magic)), None)
    if name is None:
        raise BadFrame(f"{view.nbytes} bytes that are neither a JPEG nor a PNG picture")
    encoding: _Peeks = ENCODINGS.get(name)
    shape, dtype, format = encoding.peek(view, max_pixels)
    return EncodedImage(name, view, shape, dtype, format)


def _tuned(name: str, value: str) -> Encoding:
    encoding: Encoding = ENCODINGS.get(name)
    if not isinstance(encoding, Tunable):
        raise OptionError(f"encoding {name} takes no value: write {name!r} instead of '{name}={value}'")
    return encoding.tuned(value)
