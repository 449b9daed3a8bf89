"""Tables that read well on a terminal and in the documentation alike: aligned Markdown."""

from __future__ import annotations

from collections.abc import Sequence


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table with padded columns, the first left- and the others right-aligned."""
    widths = [max(len(row[at]) for row in (header, *rows)) for at in range(len(header))]
    rule = [f":{'-' * (widths[0] - 1)}", *(f"{'-' * (width - 1)}:" for width in widths[1:])]
    return "\n".join([_line(header, widths), "| " + " | ".join(rule) + " |", *(_line(row, widths) for row in rows)])


def number(value: float | None, digits: int = 3) -> str:
    """A number with about `digits` significant digits and thousands separated; a dash for None."""
    if value is None:
        return "–"
    if abs(value) >= 10 ** (digits - 1):
        return f"{value:,.0f}"
    return f"{value:.{digits}g}"


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = (
        cell.ljust(width) if at == 0 else cell.rjust(width)
        for at, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return "| " + " | ".join([first, *others]) + " |"
