"""Results on disk: one JSON file per benchmark, from which the tables in the documentation are made."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.harness.machine import command, describe

FOLDER = Path(__file__).parent.parent / "results"


class Result:
    """What one run of one benchmark found, with the machine it ran on and how long it took."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._began = time.monotonic()
        self._machine = describe()

    def save(self, data: Mapping[str, Any], folder: Path = FOLDER) -> Path:
        """Write `data` under the benchmark's name."""
        folder.mkdir(parents=True, exist_ok=True)
        took = round(time.monotonic() - self._began)
        kept = {"command": command(), "took_s": took, "machine": self._machine, **data}
        path = folder / f"{self._name}.json"
        path.write_text(json.dumps(kept, indent=1) + "\n")
        return path


def load(name: str, folder: Path = FOLDER) -> dict[str, Any] | None:
    """The last result of a benchmark, or None when it has never run."""
    path = folder / f"{name}.json"
    return json.loads(path.read_text()) if path.exists() else None
