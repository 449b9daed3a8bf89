"""Things to read, made for a test: a video, a folder of photographs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt


def picture(number: int, width: int = 160, height: int = 120) -> npt.NDArray[np.uint8]:
    """A colour picture `(height, width, 3)`, different for each `number`."""
    rows, columns = np.mgrid[:height, :width]
    planes = (rows + 5 * number, columns + 3 * number, rows + columns + number)
    return np.stack([plane % 256 for plane in planes], axis=2).astype(np.uint8)


def make_clip(path: Path, frames: int = 30, rate: int = 30) -> Path:
    """A video of `frames` pictures."""
    import av

    with av.open(str(path), "w") as file:
        stream = file.add_stream("mpeg4", rate=rate)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        for number in range(frames):
            file.mux(stream.encode(av.VideoFrame.from_ndarray(picture(number), format="bgr24")))
        file.mux(stream.encode())
    return path


def make_photos(folder: Path, count: int = 5) -> Path:
    """A folder of `count` PNG files."""
    from PIL import Image

    folder.mkdir()
    for number in range(count):
        Image.fromarray(picture(number)[:, :, ::-1]).save(folder / f"photo-{number}.png")
    return folder
