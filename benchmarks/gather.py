"""A frame to three services of 30, 40 and 50 ms at once, and their answers: `python -m benchmarks.gather`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from benchmarks.fan_out.askers import alone, framebus, futures, pickled
from benchmarks.fan_out.services import SERVICES
from benchmarks.harness.compare import Rounds, middle, spread
from benchmarks.harness.findings import notes, page
from benchmarks.harness.frames import SIZES, Frames
from benchmarks.harness.program import Options, measure
from benchmarks.harness.rounds import Cells, Values
from benchmarks.harness.tables import number, table

_ALONE, _OURS, _PIPELINED = "slowest service alone", "framebus", "framebus, 3 in flight"
_MOST_OVER_MS = {_OURS: 0.7, _PIPELINED: 0.2}
"""Who may take how much longer than the slowest service alone."""
_MOST_IN_FLIGHT = 3

ASKERS: dict[str, Callable[..., Values]] = {
    _ALONE: alone,
    _OURS: partial(framebus, in_flight=1),
    _PIPELINED: partial(framebus, in_flight=_MOST_IN_FLIGHT),
    "pickled ZeroMQ": pickled,
    "futures": partial(futures, in_flight=1),
    "futures, 3 in flight": partial(futures, in_flight=_MOST_IN_FLIGHT),
}


def main() -> None:
    """Measure, print, keep."""
    told = _options().told()
    frames = {size: Frames(SIZES[size], _MOST_IN_FLIGHT) for size in told.sizes}
    cells: Cells = {
        _title(size, answers): {
            name: partial(ASKERS[name], frames[size], told.frames, SERVICES[answers]) for name in told.only
        }
        for size in told.sizes
        for answers in told.answers
    }
    measure("gather", cells, render, told, frames=told.frames)


def render(data: Mapping[str, Any]) -> str:
    """One table for each size of frames and answers, with what came over the slowest service."""
    values = data["values"]
    blocks = [block for size in SIZES for block in map(partial(_title, size), SERVICES) if block in values]
    parts = [_block(block, values[block]["per_frame_ms"]) for block in blocks]
    setting = f"{data['rounds']} paired rounds of {data['frames']} frames; 95 % intervals over rounds."
    return page(*parts, notes(data, setting))


def _title(size: str, answers: str) -> str:
    return f"{size} frames, {answers} answers"


def _block(block: str, took: Mapping[str, Rounds]) -> str:
    rows = [
        [name, number(middle(took[name]), 4), *_over(name, took[name], took.get(_ALONE, {}))]
        for name in ASKERS
        if name in took
    ]
    return table([block, "ms per frame", "ms over the slowest service", "goal, ms", "verdict"], rows)


def _over(name: str, ours: Rounds, alone: Rounds) -> list[str]:
    over = spread([ours[at] - alone[at] for at in ours if at in alone])
    if over is None or name == _ALONE:
        return ["–", "–", "–"]
    measured = f"{over.middle:.2f} [{over.low:.2f}–{over.high:.2f}]"
    goal = _MOST_OVER_MS.get(name)
    return [measured, f"{goal:g}" if goal else "–", over.at_most(goal) if goal else "–"]


def _options() -> Options:
    told = Options("gather", __doc__, quick="20 frames instead of 100")
    told.add_argument("--sizes", nargs="+", choices=SIZES, default=["6MB", "1.44MB"])
    told.add_argument("--answers", nargs="+", choices=SERVICES, default=list(SERVICES))
    told.add_argument("--only", nargs="+", choices=ASKERS, default=list(ASKERS))
    told.add_length("--frames", 100, 20, "frames of each measurement")
    told.add_argument("--rounds", type=int, default=3)
    return told


if __name__ == "__main__":
    main()
