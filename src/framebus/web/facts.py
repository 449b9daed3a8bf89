"""What the page is told about one picture besides its pixels: when it was taken, and what is to be drawn on it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import msgspec

from framebus.core import clock
from framebus.core.contracts import Item
from framebus.core.errors import BadFrame
from framebus.ops import marks
from framebus.web.masks import masks

MOST_BOXES = 500
MOST_LINES = 40
_LONGEST = 200
_DRAWN = frozenset({"boxes", "masks", "text"})


def captured_ms(item: Item) -> float:
    """When it was captured, in milliseconds of this machine's monotonic clock; NaN where it does not say."""
    return clock.mono_ns() * 1e-6 - item.age_s * 1e3


def described(item: Item | None, **facts: Any) -> bytes:
    """`facts` and what of an item's metadata is drawn, as JSON."""
    told = dict(facts)
    if item is not None:
        told["seq"] = item.seq
        told |= _drawn(item)
    return msgspec.json.encode(told)


def _drawn(item: Item) -> dict[str, Any]:
    """Masks, and boxes and text as the op `draw` takes them; what is no box is no reason not to show a picture."""
    if not (_may_be_drawn(item.meta) or bool(getattr(item, "extra", ()))):
        return {}
    try:
        areas = masks(item)
        boxes = [_box(box) for box in marks.boxes(item.meta)[:MOST_BOXES]]
        lines = [line[:_LONGEST] for line in marks.lines(item.meta)[:MOST_LINES]]
    except (BadFrame, TypeError, ValueError) as error:
        return {"unclear": str(error)[:_LONGEST]}
    return {name: value for name, value in (("masks", areas), ("boxes", boxes), ("text", lines)) if value}


def _may_be_drawn(meta: Mapping[str, Any]) -> bool:
    """False where plain facts are all there is, such as a camera's clock."""
    return not _DRAWN.isdisjoint(meta) or any(isinstance(value, Mapping) for value in meta.values())


def _box(box: marks.Box) -> list[Any]:
    place = [round(value, 2) for value in (box.x, box.y, box.width, box.height)]
    score = box.score if box.score is not None and math.isfinite(box.score) else None
    return [*place, box.label[:_LONGEST], score]
