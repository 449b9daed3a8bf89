"""A job by OpenCV, with its own codec or with the fastest that there is for Python."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from benchmarks.folders.jobs import HALF, LARGE, QUALITY, Job

Array = npt.NDArray[Any]


def with_opencv(job: Job, source: Path, target: Path) -> None:
    """Read, work, write, by OpenCV alone."""
    cv2.imwrite(str(target), _made(job, cv2.imread(str(source))), [cv2.IMWRITE_JPEG_QUALITY, QUALITY])


def with_simplejpeg(job: Job, source: Path, target: Path) -> None:
    """Read and write by simplejpeg, OpenCV between."""
    import simplejpeg

    image = _made(job, simplejpeg.decode_jpeg(source.read_bytes(), colorspace="BGR"))
    gray = image.ndim == 2
    target.write_bytes(
        simplejpeg.encode_jpeg(
            np.ascontiguousarray(image[..., np.newaxis] if gray else image),
            quality=QUALITY,
            colorspace="GRAY" if gray else "BGR",
            colorsubsampling="Gray" if gray else "420",
        )
    )


def _made(job: Job, image: Any) -> Any:
    """What the job makes of a BGR picture."""
    shrinks = max(image.shape[1] / job.size[0], image.shape[0] / job.size[1]) > LARGE
    made = cv2.resize(image, job.size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    return _marked(made) if job.marked else made


def _marked(image: Array) -> Array:
    gray = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    return cv2.flip(cv2.threshold(gray, HALF, 255, cv2.THRESH_BINARY)[1], 1)
