"""A job by Pillow."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from benchmarks.folders.jobs import HALF, QUALITY, Job


def with_pillow(job: Job, source: Path, target: Path) -> None:
    """Read, as small as may be, work, write."""
    with Image.open(source) as image:
        image.draft("RGB", job.size)
        made = image.resize(job.size, Image.Resampling.BILINEAR)
    if job.marked:
        made = made.convert("L").point([255 * (value > HALF) for value in range(256)])
        made = made.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    made.save(target, quality=QUALITY, subsampling="4:2:0")
