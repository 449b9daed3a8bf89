"""`screen:` – what is on this desktop, or a part of it, through mss."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from framebus.core.addresses import Here
from framebus.core.areas import Area, area
from framebus.core.errors import Unavailable
from framebus.core.frame import Frame
from framebus.core.options import check
from framebus.sources.cameras.camera_feed import Feed, arrived_now
from framebus.sources.cameras.from_options import name_here, open_camera, seconds
from framebus.sources.cameras.keeper import Camera
from framebus.sources.cameras.pumped import PumpedFeed
from framebus.sources.pace import Pace

USUAL_FPS = 30.0


def open_source(
    address: Here,
    *,
    fps: float | str | None = None,
    deadline: float | str | None = None,
    crop: str | None = None,
    turn: int | str | None = None,
    resize: str | None = None,
) -> Camera:
    """The whole desktop (`screen:`) or one of its screens (`screen:1`); `crop` is a part of that.

    Raises `OptionError`, and `Unavailable` where mss is missing.
    """
    try:
        import mss  # noqa: F401  (whether it can be imported is the question)
    except ImportError as error:
        raise Unavailable("screen: needs the package mss: pip install 'framebus[screen]'") from error
    number = int(address.value or 0)
    connect_ = partial(
        connect,
        number,
        fps=USUAL_FPS if fps is None else check("fps", fps),
        part=None if crop is None else area(check("crop", crop)),
        deadline_s=seconds(deadline),
    )
    name = name_here(f"screen{address.value}")
    return open_camera(name, str(address), connect_, coded=False, turn=turn, resize=resize)


def connect(number: int, *, fps: float, part: Area | None, deadline_s: float) -> Feed:
    """A feed of screen `number`, 0 for all of them as one."""
    pace = Pace(fps)
    return PumpedFeed(_frames(number, pace, part), lambda: None, deadline_s=deadline_s, name=f"screen:{number or ''}")


def _frames(number: int, pace: Pace, part: Area | None) -> Iterator[Frame]:
    import mss.exception

    try:
        with _desktop() as desktop:
            region = _region(desktop.monitors, number, part)
            while pace.wait():
                times = arrived_now()
                yield Frame(content=_pixels(desktop.grab(region)), format="bgr24", **times)
    except mss.exception.ScreenShotError as error:
        raise Unavailable(
            f"screen:{number or ''} cannot be seen ({error}): is there a desktop, and DISPLAY set?"
        ) from None


def _desktop() -> Any:
    """What looks at the screens; used in the thread that made it."""
    import mss

    return mss.MSS() if hasattr(mss, "MSS") else mss.mss()  # before 10.2 it had the old name alone


def _region(screens: list[dict[str, int]], number: int, part: Area | None) -> dict[str, int]:
    if number >= len(screens):
        raise Unavailable(f"screen:{number} is not there: there are {len(screens) - 1}, counted from 1")
    screen = screens[number]
    if part is None:
        return screen
    place = part.within(screen["width"], screen["height"])
    if place is None:
        raise Unavailable(f"crop={part} is not within screen:{number or ''} of {screen['width']}x{screen['height']}")
    left, top = place
    return {"left": screen["left"] + left, "top": screen["top"] + top, "width": part.width, "height": part.height}


def _pixels(shot: Any) -> np.ndarray[Any, Any]:
    """Blue, green and red of each pixel; the fourth byte is not in use."""
    return np.frombuffer(shot.raw, np.uint8).reshape(shot.height, shot.width, 4)[:, :, :3].copy()
