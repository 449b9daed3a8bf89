"""Frames of every kind that travels, small, and the same on every run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt

from framebus.core.errors import Error
from framebus.core.formats import convert
from framebus.core.frame import Frame

Array = npt.NDArray[Any]

RUN = 0x5EED_0000_0000_0001
STREAM = "sample"


def pictures(width: int = 48, height: int = 32) -> dict[str, tuple[Array, str]]:
    """Arrays of every pixel format and of unusual types, with their format; `width` and `height` are even.

    Values vary smoothly, so that lossy encodings keep them nearly, and use the full range.
    """
    y, x = np.mgrid[:height, :width]
    ramp = (x / max(1, width - 1) + y / max(1, height - 1)) / 2
    gray = (ramp * 255).round().astype(np.uint8)
    bgr = np.stack((gray, 255 - gray, gray // 2 + 64), axis=-1)
    deep = (ramp * 65535).round().astype(np.uint16)
    return {
        "bgr24": (bgr, "bgr24"),
        "rgb24": (np.ascontiguousarray(bgr[..., ::-1]), "rgb24"),
        "gray8": (gray, "gray8"),
        "gray16": (deep, "gray16"),
        "i420": (convert(bgr, "bgr24", "i420"), "i420"),
        "four channels": (np.dstack((bgr, gray)), "array"),
        "deep colour": (np.stack((deep, deep // 3, 65535 - deep), axis=-1), "array"),
        "float": ((ramp * 2 - 1).astype(np.float32), "array"),
        "signed": (deep.astype(np.int32) - 32768, "array"),
        "mask": (gray > 127, "array"),
        "volume": (np.stack([deep] * 5)[np.newaxis], "array"),
    }


def samples(count: int = 5, *, run: int = RUN, stream: str = STREAM, width: int = 48, height: int = 32) -> list[Frame]:
    """`count` different colour frames of one stream and run, numbered from 0, a 30th of a second apart."""
    bgr, _ = pictures(width, height)["bgr24"]
    return [framed(np.roll(bgr, 3 * seq, axis=1), "bgr24", run=run, seq=seq, stream=stream) for seq in range(count)]


def framed(image: Array, format: str, *, run: int = RUN, seq: int = 0, stream: str = STREAM) -> Frame:
    """`image` as frame `seq` of a run, captured at a time that follows from `seq`."""
    captured_ns = 1_750_000_000_000_000_000 + seq * 33_333_333
    return Frame.of(image, format=format, stream=stream, run=run, seq=seq, captured_ns=captured_ns)


@contextmanager
def raising(*errors: type[BaseException], saying: str = "") -> Iterator[None]:
    """Fails unless the block raises one of `errors`, with a text that contains `saying` and is not empty."""
    raised: BaseException | None = None
    try:
        yield
    except errors as error:
        raised = error
    assert raised is not None, f"{' or '.join(error.__name__ for error in errors)} was not raised"
    check_text(raised)
    assert saying in str(raised), f"{saying!r} is not in {str(raised)!r}"


def check_text(error: BaseException) -> None:
    """Fails when one of our errors says nothing."""
    assert str(error) or not isinstance(error, Error), f"a {type(error).__name__} without a text"
