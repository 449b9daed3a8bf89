"""`synthetic:` – moving pictures made on the spot, each with its number and capture time in its pixels.

`stamp.read(image)` gives both back at the far end, so order, loss and latency can be proven there. `synthetic:NAME`
names the stream, and shows the pattern of that name where there is one.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from framebus.core import clock
from framebus.core.addresses import Here
from framebus.core.errors import OptionError
from framebus.core.frame import Frame
from framebus.core.options import check, nearest
from framebus.core.units import size as parse_size
from framebus.sources import stamp
from framebus.sources.pace import Pace, parse_fps
from framebus.sources.scenes import SCENES, Scene
from framebus.sources.synthetic import digits

_DTYPES: dict[str, tuple[type[np.generic], int]] = {"bgr24": (np.uint8, 3), "gray16": (np.uint16, 1)}
_UNPACED_FPS = 30.0
_DEFAULT = "balls"
_MIN_SCENE = 8


def open_source(
    address: Here,
    *,
    size: str = "640x480",
    fps: float | str = 30,
    frames: int | str | None = None,
    pattern: str | None = None,
) -> Synthetic:
    """The test picture at `synthetic:` or `synthetic:NAME`; see `Synthetic`. Raises `OptionError`."""
    if pattern is None:
        pattern = address.value if address.value in SCENES else _DEFAULT
    return Synthetic(address.value or "synthetic", size=size, fps=fps, frames=frames, pattern=pattern)


class Synthetic:
    """A maker of moving pictures.

    size     `"WIDTHxHEIGHT"` in pixels, at least 40 wide
    fps      frames per second; 0 is as fast as they are taken
    frames   how many; with a number the source is finite and every frame is wanted, else it is live and endless
    pattern  `balls`, `aurora`, `radar`, `bars`, `stars` (`bgr24`), or `cells` (`gray16`)

    The picture depends on the frame's number alone, not on when it is made. Raises `OptionError`.
    """

    def __init__(
        self,
        name: str = "synthetic",
        *,
        size: str = "640x480",
        fps: float | str = 30,
        frames: int | str | None = None,
        pattern: str = _DEFAULT,
    ) -> None:
        if pattern not in SCENES:
            raise OptionError(f"pattern {pattern!r} does not exist: {nearest(pattern, SCENES)}")
        self.name = name
        self.live = frames is None
        self.run = secrets.randbits(64) or 1
        self._width, self._height = _checked(parse_size(size))
        self._fps = parse_fps(fps)
        self._count: int | None = check("frames", frames)
        self._strip = stamp.height_of(self._width)
        self._scene: Scene = SCENES[pattern](self._width, self._height - self._strip)
        self._pace = Pace(self._fps)

    def __iter__(self) -> Iterator[Frame]:
        """Frames 0, 1, 2 … until `frames` are made or the maker is closed."""
        seq = 0
        while (self._count is None or seq < self._count) and self._pace.wait():
            yield self.frame(seq)
            seq += 1

    def frame(self, seq: int) -> Frame:
        """Frame number `seq`, captured now."""
        image = self._canvas()
        self._scene.draw(image[self._strip :], seq / (self._fps or _UNPACED_FPS))
        captured_ns, captured_mono_ns = clock.utc_ns(), clock.mono_ns()
        stamp.write(image, seq, captured_ns, self._scene.white)
        self._write(image, seq, captured_ns)
        return Frame(
            content=image,
            stream=self.name,
            run=self.run,
            seq=seq,
            captured_ns=captured_ns,
            captured_mono_ns=captured_mono_ns,
            clock=clock.boot_id(),
            format=self._scene.format,
        )

    def close(self) -> None:
        """End the iteration, also from another thread; idempotent."""
        self._pace.stop()

    def _canvas(self) -> npt.NDArray[Any]:
        dtype, channels = _DTYPES[self._scene.format]
        shape = (self._height, self._width)
        return np.empty(shape if channels == 1 else (*shape, channels), dtype)

    def _write(self, image: npt.NDArray[Any], seq: int, captured_ns: int) -> None:
        """Number and local time for people, below the stamp."""
        seconds, rest_ns = divmod(captured_ns, 10**9)
        text = f"{seq:08d}  {time.strftime('%H:%M:%S', time.localtime(seconds))}.{rest_ns // 10**6:03d}"
        scale = max(1, self._width // 480)
        digits.draw(image, text, 4 * scale, self._strip + 3 * scale, scale, self._scene.white)


def _checked(size: tuple[int, int]) -> tuple[int, int]:
    width, height = size
    least = stamp.height_of(max(width, stamp.MIN_WIDTH)) + _MIN_SCENE
    if width < stamp.MIN_WIDTH or height < least:
        raise OptionError(
            f"size={width}x{height} is too small for a picture with its number in the pixels: "
            f"give at least {max(width, stamp.MIN_WIDTH)}x{least}"
        )
    return size
