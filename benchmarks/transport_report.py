"""The tables of the transport benchmark, made from its samples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchmarks.harness.compare import Ratio, Rounds, best, better_by, middle
from benchmarks.harness.frames import SIZES
from benchmarks.harness.tables import number, table
from benchmarks.peers import NAMES

OURS = "framebus"
_RAW = ("pyzmq-push", "pyzmq-pub")
_IMAGEZMQ = ("imagezmq-reqrep", "imagezmq-pubsub")
_NETGEAR = ("netgear-pair", "netgear-reqrep", "netgear-pubsub")

METRICS: dict[str, list[tuple[str, str, bool]]] = {
    "latency": [("one_way_us", "one way, µs", False), ("memory_mb", "peak memory, MB", False)],
    "round trip": [("round_trip_us", "round trip, µs", False)],
    "throughput": [
        ("frames_per_s", "frames/s", True),
        ("cpu_s_per_1000", "CPU s / 1000", False),
    ],
    "one to three": [
        ("frames_per_s", "1:3 frames/s", True),
        ("cpu_s_per_1000", "1:3 CPU s / 1000", False),
    ],
}
"""Kind of measurement to its columns: key, title, and whether more is better."""

Values = Mapping[str, Mapping[str, Mapping[str, Mapping[Any, float]]]]


def render(data: Mapping[str, Any]) -> str:
    """Medians per size, then the rows of framebus against the best of the others."""
    values: Values = data["values"]
    sizes = list(dict.fromkeys(block.split(" ", 1)[0] for block in values))
    sizes.sort(key=lambda size: list(SIZES).index(size))
    parts = [_medians(values, size) for size in sizes]
    if any(OURS in by_peer for block in values.values() for by_peer in block.values()):
        parts.append(_against(values, sizes))
    parts.append(_notes(data))
    return "\n\n".join(part for part in parts if part)


def _columns(values: Values, size: str) -> list[tuple[str, str, str, bool]]:
    return [
        (f"{size} {kind}", key, title, higher)
        for kind, metrics in METRICS.items()
        if f"{size} {kind}" in values
        for key, title, higher in metrics
    ]


def _medians(values: Values, size: str) -> str:
    columns = _columns(values, size)
    rows = [[name, *(_cell(values, name, column) for column in columns)] for name in NAMES]
    rows = [row for row in rows if any(cell != "–" for cell in row[1:])]
    header = [f"{size} frames", *(title for _, _, title, _ in columns)]
    return (
        f"Medians, and in brackets how many times better or worse than the best of the others.\n\n{table(header, rows)}"
    )


def _cell(values: Values, name: str, column: tuple[str, str, str, bool]) -> str:
    block, key, _, higher = column
    by_peer = values[block].get(key, {})
    if not by_peer.get(name):
        return "–"
    ratio = _ratio(by_peer, name, _others(name), higher)
    lost = sum(values[block].get("lost", {}).get(name, {}).values())
    return number(middle(by_peer[name])) + (f" ({ratio.middle:.2f})" if ratio else "") + ("*" if lost else "")


def _others(name: str) -> tuple[str, ...]:
    """Everybody who is not of the same family, if that is ours."""
    return tuple(other for other in NAMES if other != name and not (name.startswith(OURS) and other.startswith(OURS)))


def _ratio(by_peer: Mapping[str, Rounds], name: str, others: tuple[str, ...], higher: bool) -> Ratio | None:
    rival = best(by_peer, others, higher)
    return better_by(by_peer[name], by_peer[rival], higher) if rival and by_peer.get(name) else None


def _against(values: Values, sizes: list[str]) -> str:
    header = [
        "framebus is … times better (above 1) or worse",
        "best other",
        "which",
        "verdict",
        "bare pyzmq",
        "imagezmq",
        "NetGear",
        "goals",
    ]
    rows = [_against_row(values, size, column) for size in sizes for column in _columns(values, size)]
    return "With 95 % intervals over paired rounds:\n\n" + table(header, [row for row in rows if row])


def _against_row(values: Values, size: str, column: tuple[str, str, str, bool]) -> list[str]:
    block, key, title, higher = column
    by_peer = values[block].get(key, {})
    others = _others(OURS)
    overall = _ratio(by_peer, OURS, others, higher)
    raw, imagezmq, netgear = (_ratio(by_peer, OURS, family, higher) for family in (_RAW, _IMAGEZMQ, _NETGEAR))
    goals = _goals(key, "one to three" in block, overall, raw, imagezmq, netgear)
    return [
        f"{size} {title}",
        str(overall or "–"),
        best(by_peer, others, higher) or "–",
        overall.verdict if overall else "–",
        str(raw or "–"),
        str(imagezmq or "–"),
        str(netgear or "–"),
        goals,
    ]


def _goals(
    key: str, fan_out: bool, overall: Ratio | None, raw: Ratio | None, imagezmq: Ratio | None, netgear: Ratio | None
) -> str:
    if overall is None:
        return "–"
    missed = []
    if raw and raw.high < 1 / 1.1:
        missed.append("> 10 % behind pyzmq")
    missed += [
        f"behind {name}" for name, ratio in (("imagezmq", imagezmq), ("NetGear", netgear)) if ratio and ratio.high < 1
    ]
    if fan_out and key == "frames_per_s" and overall.low <= 1:
        missed.append("not ahead of all")
    return "; ".join(missed) or "met"


def _notes(data: Mapping[str, Any]) -> str:
    notes = [f"{data['rounds']} paired rounds, window {data['window']}. `*`: frames were lost in some round."]
    notes += [f"Left out: {name} ({why})." for name, why in data["missing"].items()]
    notes += [f"Failed: {cell}: {why.strip().splitlines()[-1]}" for cell, why in data["failures"].items()]
    return "\n".join(f"- {note}" for note in notes)
