"""A frame to three services of 30, 40 and 50 ms at once, and their answers: `python -m benchmarks.gather`."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from benchmarks.fan_out.askers import alone, framebus, futures, pickled
from benchmarks.fan_out.services import SERVICES
from benchmarks.harness.compare import Rounds, middle, spread
from benchmarks.harness.frames import SIZES, Frames
from benchmarks.harness.results import Result
from benchmarks.harness.rounds import Cells, Values, run
from benchmarks.harness.tables import failures, number, table

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
    told = _arguments()
    result = Result("gather")
    frames = {size: Frames(SIZES[size], _MOST_IN_FLIGHT) for size in told.sizes}
    cells: Cells = {
        _title(size, answers): {
            name: partial(ASKERS[name], frames[size], told.frames, SERVICES[answers]) for name in told.only
        }
        for size in told.sizes
        for answers in told.answers
    }
    samples = run(cells, told.rounds, seed=1)
    data = {
        "rounds": told.rounds,
        "frames": told.frames,
        "values": samples.values,
        "failures": samples.failures,
    }
    print(render(data))
    if told.save:
        print(f"kept in {result.save(data)}")


def render(data: Mapping[str, Any]) -> str:
    """One table for each size of frames and answers, with what came over the slowest service."""
    values = data["values"]
    blocks = [block for size in SIZES for block in map(partial(_title, size), SERVICES) if block in values]
    parts = [_block(block, values[block]["per_frame_ms"]) for block in blocks]
    notes = [f"{data['rounds']} paired rounds of {data['frames']} frames; 95 % intervals over rounds."]
    notes += failures(data["failures"])
    return "\n\n".join([*parts, "\n".join(f"- {note}" for note in notes)])


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


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gather", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="20 frames instead of 100")
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=["6MB", "1.44MB"])
    parser.add_argument("--answers", nargs="+", choices=SERVICES, default=list(SERVICES))
    parser.add_argument("--only", nargs="+", choices=ASKERS, default=list(ASKERS))
    parser.add_argument("--frames", type=int)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--no-save", dest="save", action="store_false", help="print only")
    told = parser.parse_args()
    told.frames = told.frames or (20 if told.quick else 100)
    return told


if __name__ == "__main__":
    main()
