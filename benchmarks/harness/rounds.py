"""Paired rounds: in each, all transports do the same thing one right after the other, in shuffled order."""

from __future__ import annotations

import random
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping

from benchmarks.harness.processes import MeasurementError

Values = dict[str, float]
Measure = Callable[[], Values]
Cells = Mapping[str, Mapping[str, Measure]]
"""Name of a block (what is done, at which size) to name of a transport to its measurement."""

_TRIES = 2
"""A measurement that failed this often is left out of the remaining rounds."""


class Samples:
    """What was measured: `values[block][metric][transport][round]`, and what failed."""

    def __init__(self) -> None:
        self.values: dict[str, dict[str, dict[str, dict[int, float]]]] = defaultdict(
            lambda: defaultdict(lambda: defaultdict(dict))
        )
        self.failures: dict[str, str] = {}

    def add(self, block: str, transport: str, round_: int, values: Values) -> None:
        """Keep the values of one measurement."""
        for metric, value in values.items():
            self.values[block][metric][transport][round_] = value

    def fail(self, block: str, transport: str, error: MeasurementError) -> None:
        """Keep why a measurement has no values."""
        self.failures[f"{block} {transport}"] = str(error)


def run(cells: Cells, rounds: int, seed: int) -> Samples:
    """Measure everything `rounds` times; a measurement that fails is noted and costs nobody else anything."""
    samples = Samples()
    failures: Counter[tuple[str, str]] = Counter()
    order = random.Random(seed)
    for round_ in range(rounds):
        for block in _shuffled(cells, order):
            for transport in _shuffled(cells[block], order):
                if failures[block, transport] >= _TRIES:
                    continue
                _say(f"round {round_ + 1}/{rounds}  {block}  {transport}")
                try:
                    samples.add(block, transport, round_, cells[block][transport]())
                except MeasurementError as error:
                    failures[block, transport] += 1
                    samples.fail(block, transport, error)
    _say("")
    return samples


def _shuffled(names: Iterable[str], order: random.Random) -> list[str]:
    listed = list(names)
    return order.sample(listed, len(listed))


def _say(text: str) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{text}")
        sys.stderr.flush()
