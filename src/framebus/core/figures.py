"""Figures as people read them."""

from __future__ import annotations


def rate(per_second: float) -> str:
    """`29.9/s`, `0.25/s`, `1,250/s`."""
    if per_second >= 100:
        return f"{per_second:,.0f}/s"
    return f"{per_second:.1f}/s" if per_second >= 1 or per_second == 0 else f"{per_second:.2g}/s"


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
