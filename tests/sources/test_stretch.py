"""From here to there: a stop that does not come after the start is refused, not an empty recording."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import framebus as fb
from framebus.core.errors import OptionError


@pytest.mark.parametrize(
    ("start", "stop"), [("4s", "2s"), ("#2", "#1"), ("2026-03-01T13:00", "2026-03-01T12:59"), (1, "500ms")]
)
def test_a_stop_before_the_start_is_refused(start: Any, stop: Any, tmp_path: Path) -> None:
    fb.pipe(np.zeros((3, 4, 4), np.uint8), tmp_path / "run.tif")
    with pytest.raises(OptionError, match="nothing lies between start and stop"):
        fb.open(tmp_path / "run.tif", start=start, stop=stop)


@pytest.mark.parametrize(("start", "stop"), [("#1", "#2"), ("#1", "1min"), ("0s", "#1"), (None, "#1"), ("#2", None)])
def test_any_other_pair_is_read(start: Any, stop: Any, tmp_path: Path) -> None:
    fb.pipe(np.zeros((3, 4, 4), np.uint8), tmp_path / "run.tif")
    chosen = {name: value for name, value in (("start", start), ("stop", stop)) if value is not None}
    with fb.open(tmp_path / "run.tif", **chosen) as recording:
        assert len(list(recording)) in (1, 2)
