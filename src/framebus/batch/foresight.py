"""What the first ops need of a picture, so that no more than that is decoded.

A JPEG can be decoded at 1/2, 1/4 or 1/8 of its size, and without its colours, in a fraction of the time. Built-in ops
say when that is as good; of what users wrote nothing is known, so it gets pictures as they are.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

from framebus.batch.reading.wish import Enough, Size
from framebus.batch.recipe import Spec
from framebus.core.callables import find


def of(outputs: Sequence[Sequence[Spec]]) -> tuple[Enough | None, bool]:
    """Which smaller picture is enough for the ops of all outputs (None: no smaller one), and whether gray is."""
    rows = [[_hinting(spec) for spec in specs] for specs in outputs]
    firsts = [_first_size(row) for row in rows]
    gray = bool(rows) and all(map(_gray_is_enough, rows))
    if not firsts or None in firsts:
        return None, gray

    def enough(full: Size, small: Size) -> bool:
        return all(first.enough(full, small) for first in firsts)

    return enough, gray


def _hinting(spec: Spec) -> Any:
    """The built-in op that is meant; None for anything else."""
    target = find(spec)
    if not inspect.isclass(target.function) or not target.function.__module__.startswith("framebus.ops."):
        return None
    return target.function(*target.arguments, **target.named)


def _first_size(ops: Sequence[Any]) -> Any:
    """The op that decides about size, where none before it looks at more than brightness; None where there is none."""
    for op in ops:
        if not getattr(op, "is_gray", False):
            return op if hasattr(op, "enough") else None
    return None


def _gray_is_enough(ops: Sequence[Any]) -> bool:
    """True where colours go, and nothing before that mixes or looks at them."""
    for op in ops:
        if getattr(op, "is_gray", False):
            return True
        if not getattr(op, "by_channel", False):
            return False
    return False
