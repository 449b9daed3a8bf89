"""Ops that make a picture of a picture, whether it comes as an array or in a frame."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any, ParamSpec, Protocol, TypeVar, overload

import numpy as np
import numpy.typing as npt

from framebus.core.errors import BadFrame
from framebus.core.formats import guess_format
from framebus.core.frame import Frame
from framebus.ops.op import Op

Array = npt.NDArray[Any]
Pictured = TypeVar("Pictured", Frame, Array)
P = ParamSpec("P")

MAX_CHANNELS = 512
"""What has more is a volume, not a picture."""
_COLOUR = ("bgr24", "rgb24", "i420")
_ASKED = ("", "bgr24", "gray8", "gray16")


class PictureOp(Op):
    """An array gives an array; a frame gives a frame with the same stream, number, time and metadata."""

    def one(self, frame: Pictured) -> Pictured:
        """`frame` after the op; raises `BadFrame` where the op cannot work on such a picture."""
        return answer(frame, self.apply(self.seen(frame)))

    def seen(self, frame: Frame | Array) -> Array:
        """The picture as `apply` gets it."""
        return pixels(frame, self.name())

    @abstractmethod
    def apply(self, image: Array) -> Array:
        """The new picture; `image` is not empty, `(height, width[, channels])`, and must not be changed."""


class PictureFunction(Protocol[P]):
    """An op as a function: the picture first, then what the op is built with."""

    @overload
    def __call__(self, frame: Frame, /, *args: P.args, **kwargs: P.kwargs) -> Frame: ...
    @overload
    def __call__(self, frame: Array, /, *args: P.args, **kwargs: P.kwargs) -> Array: ...
    def __call__(self, frame: Any, /, *args: P.args, **kwargs: P.kwargs) -> Any:
        """The picture after the op."""


def function(op: Callable[P, PictureOp]) -> PictureFunction[P]:
    """The op as a function of a picture, or of a frame, and its arguments."""

    def applied(frame: Any, /, *args: P.args, **kwargs: P.kwargs) -> Any:  # called so, it is an op by itself
        return op(*args, **kwargs)(frame)

    applied.__name__ = applied.__qualname__ = op.__name__.lower()
    applied.__doc__ = op.__doc__
    applied.__module__ = op.__module__
    return applied


def pixels(frame: Frame | Array, name: str) -> Array:
    """The picture that op `name` works on, blue first where it is colour, in this machine's byte order.

    A frame's is the one its reader asked for. Raises `BadFrame` for what is no picture.
    """
    image = _shown(frame) if isinstance(frame, Frame) else frame
    if not isinstance(image, np.ndarray):
        raise BadFrame(f"{name} works on arrays (height, width[, channels]) and frames, not on {type(image).__name__}")
    if image.ndim not in (2, 3) or image.shape[2:] > (MAX_CHANNELS,) or 0 in image.shape:
        raise BadFrame(f"{name} works on pictures (height, width[, channels]), not on an array of shape {image.shape}")
    if image.dtype.kind not in "buif":
        raise BadFrame(f"{name} works on real numbers, not on {image.dtype}: convert the array first")
    return image if image.dtype.isnative else image.astype(image.dtype.newbyteorder("="))


def answer(frame: Pictured, image: Array) -> Pictured:
    """`image` as the answer to `frame`: in a frame like it, or alone where it was an array."""
    if not isinstance(frame, Frame):
        return image
    if image is frame.data:  # nothing to do: what is encoded stays encoded
        return frame
    format = _format(frame, image)
    wanted = frame.wanted if (format, frame.wanted) == ("bgr24", "rgb24") else ""
    return frame.replace(content=image, format=format, wanted=wanted, _data=None, _image=None)


def _shown(frame: Frame) -> Array:
    """As its reader asked, but blue first, and planes, which are no picture, as colour."""
    as_it_is = frame.wanted in ("native", "array") and frame.format not in _COLOUR
    return frame.image if as_it_is or frame.wanted in _ASKED else frame.bgr


def _format(frame: Frame, image: Array) -> str:
    """Guessed, but what is said to be no picture stays so as long as its kind of pixel does."""
    same = (image.dtype, image.shape[2:]) == (frame.dtype, frame.shape[2:])
    return "array" if frame.format == "array" and same else guess_format(image.shape, image.dtype)
