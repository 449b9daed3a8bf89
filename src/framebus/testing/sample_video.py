"""A small real video, made on the spot: H.264 of the synthetic pictures, their numbers readable in the pixels."""

from __future__ import annotations

import os
from fractions import Fraction
from typing import Any

from framebus.core.errors import Unavailable
from framebus.sources.synthetic.synthetic import Synthetic


def clip(
    path: str | os.PathLike[str],
    frames: int = 60,
    size: str = "320x240",
    *,
    fps: int = 30,
    pattern: str = "balls",
) -> str:
    """Write a video of `frames` pictures to `path` (`.mp4`, `.mkv`, …) and return the path.

    Picture k carries the number k: `framebus.sources.stamp.read(frame.image)` gives it back, with the time the
    picture was made. Sides are even. Needs the extra `video`; raises `Unavailable` without it.
    """
    try:
        import av
    except ImportError as error:
        raise Unavailable("making a video needs the package av: pip install 'framebus[video]'") from error
    path = os.fspath(path)
    maker = Synthetic(size=size, fps=0, frames=frames, pattern=pattern)
    with av.open(path, "w") as container:
        stream: Any = container.add_stream("libx264", rate=Fraction(fps))
        stream.width, stream.height = (int(side) for side in size.lower().split("x"))
        stream.pix_fmt = "yuv420p"
        stream.options = {"crf": "23", "preset": "veryfast"}
        for frame in maker:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame.bgr, format="bgr24")))
        container.mux(stream.encode())
    return path
