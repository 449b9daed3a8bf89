"""A job by libvips, as its users do it."""

from __future__ import annotations

from pathlib import Path

import pyvips

from benchmarks.folders.jobs import HALF, QUALITY, Job


def with_vips(job: Job, source: Path, target: Path) -> None:
    """Read, as small as may be, work, write."""
    made = pyvips.Image.thumbnail(str(source), job.size[0], height=job.size[1], size="force")
    if job.marked:
        made = (made.colourspace("b-w") > HALF).fliphor()
    made.jpegsave(str(target), Q=QUALITY)
