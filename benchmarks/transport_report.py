"""The tables of the transport benchmark, made from its samples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchmarks.harness.compare import Ratio, best
from benchmarks.harness.findings import Column, Findings, notes, page
from benchmarks.harness.frames import SIZES
from benchmarks.harness.tables import table
from benchmarks.peers import TCP

OURS = "framebus"
_FAMILIES = {
    "bare pyzmq": ("pyzmq-push", "pyzmq-pub"),
    "imagezmq": ("imagezmq-reqrep", "imagezmq-pubsub"),
    "NetGear": ("netgear-pair", "netgear-reqrep", "netgear-pubsub"),
}
_FAN_OUT_FLOW = Column("one to three", "frames_per_s", "1:3 frames/s", higher_is_better=True)
_COLUMNS = (
    Column("latency", "one_way_us", "one way, µs"),
    Column("latency", "memory_mb", "peak memory, MB"),
    Column("round trip", "round_trip_us", "round trip, µs"),
    Column("throughput", "frames_per_s", "frames/s", higher_is_better=True),
    Column("throughput", "cpu_s_per_1000", "CPU s / 1000"),
    _FAN_OUT_FLOW,
    Column("one to three", "cpu_s_per_1000", "1:3 CPU s / 1000"),
)


def render(data: Mapping[str, Any]) -> str:
    """Medians per size, then the rows of framebus against the best of the others."""
    found = Findings(data["values"], _COLUMNS, SIZES)
    setting = f"{data['rounds']} paired rounds, window {data['window']}. `*`: frames were lost in some round."
    return page(*(_medians(found, size) for size in found.sizes), _against(found), notes(data, setting))


def _medians(found: Findings, size: str) -> str:
    def cell(size: str, column: Column, name: str) -> str:
        ratio = found.ratio(size, column, name, _others(name))
        return found.median(size, column, name, f" ({ratio.middle:.2f})" if ratio else "")

    text = found.medians(size, TCP.makers, cell)
    return page(text and "Medians, and in brackets how many times better or worse than the best of the others.", text)


def _others(name: str) -> tuple[str, ...]:
    """Everybody who is not of the same family, if that is ours."""
    ours = name.startswith(OURS)
    return tuple(other for other in TCP.makers if other != name and not (ours and other.startswith(OURS)))


def _against(found: Findings) -> str:
    cells = [(size, column) for size in found.sizes for column in found.columns(size)]
    if not any(found.rounds(*cell).get(OURS) for cell in cells):
        return ""
    title = "framebus is … times better (above 1) or worse"
    header = [title, "best other", "which", "verdict", *_FAMILIES, "goals"]
    return page("With 95 % intervals over paired rounds:", table(header, [_row(found, *cell) for cell in cells]))


def _row(found: Findings, size: str, column: Column) -> list[str]:
    others = _others(OURS)
    overall = found.ratio(size, column, OURS, others)
    families = {title: found.ratio(size, column, OURS, names) for title, names in _FAMILIES.items()}
    return [
        f"{size} {column.title}",
        str(overall or "–"),
        best(found.rounds(size, column), others, column.higher_is_better) or "–",
        overall.verdict if overall else "–",
        *(str(ratio or "–") for ratio in families.values()),
        _goals(column, overall, families),
    ]


def _goals(column: Column, overall: Ratio | None, families: Mapping[str, Ratio | None]) -> str:
    if overall is None:
        return "–"
    raw, *libraries = families.items()
    missed = ["> 10 % behind pyzmq"] if raw[1] and raw[1].high < 1 / 1.1 else []
    missed += [f"behind {title}" for title, ratio in libraries if ratio and ratio.high < 1]
    if column == _FAN_OUT_FLOW and overall.low <= 1:
        missed.append("not ahead of all")
    return "; ".join(missed) or "met"
