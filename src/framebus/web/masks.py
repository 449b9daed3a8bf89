"""Masks to be drawn over a picture: outlines and areas in its metadata, and arrays that services answered with it.

In `frame.meta`, also in what a service answered: `{"masks": [MASK, …]}`, a mask being an outline `[x, y, x, y, …]` with
a label behind it where there is one, or an area as COCO writes them, column by column:
`{"size": [height, width], "counts": [zeros, ones, zeros, …], "label": …}`. In `frame.arrays`, what is called `mask` or
ends in `.mask` and has two dimensions.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from framebus.core.contracts import Item
from framebus.core.errors import BadFrame
from framebus.core.frame import Frame

MOST_MASKS = 100
MOST_POINTS = 2000
MOST_PIXELS = 64_000_000
WIDEST = 256
"""Areas are sent with so many columns or rows at most: they are spread over the picture."""
_LONGEST = 200
_FORM = '[x, y, x, y, …, "label"] or {"size": [height, width], "counts": [zeros, ones, …], "label": …}'


def masks(item: Item) -> list[dict[str, Any]]:
    """All of them as the page draws them, `{label, polygon}` or `{label, width, height, runs}`, row by row.

    Raises `BadFrame` for what is no mask.
    """
    found = [_mask(entry) for entry in _in_meta(item.meta)]
    if isinstance(item, Frame):
        found += [_area(name.removesuffix("mask").rstrip("."), array) for name, array in _in_arrays(item)]
    return found[:MOST_MASKS]


def _in_meta(meta: Mapping[str, Any]) -> Iterator[Any]:
    for place in (meta, *(value for value in meta.values() if isinstance(value, Mapping))):
        listed = place.get("masks")
        if listed is not None and not isinstance(listed, list | tuple):
            raise BadFrame(f"meta['masks'] is no list of masks: give a list of {_FORM}")
        yield from (listed or ())[:MOST_MASKS]


def _in_arrays(frame: Frame) -> Iterator[tuple[str, npt.NDArray[Any]]]:
    for name, array in frame.extra:  # `arrays` would decode the picture
        if (name == "mask" or name.endswith(".mask")) and array.ndim == 2 and array.size and array.dtype.kind in "biuf":
            yield name, array


def _mask(entry: Any) -> dict[str, Any]:
    try:
        if isinstance(entry, list | tuple):
            return _outline(list(entry))
        height, width = map(int, entry["size"])
        return _area(str(entry.get("label") or ""), _decoded(entry["counts"], height, width))
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError):
        raise BadFrame(f"meta['masks'] holds {entry!r:.80}: give {_FORM}") from None


def _outline(entry: list[Any]) -> dict[str, Any]:
    label = entry.pop() if entry and isinstance(entry[-1], str) else ""
    sides = [round(float(side), 2) for side in entry[: 2 * MOST_POINTS]]
    if len(entry) % 2 or len(entry) < 6 or not all(map(math.isfinite, sides)):
        raise ValueError
    return {"label": label[:_LONGEST], "polygon": sides}


def _decoded(counts: Any, height: int, width: int) -> npt.NDArray[Any]:
    """The area that so many zeros, ones, zeros … are, column by column."""
    lengths = np.asarray(counts, np.int64)
    if not 0 < height * width <= MOST_PIXELS or min(height, width) < 1 or lengths.ndim != 1:
        raise ValueError
    # each is looked at, too: a sum that overflows may be right, and `repeat` would write beyond what it has then
    if ((lengths < 0) | (lengths > height * width)).any() or int(lengths.sum()) != height * width:
        raise ValueError
    flat = np.repeat(np.arange(lengths.size) % 2 == 1, lengths)
    return flat.reshape(width, height).T


def _area(label: str, array: npt.NDArray[Any]) -> dict[str, Any]:
    step = max(1, -(-max(array.shape) // WIDEST))
    small = array[::step, ::step] != 0
    flat = np.concatenate(([False], small.ravel(), [False]))
    edges = np.flatnonzero(flat[1:] != flat[:-1])
    height, width = small.shape
    return {"label": label[:_LONGEST], "width": width, "height": height, "runs": edges.tolist()}
