"""How long from a camera's capture to a browser's screen, and what does a viewer cost? `python -m benchmarks.glass`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from benchmarks.harness.compare import Rounds, better_by
from benchmarks.harness.findings import block_medians, notes, page
from benchmarks.harness.program import Options, measure
from benchmarks.harness.tables import number, table
from benchmarks.watching.glass import cost_of_viewers, on_the_screen
from benchmarks.watching.pages import PAGES, why_not

LATE = "camera to glass, 720p30"
COST = "CPU of the server, % of a core for one camera"
_OURS = "framebus, WebCodecs"
_LATE_COLUMNS = {
    "late_ms": "capture to screen, ms (median)",
    "late_p95_ms": "(95 %)",
    "drawn_ms": "capture to drawn, ms",
    "first_ms": "first picture after opening, ms",
    "shown_per_s": "pictures/s on the screen",
}
_COST_COLUMNS = {
    "unseen": "nobody looks",
    "one": "one viewer",
    "further": "each further",
    "each_per_s": "pictures/s, each of three",
    "cpu_ms": "CPU ms/picture",
}
_RATIOS = (
    (LATE, "late_ms", "capture to screen"),
    (COST, "one", "CPU, one viewer"),
    (COST, "cpu_ms", "CPU of a picture, three viewers"),
)


def main() -> None:
    """Measure, print, keep."""
    told = _options().told()
    missing = {name: why for name in told.only if (why := why_not(name))}
    for name, why in missing.items():
        print(f"LEFT OUT: {name} ({why})", flush=True)
    there = [name for name in told.only if name not in missing]
    cells = {
        LATE: {name: partial(on_the_screen, name, told.seconds) for name in there},
        COST: {name: partial(cost_of_viewers, name, told.seconds) for name in there if PAGES[name].looker},
    }
    measure("glass", cells, render, told, missing=missing)


def render(data: Mapping[str, Any]) -> str:
    """Medians, and ratios with the other servers."""
    values = data["values"]
    return page(
        *block_medians({LATE: values.get(LATE, {})}, PAGES, _LATE_COLUMNS),
        *block_medians({COST: values.get(COST, {})}, PAGES, _COST_COLUMNS),
        _against(values),
        notes(data, f"{data['rounds']} paired rounds; the browser is Chromium without a screen, drawing 60 times/s."),
    )


def _against(values: Mapping[str, Mapping[str, Mapping[str, Rounds]]]) -> str:
    rows = [
        [name, *(_ratio(values.get(block, {}).get(metric, {}), name) for block, metric, _ in _RATIOS)]
        for name in PAGES
        if not name.startswith("framebus")
        and any(name in values.get(block, {}).get(key, {}) for block, key, _ in _RATIOS)
    ]
    if not rows:
        return ""
    header = [f"{_OURS} is … times better (above 1) or worse than", *(title for _, _, title in _RATIOS)]
    return page("With 95 % intervals over paired rounds:", table(header, rows))


def _ratio(by_name: Mapping[str, Rounds], rival: str) -> str:
    ratio = better_by(by_name.get(_OURS, {}), by_name.get(rival, {}), higher_is_better=False)
    return f"{ratio}{' behind' if ratio.verdict == 'behind' else ''}" if ratio else number(None)


def _options() -> Options:
    told = Options("glass", __doc__, quick="one short round")
    told.add_argument("--only", nargs="+", choices=PAGES, default=list(PAGES))
    told.add_length("--seconds", 6.0, 4.0, "length of a measurement")
    told.add_length("--rounds", 5, 1, "paired rounds")
    return told


if __name__ == "__main__":
    main()
