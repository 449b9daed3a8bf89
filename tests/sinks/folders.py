"""Writing into image folders, and looking at what is there."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from PIL import Image

from framebus.core.frame import Frame
from framebus.sinks.folder.images import INDEX, Images


def write(place: Path | str, items: Iterable[Frame], **options: Any) -> int:
    """Write frames and close; how many were done."""
    sink, done = Images(str(place), **options), list[int]()
    try:
        for item in items:
            sink.write(item, lambda: done.append(1))
    finally:
        sink.close()
    return len(done)


def images(folder: Path) -> list[str]:
    """All files but the index."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file() and path.name != INDEX)


def pixels(path: Path) -> Any:
    return tifffile.imread(path) if path.suffix == ".tif" else np.asarray(Image.open(path))
