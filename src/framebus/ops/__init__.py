"""What is done to pictures: resize, crop, gray, threshold … as functions here, and by name wherever ops are named.

    from framebus import ops

    small = ops.resize(image, "512x512", fit="fill")        # an array gives an array
    white = ops.threshold(frame, "otsu")                    # a frame gives a frame: same stream, number and metadata

`"resize=512x512,fit=fill"` among `ops=[…]`, or after `--op`, is the same thing, built once. Results may be the picture
itself, or a view of it, where no pixel has to change; nothing is ever drawn into what was given.

Pictures are arrays `(height, width[, channels])`; three channels are blue, green and red. Functions are loaded when
they are first used; those that need OpenCV raise `Unavailable` where it is not installed.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from framebus.core.registry import OPS
from framebus.ops.description import Argument, Description, describe

if TYPE_CHECKING:
    from framebus.codecs.decoding import Decoder
    from framebus.ops.colours import colour, colourmap, convert, equalise
    from framebus.ops.cutting import crop, mask, pad
    from framebus.ops.drawing import draw
    from framebus.ops.filters import blur, edges, sharpen
    from framebus.ops.grays import gray, threshold
    from framebus.ops.levels import invert, normalise, window
    from framebus.ops.scaling import resize
    from framebus.ops.spectrum import fft
    from framebus.ops.turning import flip, rotate

__all__ = [
    "Argument",
    "Decoder",
    "Description",
    "blur",
    "colour",
    "colourmap",
    "convert",
    "crop",
    "describe",
    "draw",
    "edges",
    "equalise",
    "fft",
    "flip",
    "gray",
    "invert",
    "mask",
    "normalise",
    "pad",
    "resize",
    "rotate",
    "sharpen",
    "threshold",
    "window",
]

_REMEMBERING = ("average", "decode", "sample")
_DECODING = "framebus.codecs.decoding"

if not TYPE_CHECKING:  # to a type checker only the names above exist

    def __getattr__(name: str) -> Any:
        if name in _REMEMBERING:
            raise AttributeError(f"{name} remembers earlier frames, so it is no function: write '{name}=…' among ops")
        if name not in __all__:
            raise AttributeError(f"module 'framebus.ops' has no attribute {name!r}")
        module = _DECODING if name == "Decoder" else OPS.get(name).__module__
        function = getattr(import_module(module), name)
        globals()[name] = function
        return function


def __dir__() -> list[str]:
    return sorted(__all__)
