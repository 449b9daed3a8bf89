"""Figures as people read them."""

from __future__ import annotations

import math
from collections.abc import Sequence


def rate(per_second: float) -> str:
    """`29.9/s`, `0.25/s`, `1,250/s`."""
    if per_second >= 100:
        return f"{per_second:,.0f}/s"
    return f"{per_second:.1f}/s" if per_second >= 1 or per_second == 0 else f"{per_second:.2g}/s"


def age(seconds: float | None) -> str:
    """`31 ms`, `2.5 s`, `3 min`; `–` where nobody knows."""
    if seconds is None or math.isnan(seconds):
        return "–"
    if seconds < 0.0995:
        return f"{seconds * 1e3:.1f} ms" if 0 <= seconds < 0.00995 else f"{seconds * 1e3:.0f} ms"
    if seconds < 0.9995:
        return f"{seconds * 1e3:.0f} ms"
    return span(seconds)


def span(seconds: float) -> str:
    """`2.5 s`, `3 min 20 s`, `2 h 05 min`."""
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes < 48 * 60 else f"{minutes // 1440} days"


def size(nbytes: float) -> str:
    """`230 kB`, `1.2 GB`."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if nbytes < 999.5:
            return f"{nbytes:.0f} {unit}" if unit == "bytes" or nbytes >= 100 else f"{nbytes:.3g} {unit}"
        nbytes /= 1000
    return f"{nbytes:.3g} TB"


def count(number: int, noun: str) -> str:
    """`1 frame`, `1,234 frames`."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


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
