"""Pixel formats: what an array's numbers mean, and how one becomes another.

| format   | shape                  | type   | meaning                                                    |
|----------|------------------------|--------|------------------------------------------------------------|
| `bgr24`  | `(height, width, 3)`   | uint8  | blue, green, red; full range                               |
| `rgb24`  | `(height, width, 3)`   | uint8  | red, green, blue; full range                               |
| `gray8`  | `(height, width)`      | uint8  | luma, full range                                           |
| `gray16` | `(height, width)`      | uint16 | luma, full range, this machine's byte order                |
| `i420`   | `(height*3//2, width)` | uint8  | planes Y, U, V below each other, limited range, chroma 2×2 |
| `array`  | anything               | number | anything else: passed on untouched, never converted        |

Conversions follow ITU-R BT.601 and round once, half up, from the exact value, so that they give the same pixels
on every machine; only colour from `i420` may be up to 3 levels off, where PyAV is there to make it many times as fast:

    gray8  Y' = 0.299 R + 0.587 G + 0.114 B
    i420   Y  = 16 + 219/255 Y'     U = 128 + 224/255 (B - Y')/1.772     V = 128 + 224/255 (R - Y')/1.402
           with U and V the mean of 2×2 pixels; back, U and V serve their 2×2 pixels, results are clipped
    gray16 = 257 gray8; gray8 = gray16/257; colour and gray16 meet through gray8
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

from framebus.core.errors import BadFrame

if TYPE_CHECKING:  # the names of formats are wanted by options and help, which must load without numpy
    import numpy as np
    import numpy.typing as npt

    Array: TypeAlias = npt.NDArray[Any]

FORMATS = ("bgr24", "rgb24", "gray8", "gray16", "i420", "array")
MAX_DIMENSIONS = 8

_NUMERIC_KINDS = "biufc"
_COLOUR = ("bgr24", "rgb24", "i420")


@lru_cache(maxsize=256)
def guess_format(shape: tuple[int, ...], dtype: np.dtype[Any], given: str | None = None) -> str:
    """The format of an array of `shape` and `dtype`: `given` if it fits, else the likeliest.

    Three channels of uint8 are `bgr24`, two dimensions of uint8 `gray8` and of uint16 `gray16`, all else
    `array`. Raises `BadFrame` for types that are not numbers, for more than 8 dimensions and for a `given` that
    does not fit.
    """
    if dtype.kind not in _NUMERIC_KINDS:
        raise BadFrame(f"an array of {dtype} (shape {shape}) cannot be a frame: only numbers travel, convert it first")
    if len(shape) > MAX_DIMENSIONS:
        raise BadFrame(f"an array of shape {shape} cannot be a frame: {MAX_DIMENSIONS} dimensions at most")
    if given is None:
        return next(name for name in ("bgr24", "gray8", "gray16", "array") if _FITS[name](shape, dtype))
    if given not in _FITS:
        raise BadFrame(f"unknown pixel format {given!r}: known are {', '.join(FORMATS)}")
    if not _FITS[given](shape, dtype):
        raise BadFrame(
            f"an array of shape {shape} and type {dtype} is not {given}, which is {_LOOKS[given]}: "
            "give the format it has, or none"
        )
    return given


def preferred_format(format: str) -> str:
    """What a reader gets unless it asks: `bgr24` for colour, everything else as made."""
    return "bgr24" if format in _COLOUR else format


def convert(array: Array, source: str, target: str) -> Array:
    """`array` from format `source` to `target`; the same array when there is nothing to do.

    `array` and `native` as `target` mean as it is. Raises `BadFrame` when the formats do not convert into each
    other (`array` to a picture, an odd width or height to `i420`).
    """
    if target in (source, "array", "native"):
        return array
    from framebus.core.conversions import CONVERSIONS

    step = CONVERSIONS.get((source, target))
    if step is None:
        raise BadFrame(
            f"{source} pixels of shape {array.shape} and type {array.dtype} do not convert to {target}: "
            "use the array as it is (`.data`), or say its `format` where it is sent"
        )
    return step(array)


def as_bgr(array: Array, format: str) -> Array:
    """The picture as `(height, width, 3)` uint8, blue first; raises `BadFrame` for `array`."""
    return convert(array, format, "bgr24")


def as_rgb(array: Array, format: str) -> Array:
    """The picture as `(height, width, 3)` uint8, red first; raises `BadFrame` for `array`."""
    return convert(array, format, "rgb24")


def as_gray(array: Array, format: str) -> Array:
    """The picture as `(height, width)` in its own depth: `gray8` for colour, what is gray already as it is.

    A two-dimensional `array` is returned untouched; raises `BadFrame` for any other `array`.
    """
    if format == "gray16" or (format == "array" and array.ndim == 2):
        return array
    return convert(array, format, "gray8")


# which arrays fit which format -------------------------------------------------------------------------


def _is_byte(dtype: np.dtype[Any]) -> bool:
    return dtype.kind == "u" and dtype.itemsize == 1


def _is_colour(shape: tuple[int, ...], dtype: np.dtype[Any]) -> bool:
    return len(shape) == 3 and shape[2] == 3 and _is_byte(dtype) and 0 not in shape


def _is_gray8(shape: tuple[int, ...], dtype: np.dtype[Any]) -> bool:
    return len(shape) == 2 and _is_byte(dtype) and 0 not in shape


def _is_gray16(shape: tuple[int, ...], dtype: np.dtype[Any]) -> bool:
    return len(shape) == 2 and dtype.kind == "u" and dtype.itemsize == 2 and dtype.isnative and 0 not in shape


def _is_i420(shape: tuple[int, ...], dtype: np.dtype[Any]) -> bool:
    return _is_gray8(shape, dtype) and shape[0] % 3 == 0 and shape[1] % 2 == 0


_FITS: dict[str, Callable[[tuple[int, ...], np.dtype[Any]], bool]] = {
    "bgr24": _is_colour,
    "rgb24": _is_colour,
    "gray8": _is_gray8,
    "gray16": _is_gray16,
    "i420": _is_i420,
    "array": lambda _shape, _dtype: True,
}
_LOOKS = {
    "bgr24": "(height, width, 3) of uint8",
    "rgb24": "(height, width, 3) of uint8",
    "gray8": "(height, width) of uint8",
    "gray16": "(height, width) of uint16 in this machine's byte order",
    "i420": "(height*3//2, width) of uint8 with an even height and width",
}
