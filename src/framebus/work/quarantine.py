"""Frames that took their workers with them, kept on disk so that somebody can look at them."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from framebus.core import state
from framebus.core.frame import Frame

MAX_KEPT = 100
"""Older ones go when there are more."""


def folder() -> Path:
    """Where they are: `framebus/quarantine` in the user's directory for state."""
    return state.folder() / "quarantine"


def keep(frame: Frame, name: str) -> Path | None:
    """Write the pixels as `NAME-STREAM-RUN-SEQ.npy` (`numpy.load` reads it); None where there is no room for that.

    What came encoded is written as it came, as `….jpeg`: decoding it may be what killed its workers.
    """
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", f"{name}-{frame.stream or 'frame'}-{frame.run:016x}-{frame.seq}")[-150:]
    try:
        place = folder()
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        _make_room(place)
        content = frame.content
        if isinstance(content, np.ndarray):
            path = place / f"{stem.lstrip('.-')}.npy"
            np.save(path, content, allow_pickle=False)
        else:
            path = place / f"{stem.lstrip('.-')}.{content.encoding}"
            path.write_bytes(content.data)
    except (OSError, ValueError):  # the frame is given up either way
        return None
    return path


def _make_room(place: Path) -> None:
    kept = sorted(place.iterdir(), key=lambda path: path.stat().st_mtime)
    for path in kept[: max(0, len(kept) - MAX_KEPT + 1)]:
        path.unlink(missing_ok=True)
