"""Where inputs and outputs are while something is measured, and inputs that are small."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_SMALL = (32, 24)


@contextmanager
def in_memory() -> Iterator[Path]:
    """An empty folder, in memory where the system has such a place."""
    shared = Path("/dev/shm")  # noqa: S108  (a folder of our own is made in it)
    root = Path(tempfile.mkdtemp(prefix="framebus-bench-", dir=shared if shared.is_dir() else None))
    try:
        yield root
    finally:
        shutil.rmtree(root, ignore_errors=True)


def fill_small(folder: Path, count: int) -> None:
    """So many small pictures: one, by many names."""
    import cv2
    import numpy as np

    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    one = folder / "0.png"
    cv2.imwrite(str(one), np.zeros(_SMALL, np.uint8))
    for index in range(1, count):
        os.link(one, folder / f"{index}.png")
