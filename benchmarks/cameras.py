"""How long from a camera's capture to an array, and what do many cameras cost? `python -m benchmarks.cameras`."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from functools import partial
from importlib.util import find_spec
from typing import Any

from benchmarks.harness.compare import Rounds, better_by, spread
from benchmarks.harness.findings import block_medians, notes, page
from benchmarks.harness.processes import Child
from benchmarks.harness.program import Options, measure
from benchmarks.harness.rounds import Cells
from benchmarks.harness.tables import number, table
from benchmarks.watching.latency import one_camera
from benchmarks.watching.receivers import RECEIVERS, why_not
from benchmarks.watching.wall import WALLS, many_cameras, pictures

ONE = "one camera, 720p30 H.264"
_OURS = "framebus"
_LATE_COLUMNS = {
    "late_ms": "capture to array, ms (median)",
    "late_p95_ms": "(95 %)",
    "first_ms": "first picture after, ms",
    "cpu_s_per_1000": "CPU s / 1000",
    "skipped": "skipped",
}
_WALL_COLUMNS = {
    "cpu_percent": "CPU, % of a core",
    "cpu_us": "CPU µs/picture",
    "pictures_per_s": "pictures/s",
    "lost": "lost",
    "all_there_s": "all there after, s",
    "threads": "threads",
}
_RATIOS = ("late_ms", "first_ms", "cpu_s_per_1000")
_RIVALS = ("framebus by FFmpeg", "PyAV", "OpenCV")
_MOST_LATE_MS, _MOST_CPU_PERCENT, _MOST_CAMERAS = 15.0, 100.0, 100
_HUNG_AFTER_S = 60.0


def main() -> None:
    """Measure, print, keep."""
    told = _options().told()
    missing = {name: why for name in told.only if (why := why_not(name))}
    for name, why in missing.items():
        print(f"LEFT OUT: {name} ({why})", flush=True)
    cells = {ONE: {name: partial(one_camera, name, told.seconds) for name in told.only if name not in missing}}
    measure("cameras", {**cells, **_walls(told)}, render, told, missing=missing)


def _walls(told: argparse.Namespace) -> Cells:
    if not told.cameras or not find_spec("av"):
        return {}
    with Child(pictures) as coding:  # in a process of its own, so that OpenCV's receivers do not inherit PyAV's FFmpeg
        shown = coding.result(_HUNG_AFTER_S)
    return {
        _wall(cameras): {name: partial(many_cameras, name, cameras, shown, told.seconds) for name in WALLS}
        for cameras in told.cameras
    }


def _wall(cameras: int) -> str:
    return f"{cameras} cameras, 720p25 at 2 Mbit/s, as packets"


def render(data: Mapping[str, Any]) -> str:
    """Medians, ratios with the other receivers, and what became of the goals."""
    values = data["values"]
    walls = {block: found for block, found in values.items() if block != ONE}
    one = values.get(ONE, {})
    setting = f"{data['rounds']} paired rounds; CPU is that of the receiving process."
    return page(
        *block_medians({ONE: one}, RECEIVERS, _LATE_COLUMNS),
        _against(one),
        *block_medians(walls, WALLS, _WALL_COLUMNS),
        _goals(values),
        notes(data, setting),
    )


def _against(one: Mapping[str, Mapping[str, Rounds]]) -> str:
    rows = [
        [name, *(_ratio(one.get(metric, {}), name) for metric in _RATIOS)]
        for name in _RIVALS
        if one.get("late_ms", {}).get(name)
    ]
    if not rows or not one["late_ms"].get(_OURS):
        return ""
    header = ["framebus is … times better (above 1) or worse than", *(_LATE_COLUMNS[metric] for metric in _RATIOS)]
    return page("With 95 % intervals over paired rounds:", table(header, rows))


def _ratio(by_name: Mapping[str, Rounds], rival: str) -> str:
    ratio = better_by(by_name.get(_OURS, {}), by_name.get(rival, {}), higher_is_better=False)
    return f"{ratio}{' behind' if ratio.verdict == 'behind' else ''}" if ratio else number(None)


def _goals(values: Mapping[str, Mapping[str, Mapping[str, Rounds]]]) -> str:
    wall = _wall(_MOST_CAMERAS)
    rows = [
        *_goal(f"median capture to array: at most {_MOST_LATE_MS:g} ms", values, ONE, "late_ms", _MOST_LATE_MS),
        *_goal(f"{_MOST_CAMERAS} cameras: under one core, %", values, wall, "cpu_percent", _MOST_CPU_PERCENT),
        *_goal(f"{_MOST_CAMERAS} cameras: pictures lost", values, wall, "lost", 0.0),
    ]
    return table(["goal", "measured", "verdict"], rows) if rows else ""


def _goal(
    title: str, values: Mapping[str, Mapping[str, Mapping[str, Rounds]]], block: str, metric: str, limit: float
) -> Iterator[list[str]]:
    found = spread(list(values.get(block, {}).get(metric, {}).get(_OURS, {}).values()))
    if found:
        yield [title, f"{found.middle:.3g} [{found.low:.3g}–{found.high:.3g}]", found.at_most(limit)]


def _options() -> Options:
    told = Options("cameras", __doc__, quick="one short round")
    told.add_argument("--only", nargs="+", choices=RECEIVERS, default=list(RECEIVERS))
    told.add_argument("--cameras", nargs="*", type=int, default=[24, _MOST_CAMERAS], help="how many at once")
    told.add_length("--seconds", 5.0, 2.0, "length of a measurement")
    told.add_length("--rounds", 5, 1, "paired rounds")
    return told


if __name__ == "__main__":
    main()
