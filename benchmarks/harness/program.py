"""What every benchmark does as a program: understand its options, measure, print, keep."""

from __future__ import annotations

import argparse
import signal
from collections.abc import Callable, Mapping
from typing import Any

from benchmarks.harness.processes import leave
from benchmarks.harness.results import Result
from benchmarks.harness.rounds import Cells, run


class Options(argparse.ArgumentParser):
    """The command line: what all benchmarks understand, and options whose default `--quick` changes."""

    def __init__(self, name: str, about: str | None, quick: str) -> None:
        super().__init__(prog=f"python -m benchmarks.{name}", description=about)
        self.add_argument("--quick", action="store_true", help=quick)
        self.add_argument("--seed", type=int, default=1, help="of the order of measurements (default 1)")
        self.add_argument("--no-save", dest="save", action="store_false", help="print only")
        self._lengths: dict[str, tuple[Any, Any]] = {}

    def add_length(self, flag: str, full: float, quick: float, what: str) -> None:
        """A number that is `full` unless given, or `quick` with `--quick`."""
        self.add_either(flag, full, quick, type=type(full), help=f"{what} (default {full:g}; with --quick {quick:g})")

    def add_either(self, flag: str, full: object, quick: object, **how: Any) -> None:
        """Anything else with two defaults."""
        self.add_argument(flag, **how)
        self._lengths[flag.lstrip("-")] = full, quick

    def told(self) -> argparse.Namespace:
        """What the command line says."""
        told = self.parse_args()
        for name, (full, quick) in self._lengths.items():
            if getattr(told, name) is None:
                setattr(told, name, quick if told.quick else full)
        return told


def measure(
    name: str,
    cells: Cells,
    render: Callable[[Mapping[str, Any]], str],
    told: argparse.Namespace,
    **facts: object,
) -> None:
    """Measure all cells, print what `render` makes of the samples and the `facts`, and keep both unless told not to.

    A run that is told to end early removes on its way out what it made.
    """
    signal.signal(signal.SIGTERM, leave)
    result = Result(name)
    samples = run(cells, told.rounds, told.seed)
    data = {"rounds": told.rounds, **facts, "values": samples.values, "failures": samples.failures}
    print(render(data))
    if told.save:
        print(f"kept in {result.save(data)}")
