"""One function per pair of pixel formats; what they compute is defined in `framebus.core.formats`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from framebus.core import swscale
from framebus.core.errors import BadFrame

Array = npt.NDArray[Any]


def _swap(colour: Array) -> Array:
    swapped = np.empty(colour.shape, np.uint8)
    for channel in range(3):
        swapped[..., channel] = colour[..., 2 - channel]
    return swapped


def _bgr_to_gray8(bgr: Array) -> Array:
    return _luma(blue=bgr[..., 0], green=bgr[..., 1], red=bgr[..., 2])


def _rgb_to_gray8(rgb: Array) -> Array:
    return _luma(blue=rgb[..., 2], green=rgb[..., 1], red=rgb[..., 0])


def _luma(*, blue: Array, green: Array, red: Array) -> Array:
    total = _thousandfold_luma(blue=blue, green=green, red=red)
    total += 500
    total //= 1000
    return total.astype(np.uint8)


def _thousandfold_luma(*, blue: Array, green: Array, red: Array) -> Array:
    total = np.multiply(red, 299, dtype=np.uint32)
    total += np.multiply(green, 587, dtype=np.uint32)
    total += np.multiply(blue, 114, dtype=np.uint32)
    return total


def _gray8_to_colour(gray: Array) -> Array:
    return np.repeat(gray[..., np.newaxis], 3, axis=2)


def _gray8_to_gray16(gray: Array) -> Array:
    return np.multiply(gray, 257, dtype=np.uint16)


def _gray16_to_gray8(gray: Array) -> Array:
    wide = gray.astype(np.uint32)
    wide += 128
    wide //= 257
    return wide.astype(np.uint8)


def _then(*steps: Callable[[Array], Array]) -> Callable[[Array], Array]:
    def chain(array: Array) -> Array:
        for step in steps:
            array = step(array)
        return array

    return chain


# i420 --------------------------------------------------------------------------------------------------

_FULL_TO_LIMITED = np.array([(16 * 510 + 2 * 219 * y + 255) // 510 for y in range(256)], np.uint8)
_LIMITED_TO_FULL = np.array([min(255, max(0, (510 * (y - 16) + 219) // 438)) for y in range(256)], np.uint8)

_SHIFT = 21  # fixed point; the tests compare all 2**24 triples with exact arithmetic
_ONE = 1 << _SHIFT
_STRIP = 64
"""Rows that are worked on together."""


def _table(weight: float, offset: int) -> npt.NDArray[np.int32]:
    table: npt.NDArray[np.int32] = np.rint((np.arange(256) - offset) * weight * _ONE).astype(np.int32)
    return table


_Y = _table(255 / 219, 16) + _ONE // 2
_V_RED = _table(255 / 224 * 1.402, 128)
_U_GREEN = _table(-255 / 224 * 1.772 * 0.114 / 0.587, 128)
_V_GREEN = _table(-255 / 224 * 1.402 * 0.299 / 0.587, 128)
_U_BLUE = _table(255 / 224 * 1.772, 128)


def _planes(i420: Array) -> tuple[Array, Array, Array]:
    height, width = i420.shape[0] * 2 // 3, i420.shape[1]
    flat = np.ascontiguousarray(i420).reshape(-1)
    luma, quarter = height * width, height * width // 4
    half = (height // 2, width // 2)
    return (
        flat[:luma].reshape(height, width),
        flat[luma : luma + quarter].reshape(half),
        flat[luma + quarter :].reshape(half),
    )


def _i420_to_colour(i420: Array, format: str) -> Array:
    fast = swscale.converter() if i420.nbytes >= swscale.WORTH_BYTES else None
    return fast(np.ascontiguousarray(i420), format) if fast is not None else exact_colour(i420, format)


def exact_colour(i420: Array, format: str) -> Array:
    """Each channel rounded once from its exact value; `format` is `bgr24` or `rgb24`."""
    y, u, v = _planes(i420)
    height, width = y.shape
    colour = np.empty((height, width, 3), np.uint8)
    for top in range(0, height, _STRIP):  # what is worked on stays in the processor's cache
        luma, rows = y[top : top + _STRIP], slice(top // 2, (top + _STRIP) // 2)
        _colour_strip(luma, u[rows], v[rows], format, colour[top : top + _STRIP])
    return colour


def _colour_strip(y: Array, u: Array, v: Array, format: str, colour: Array) -> None:
    height, width = y.shape
    luma = _Y[y].reshape(height // 2, 2, width // 2, 2)
    chroma = {"r": _V_RED[v], "g": _U_GREEN[u] + _V_GREEN[v], "b": _U_BLUE[u]}
    value = np.empty_like(luma)
    for channel, letter in enumerate(format[:3]):
        np.add(luma, chroma[letter][:, np.newaxis, :, np.newaxis], out=value)
        value >>= _SHIFT
        np.clip(value, 0, 255, out=value)
        colour[..., channel] = value.reshape(height, width)


def _i420_to_bgr(i420: Array) -> Array:
    return _i420_to_colour(i420, "bgr24")


def _i420_to_rgb(i420: Array) -> Array:
    return _i420_to_colour(i420, "rgb24")


def _i420_to_gray8(i420: Array) -> Array:
    return _LIMITED_TO_FULL[_planes(i420)[0]]


def _gray8_to_i420(gray: Array) -> Array:
    height, width = _even(gray)
    planes = np.full((height * 3 // 2, width), 128, np.uint8)
    planes[:height] = _FULL_TO_LIMITED[gray]
    return planes


def _bgr_to_i420(bgr: Array) -> Array:
    return _colour_to_i420(blue=bgr[..., 0], green=bgr[..., 1], red=bgr[..., 2])


def _rgb_to_i420(rgb: Array) -> Array:
    return _colour_to_i420(blue=rgb[..., 2], green=rgb[..., 1], red=rgb[..., 0])


def _colour_to_i420(*, blue: Array, green: Array, red: Array) -> Array:
    height, width = _even(red)
    luma = _thousandfold_luma(blue=blue, green=green, red=red)
    i420 = np.empty((height * 3 // 2, width), np.uint8)
    i420[:height] = (luma * 438 + 255_000) // 510_000 + 16
    chroma = i420[height:].reshape(2, height // 2, width // 2)
    luma_of_four = _sum_of_four(luma).astype(np.int32)
    chroma[0] = _chroma(blue, luma_of_four, 1772)
    chroma[1] = _chroma(red, luma_of_four, 1402)
    return i420


def _chroma(colour: Array, luma_of_four: Array, thousandfold_weight: int) -> Array:
    """128 + 224/255 (colour - luma)/weight, for the mean of 2×2 pixels, rounded half up."""
    difference = _sum_of_four(colour).astype(np.int32) * 1000 - luma_of_four
    divisor = 4 * 255 * thousandfold_weight
    rounded: Array = (448 * difference + divisor) // (2 * divisor) + 128
    return rounded


def _sum_of_four(plane: Array) -> Array:
    rows = np.add(plane[0::2], plane[1::2], dtype=np.uint32)
    total: Array = rows[:, 0::2] + rows[:, 1::2]
    return total


def _even(plane: Array) -> tuple[int, int]:
    height, width = plane.shape
    if height % 2 or width % 2:
        raise BadFrame(f"a picture of {width}x{height} cannot be i420, which needs an even width and height: crop it")
    return height, width


CONVERSIONS: dict[tuple[str, str], Callable[[Array], Array]] = {
    ("bgr24", "rgb24"): _swap,
    ("rgb24", "bgr24"): _swap,
    ("bgr24", "gray8"): _bgr_to_gray8,
    ("rgb24", "gray8"): _rgb_to_gray8,
    ("bgr24", "gray16"): _then(_bgr_to_gray8, _gray8_to_gray16),
    ("rgb24", "gray16"): _then(_rgb_to_gray8, _gray8_to_gray16),
    ("bgr24", "i420"): _bgr_to_i420,
    ("rgb24", "i420"): _rgb_to_i420,
    ("gray8", "bgr24"): _gray8_to_colour,
    ("gray8", "rgb24"): _gray8_to_colour,
    ("gray8", "gray16"): _gray8_to_gray16,
    ("gray8", "i420"): _gray8_to_i420,
    ("gray16", "bgr24"): _then(_gray16_to_gray8, _gray8_to_colour),
    ("gray16", "rgb24"): _then(_gray16_to_gray8, _gray8_to_colour),
    ("gray16", "gray8"): _gray16_to_gray8,
    ("gray16", "i420"): _then(_gray16_to_gray8, _gray8_to_i420),
    ("i420", "bgr24"): _i420_to_bgr,
    ("i420", "rgb24"): _i420_to_rgb,
    ("i420", "gray8"): _i420_to_gray8,
    ("i420", "gray16"): _then(_i420_to_gray8, _gray8_to_gray16),
}
"""How to get from the first format to the second."""
