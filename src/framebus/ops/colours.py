"""Colours: adjusted, converted, given to pictures that have none."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from framebus.core.errors import BadFrame
from framebus.core.formats import convert as converted
from framebus.core.formats import guess_format
from framebus.core.frame import Frame
from framebus.ops.arguments import number, one_of, whole
from framebus.ops.dtypes import full_scale
from framebus.ops.grays import GrayOp
from framebus.ops.levels import Normalise
from framebus.ops.opencv import check_type, plain
from framebus.ops.picture import PictureOp, function, pixels

Array = npt.NDArray[Any]

_ADJUSTABLE = ("uint8", "uint16", "float32", "float64")
_LUMA = np.array([[0.114, 0.587, 0.299]] * 3)
_MAPS = {
    name.removeprefix("COLORMAP_").lower(): getattr(cv2, name) for name in dir(cv2) if name.startswith("COLORMAP_")
}
_FORMATS = ("bgr24", "rgb24", "gray8", "gray16", "i420")


class Colour(PictureOp):
    """Brighter, darker, more or less colourful; the same type, cut off at black and white (1.0 for real numbers).

    brightness  added to all, as a share of white: 0.1 is a little brighter, -0.5 much darker
    contrast    factor for the distance from middle gray
    saturation  factor for the distance from gray: 0 takes all colour away
    gamma       above 1 makes shadows lighter, below 1 darker
    """

    example = "colour=contrast=1.2,saturation=0.5"

    def __init__(self, *, brightness: float = 0, contrast: float = 1, saturation: float = 1, gamma: float = 1) -> None:
        self._brightness = number("brightness", brightness, -1, 1)
        self._contrast = number("contrast", contrast, 0, 100)
        self._saturation = number("saturation", saturation, 0, 100)
        self._gamma = number("gamma", gamma, 0.01, 100)

    def apply(self, image: Array) -> Array:
        """The picture with other colours; a second or fourth channel, which says how transparent it is, stays."""
        check_type("colour", image, _ADJUSTABLE)
        if image.ndim == 2:
            return self._toned(image)
        if image.shape[2] in (2, 4):
            return np.concatenate((self._adjusted(image[..., :-1]), image[..., -1:]), axis=2)
        return self._adjusted(image)

    def _adjusted(self, image: Array) -> Array:
        if self._saturation != 1 and image.shape[2] == 3:
            matrix = self._saturation * np.eye(3) + (1 - self._saturation) * _LUMA
            image = cv2.transform(plain(image), matrix)
        return self._toned(image)

    def _toned(self, image: Array) -> Array:
        if (self._brightness, self._contrast, self._gamma) == (0, 1, 1):
            return image
        if image.dtype.kind == "f":
            return self._curve(image).astype(image.dtype)
        white = full_scale(image.dtype)
        table = np.rint(self._curve(np.arange(int(white) + 1) / white) * white).astype(image.dtype)
        return np.asarray(cv2.LUT(plain(image), table)).reshape(image.shape) if table.size == 256 else table[image]

    def _curve(self, shares: Array) -> Array:
        """What shares of white become."""
        lit = np.clip(shares, 0, 1) ** (1 / self._gamma)
        return np.clip((lit - 0.5) * self._contrast + 0.5 + self._brightness, 0, 1)


class Colourmap(GrayOp):
    """Colours for brightness: uint8 BGR of a gray picture. What is not uint8 is stretched from least to greatest first.

    map  `viridis`, `inferno`, `turbo`, `jet`, `hot`, `bone` and all others that OpenCV has
    """

    example = "colourmap=inferno"

    def __init__(self, map: str = "viridis") -> None:
        self._map = _MAPS[one_of("map", map, _MAPS)]
        self._normalise = Normalise()

    def apply(self, image: Array) -> Array:
        """The picture in colour."""
        narrow = image if image.dtype == np.uint8 else self._normalise.apply(image)
        coloured: Array = cv2.applyColorMap(narrow, self._map)
        return coloured


class Equalise(PictureOp):
    """More contrast where there is little: each brightness about as often as any other. Colours keep their hue.

    method  `global` looks at the picture as a whole (uint8), `local` at each part of it (CLAHE; uint16 in gray, too)
    limit   how much contrast may grow, for `local`
    tiles   parts in a row and in a column, for `local`
    """

    example = "equalise=local"

    def __init__(self, method: str = "global", *, limit: float = 2, tiles: int = 8) -> None:
        self._local = one_of("method", method, ("global", "local")) == "local"
        self._limit = number("limit", limit, 0.1, 100)
        self._tiles = whole("tiles", tiles, 1, 64)

    def apply(self, image: Array) -> Array:
        """The picture with more contrast, of the same type; raises `BadFrame` for 2 and more than 3 channels."""
        gray = image.ndim == 2 or image.shape[2] == 1
        check_type("equalise", image, ("uint8", "uint16") if gray and self._local else ("uint8",))
        if gray:
            return self._spread(plain(image.reshape(image.shape[:2]))).reshape(image.shape)
        if image.shape[2] != 3:
            raise BadFrame(f"equalise works on gray and on 3 channels, not on {image.shape[2]}")
        luma, red, blue = cv2.split(cv2.cvtColor(plain(image), cv2.COLOR_BGR2YCrCb))
        spread: Array = cv2.cvtColor(cv2.merge((self._spread(luma), red, blue)), cv2.COLOR_YCrCb2BGR)
        return spread

    def _spread(self, gray: Array) -> Array:
        if self._local:
            return np.asarray(cv2.createCLAHE(self._limit, (self._tiles, self._tiles)).apply(gray))
        return np.asarray(cv2.equalizeHist(gray))


class Convert(PictureOp):
    """Another pixel format, as it travels and as functions after it see it.

    format  `bgr24`, `rgb24`, `gray8`, `gray16` or `i420`
    """

    example = "convert=rgb24"

    def __init__(self, format: str) -> None:
        self._to = one_of("format", format, _FORMATS)

    def one(self, frame: Any) -> Any:
        """The picture in the format; an array counts as BGR or gray. Raises `BadFrame` for what does not convert."""
        if not isinstance(frame, Frame):
            return self.apply(pixels(frame, self.name()))
        wanted = "rgb24" if self._to == "rgb24" else ""
        if frame.format == self._to:
            return frame.replace(wanted=wanted, _image=None)
        image = converted(frame.data, frame.format, self._to)
        return frame.replace(content=image, format=self._to, wanted=wanted, _data=None, _image=None)

    def apply(self, image: Array) -> Array:
        """The array in the format."""
        return converted(image, guess_format(image.shape, image.dtype), self._to)


colour = function(Colour)
colourmap = function(Colourmap)
equalise = function(Equalise)
convert = function(Convert)
