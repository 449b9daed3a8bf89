"""What is done to every photograph; all ways make the same picture."""

from __future__ import annotations

from typing import NamedTuple

QUALITY = 95
LARGE = 2.0
"""Where a side shrinks by more than this, bilinear leaves out pixels, so area is taken."""
HALF = 127
"""What is brighter becomes white, all else black, where it is marked."""


class Job(NamedTuple):
    """One thing to do."""

    ops: tuple[str, ...]
    """As framebus has it."""
    size: tuple[int, int]
    """Width and height of the result."""
    marked: bool = False
    """Gray, black or white, and mirrored after the resize."""


JOBS = {
    "resize": Job(("resize=512x512",), (512, 512)),
    "four steps": Job(("resize=512x512", "gray", f"threshold={HALF}", "flip=horizontal"), (512, 512), marked=True),
    "thumbnails": Job(("resize=256x192",), (256, 192)),
}
