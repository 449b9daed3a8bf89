"""PNG, GIF, BMP, WebP and the JPEGs made for printing, by Pillow, whose own guesses and warnings are not asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from framebus.batch.reading.image_headers import check_pixels
from framebus.batch.reading.orientation import UPRIGHT, upright

Array = npt.NDArray[Any]

_OPENED: dict[str, Callable[[BytesIO], ImageFile]] = {
    "png": PngImageFile,
    "gif": GifImageFile,
    "bmp": BmpImageFile,
    "webp": WebPImageFile,
    "jpeg": JpegImageFile,
}
_ORIENTATION = 0x0112
_AS_IT_IS = {"L": "gray8", "RGB": "rgb24", "RGBA": None, "I;16": "gray16", "I": None, "F": None}
_BECOMES = dict.fromkeys(("RGBX", "CMYK", "YCbCr", "LAB", "HSV"), "RGB")
_BECOMES |= dict.fromkeys(("LA", "La", "RGBa", "PA"), "RGBA")
_BECOMES |= {"1": "L", "I;16B": "I;16", "I;16L": "I;16"}


def read(data: bytes, kind: str, max_pixels: int) -> Iterator[tuple[Array, str | None, bool]]:
    """Every picture in it: upright pixels, their format (None: to be guessed), and whether it is one of several.

    Raises whatever Pillow does for damaged files, and `BadFrame` for too many pixels.
    """
    with _OPENED[kind](BytesIO(data)) as image:
        pages = getattr(image, "n_frames", 1)
        for page in range(pages):
            if pages > 1:
                image.seek(page)
            check_pixels(*image.size, max_pixels)
            turned = _turned(image)
            array, format = _array(image)
            yield upright(array, turned), format, pages > 1


def _turned(image: ImageFile) -> int:
    value = image.getexif().get(_ORIENTATION, UPRIGHT)
    return value if isinstance(value, int) else UPRIGHT


def _array(image: Image.Image) -> tuple[Array, str | None]:
    mode = image.mode
    if mode == "P":
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    elif mode in _BECOMES:
        image = image.convert(_BECOMES[mode])
    if image.mode not in _AS_IT_IS:
        raise ValueError(f"pictures of mode {mode} are not supported: save it as RGB")
    return np.array(image), _AS_IT_IS[image.mode]
