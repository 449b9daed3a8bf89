"""Figures as people read them: those of `core`, ages, and tables of them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from framebus.core.figures import count as count
from framebus.core.figures import rate as rate
from framebus.core.figures import size as size
from framebus.core.figures import span as span


def age(seconds: float | None) -> str:
    """`31 ms`, `2.5 s`, `3 min`; `–` where nobody knows."""
    if seconds is None or math.isnan(seconds):
        return "–"
    if seconds < 0.0995:
        return f"{seconds * 1e3:.1f} ms" if 0 <= seconds < 0.00995 else f"{seconds * 1e3:.0f} ms"
    if seconds < 0.9995:
        return f"{seconds * 1e3:.0f} ms"
    return span(seconds)


def columns(head: Sequence[str], rows: Sequence[Sequence[str]], right: frozenset[int] = frozenset()) -> list[str]:
    """A table without lines; the columns numbered in `right` hold numbers."""
    cells = [head, *rows]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]

    def line(row: Sequence[str]) -> str:
        placed = [
            f"{cell:>{width}}" if column in right else f"{cell:<{width}}"
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        return "  ".join(placed).rstrip()

    return [line(row) for row in cells]
