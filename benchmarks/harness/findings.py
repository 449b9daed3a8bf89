"""What a result says: medians, ratios between transports, and notes on what is not in them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from benchmarks.harness.compare import Ratio, Rounds, best, better_by, middle
from benchmarks.harness.tables import number, table

Values = Mapping[str, Mapping[str, Mapping[str, Rounds]]]
"""Block to metric to transport to what its rounds measured."""


class Column(NamedTuple):
    """One metric of one kind of measurement, and whether more of it is better."""

    kind: str
    metric: str
    title: str
    higher_is_better: bool = False


class Findings:
    """What a grid found: blocks named by a size and a kind of measurement, read by size, column and transport."""

    def __init__(self, values: Values, columns: Sequence[Column], sizes: Iterable[str]) -> None:
        there = {block.split(" ", 1)[0] for block in values}
        self._values, self._columns = values, columns
        self.sizes = [size for size in sizes if size in there]

    def columns(self, size: str) -> list[Column]:
        """Those that were measured at this size."""
        return [column for column in self._columns if f"{size} {column.kind}" in self._values]

    def rounds(self, size: str, column: Column) -> Mapping[str, Rounds]:
        """What each transport's rounds measured."""
        return self._values.get(f"{size} {column.kind}", {}).get(column.metric, {})

    def ratio(self, size: str, column: Column, ours: str, others: Sequence[str]) -> Ratio | None:
        """`ours` against the best of `others`."""
        by_transport = self.rounds(size, column)
        rival = best(by_transport, others, column.higher_is_better)
        if rival is None or not by_transport.get(ours):
            return None
        return better_by(by_transport[ours], by_transport[rival], column.higher_is_better)

    def median(self, size: str, column: Column, name: str, note: str = "") -> str:
        """One cell of `medians`: the median, the note, and a star when frames were lost."""
        rounds = self.rounds(size, column).get(name)
        lost = self.rounds(size, column._replace(metric="lost")).get(name, {})
        return number(middle(rounds)) + note + ("*" if sum(lost.values()) else "") if rounds else number(None)

    def medians(self, size: str, names: Iterable[str], cell: Callable[[str, Column, str], str] | None = None) -> str:
        """A table of one size, a row for each transport that was measured at all."""
        columns, cell = self.columns(size), cell or self.median
        rows = [[name, *(cell(size, column, name) for column in columns)] for name in names]
        return _table([f"{size} frames", *(column.title for column in columns)], rows)

    def against(self, title: str, pairs: Mapping[str, tuple[str, Sequence[str]]]) -> str:
        """A table of ratios: a row for each size and column, a column for each pair of one and the best of others."""
        rows = [
            [f"{size} {column.title}", *(_verdict(self.ratio(size, column, *pair)) for pair in pairs.values())]
            for size in self.sizes
            for column in self.columns(size)
        ]
        return _table([title, *pairs], rows)

    def behind(self, pairs: Iterable[tuple[str, Sequence[str]]]) -> tuple[int, int]:
        """How often one of the `pairs` is behind, of how many comparisons."""
        cells = [(size, column) for size in self.sizes for column in self.columns(size)]
        found = [ratio for cell in cells for pair in pairs if (ratio := self.ratio(*cell, *pair))]
        return sum(ratio.verdict == "behind" for ratio in found), len(found)


def block_medians(values: Values, names: Iterable[str], columns: Mapping[str, str]) -> list[str]:
    """A table for each block: the medians of some metrics, by their titles, for each transport that has them."""
    return [
        _table(
            [block, *columns.values()],
            [
                [
                    name,
                    *(
                        number(middle(rounds) if (rounds := metrics.get(key, {}).get(name)) else None)
                        for key in columns
                    ),
                ]
                for name in names
            ],
        )
        for block, metrics in values.items()
        if metrics
    ]


def ranked(
    title: str,
    values: Mapping[str, Mapping[str, Rounds]],
    columns: Mapping[str, str],
    ours: str,
    *,
    higher_is_better: bool = True,
) -> str:
    """A table of one block: the best by the first of `columns` comes first; each against `ours`."""
    by = values[next(iter(columns))]
    rows = [
        [name, *(_median(values, metric, name) for metric in columns), _against(by, name, ours, higher_is_better)]
        for name in sorted(by, key=lambda name: middle(by[name]), reverse=higher_is_better)
    ]
    return table([title, *columns.values(), f"{ours} is"], rows)


def _median(values: Mapping[str, Mapping[str, Rounds]], metric: str, name: str) -> str:
    rounds = values.get(metric, {}).get(name)
    return number(middle(rounds)) if rounds else number(None)


def _against(by: Mapping[str, Rounds], name: str, ours: str, higher_is_better: bool) -> str:
    ratio = None if name == ours or ours not in by else better_by(by[ours], by[name], higher_is_better)
    return "–" if ratio is None else f"{ratio} {ratio.verdict}"


def notes(data: Mapping[str, Any], *first: str) -> str:
    """A list of `first`, of what was left out, and of what failed: each reason once, with all that failed for it."""
    lines = [*first, *(f"Left out: {name} ({why})." for name, why in data.get("missing", {}).items())]
    reasons = {cell: text.strip().splitlines()[-1] for cell, text in data["failures"].items()}
    for reason in dict.fromkeys(reasons.values()):
        cells = "; ".join(sorted(cell for cell, found in reasons.items() if found == reason))
        lines.append(f"Failed: {reason} ({cells}).")
    return "\n".join(f"- {line}" for line in lines)


def page(*parts: str) -> str:
    """Those parts that say something, one below the other."""
    return "\n\n".join(part for part in parts if part)


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table without the rows that say nothing; no table when none says anything."""
    told = [row for row in rows if any(cell != number(None) for cell in row[1:])]
    return table(header, told) if told else ""


def _verdict(ratio: Ratio | None) -> str:
    return f"{ratio}{' behind' if ratio.verdict == 'behind' else ''}" if ratio else number(None)
