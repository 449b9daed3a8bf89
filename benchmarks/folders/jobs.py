"""What is done to every photograph, in the words of each library; all of them make the same picture."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

QUALITY = 95
LARGE = 2.0
"""Where a side shrinks by more than this, bilinear leaves out pixels, so area is taken."""


class Job(NamedTuple):
    """One thing to do."""

    ops: tuple[str, ...]
    """As framebus has it."""
    size: tuple[int, int]
    """Width and height of the result."""
    more: Callable[[Array], Array]
    """What comes after the resize, by OpenCV, on a BGR picture."""


def _nothing(image: Array) -> Array:
    return image


def _marked(image: Array) -> Array:
    gray = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    return cv2.flip(cv2.threshold(gray, 127, 255, cv2.THRESH_BINARY)[1], 1)


JOBS = {
    "resize": Job(("resize=512x512",), (512, 512), _nothing),
    "four steps": Job(("resize=512x512", "gray", "threshold=127", "flip=horizontal"), (512, 512), _marked),
    "thumbnails": Job(("resize=256x192",), (256, 192), _nothing),
}


def by_opencv(job: Job, image: Array) -> Array:
    """What the job makes of a BGR picture."""
    shrinks = max(image.shape[1] / job.size[0], image.shape[0] / job.size[1]) > LARGE
    return job.more(cv2.resize(image, job.size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR))


def with_opencv(job: Job, source: Path, target: Path) -> None:
    """Read, work, write, by OpenCV alone."""
    cv2.imwrite(str(target), by_opencv(job, cv2.imread(str(source))), [cv2.IMWRITE_JPEG_QUALITY, QUALITY])


def with_simplejpeg(job: Job, source: Path, target: Path) -> None:
    """The fastest codec there is for Python, OpenCV between."""
    import simplejpeg

    image = by_opencv(job, simplejpeg.decode_jpeg(source.read_bytes(), colorspace="BGR"))
    gray = image.ndim == 2
    target.write_bytes(
        simplejpeg.encode_jpeg(
            np.ascontiguousarray(image[..., np.newaxis] if gray else image),
            quality=QUALITY,
            colorspace="GRAY" if gray else "BGR",
            colorsubsampling="Gray" if gray else "420",
        )
    )


def with_pillow(job: Job, source: Path, target: Path) -> None:
    """Pillow, or pillow-simd where that is installed in its place; only resizes."""
    from PIL import Image

    with Image.open(source) as image:
        image.draft("RGB", job.size)
        made = image.resize(job.size, Image.Resampling.BILINEAR)
    if job.more is _marked:
        made = made.convert("L").point([255 * (value > 127) for value in range(256)])
        made = made.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    made.save(target, quality=QUALITY, subsampling="4:2:0")


def with_vips(job: Job, source: Path, target: Path) -> None:
    """libvips, as its users do it."""
    import pyvips

    made = pyvips.Image.thumbnail(str(source), job.size[0], height=job.size[1], size="force")
    if job.more is _marked:
        made = (made.colourspace("b-w") > 127).fliphor()
    made.jpegsave(str(target), Q=QUALITY)
