"""R8: publishers and readers of a link are killed and stopped at random instants; what is left of them is counted."""

from __future__ import annotations

import logging
import os
from pathlib import Path

from framebus.memory.pool import supported
from framebus.stress.trial import Trial
from framebus.testing.torture import Torture, left_behind

SECONDS = 4.0


def attempt(trial: Trial) -> None:
    """Every picture whole, every gap told, nobody hung, and nothing left in the runtime folder."""
    address = (
        "shm://torture" if supported() and trial.chance.random() < 0.7 else f"tcp://localhost:{trial.port()}/torture"
    )
    logging.getLogger("framebus").addHandler(logging.NullHandler())
    report = Torture(address, trial.chance.randrange(10**9)).run(SECONDS)
    for name, number in report.counts.items():
        if name in ("publishers killed", "readers killed", "publishers stopped", "readers stopped", "frames", "checks"):
            trial.count(name, number)
    trial.check(not report.failures, f"{address}: " + "\n".join(report.failures))
    left = left_behind(Path(os.environ["XDG_RUNTIME_DIR"]) / "framebus")
    trial.check(not left, "\n".join(left))
