"""`window:` – the newest frame of every stream in a window on this machine's screen, through pygame-ce."""

from __future__ import annotations

import os
from typing import Any

from framebus.core import clock
from framebus.core.addresses import Here
from framebus.core.contracts import Done, Item
from framebus.core.errors import BadFrame, Closed, Unavailable
from framebus.core.frame import Frame, Packet
from framebus.core.statistics import Stats
from framebus.sinks.window.tiles import Box, fitted, tiles
from framebus.sinks.window.viewable import Contrast, viewable

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")

import pygame

_BACKGROUND = (18, 18, 20)
_OF_SCREEN = 0.8
_TITLE_EVERY_NS = 250_000_000


def open_sink(address: Here) -> Window:
    """The sink at `window:`; see `Window`."""
    return Window()


class Window:
    """Shows frames as they come; one picture fills the window, several streams share it.

    The title tells the stream, its rate and the age of the newest frame. Resizable, nothing is distorted; more than
    8 bits are stretched to what the screen can show. `q`, Esc or closing the window end it: `write` raises `Closed`.

    Belongs to the thread that made it, which has to be the main one on some systems; events are handled during
    `write`. Raises `Unavailable` where there is no screen.
    """

    keep: str | None = "latest"
    group: str | None = None

    def __init__(self) -> None:
        _start()
        self._window: Any = None
        self._closed = False
        self._pictures: dict[str, Any] = {}
        self._contrasts: dict[str, Contrast] = {}
        self._stats = Stats()
        self._titled_ns = 0

    def write(self, item: Item, done: Done) -> None:
        """Show one frame; it is done when it is on the screen. Raises `Closed` once the window was closed."""
        if self._closed:
            raise Closed("the window was closed: open it again to see more")
        if isinstance(item, Packet):
            raise BadFrame("coded packets are no pictures: put the op decode before it")
        self._take(item)
        self._draw()
        self._entitle(item)
        done()
        if self._asked_to_end():
            self.close()
            raise Closed("the window was closed")

    def close(self) -> None:
        """Close the window; idempotent."""
        if self._closed:
            return
        self._closed = True
        if self._window is not None:
            self._window.destroy()
        pygame.display.quit()

    def _take(self, frame: Frame) -> None:
        contrast = self._contrasts.setdefault(frame.stream, Contrast())
        rgb = viewable(frame, contrast)
        height, width = rgb.shape[:2]
        self._pictures[frame.stream] = pygame.image.frombuffer(rgb.tobytes(), (width, height), "RGB")
        self._stats.count(frame)
        if self._window is None:
            self._window = pygame.Window("framebus", _first_size(width, height), resizable=True)

    def _draw(self) -> None:
        screen = self._window.get_surface()
        screen.fill(_BACKGROUND)
        width, height = screen.get_size()
        aspect = max(picture.get_width() / picture.get_height() for picture in self._pictures.values())
        for picture, box in zip(
            self._pictures.values(), tiles(len(self._pictures), width, height, aspect), strict=True
        ):
            place = fitted(picture.get_width(), picture.get_height(), box)
            screen.blit(_scaled(picture, place), (place.x, place.y))
        self._window.flip()

    def _entitle(self, frame: Frame) -> None:
        now_ns = clock.mono_ns()
        if now_ns - self._titled_ns < _TITLE_EVERY_NS:
            return
        self._titled_ns = now_ns
        what = frame.stream if len(self._pictures) == 1 else f"{len(self._pictures)} streams"
        missed = f" · {self._stats.missed} missed" if self._stats.missed else ""
        self._window.title = f"{what} · {self._stats.rate:.1f} frames/s · {_age(self._stats.age_s)}{missed}"

    def _asked_to_end(self) -> bool:
        return any(
            event.type in (pygame.QUIT, pygame.WINDOWCLOSE)
            or (event.type == pygame.KEYDOWN and event.key in (pygame.K_q, pygame.K_ESCAPE))
            for event in pygame.event.get()
        )


def _start() -> None:
    try:
        pygame.display.init()
    except pygame.error as error:
        raise Unavailable(f"window: cannot open: {error}") from error
    # Without a screen SDL draws where nobody sees it; whoever wants that says so.
    if pygame.display.get_driver() == "offscreen" and "SDL_VIDEODRIVER" not in os.environ:
        pygame.display.quit()
        raise Unavailable(
            "window: there is no screen here (neither DISPLAY nor WAYLAND_DISPLAY is set): run it where there is one, "
            "or send the frames there with a tcp:// address"
        )


def _first_size(width: int, height: int) -> tuple[int, int]:
    """The picture's own size, unless the screen is too small for it."""
    sizes = pygame.display.get_desktop_sizes()
    room = Box(0, 0, int(sizes[0][0] * _OF_SCREEN), int(sizes[0][1] * _OF_SCREEN))
    if width <= room.width and height <= room.height:
        return max(width, 160), max(height, 120)
    box = fitted(width, height, room)
    return box.width, box.height


def _scaled(picture: Any, place: Box) -> Any:
    size = place.width, place.height
    if size == picture.get_size():
        return picture
    # Enlarged pixels stay square: people look at them to see pixels.
    larger = place.width > picture.get_width()
    return pygame.transform.scale(picture, size) if larger else pygame.transform.smoothscale(picture, size)


def _age(age_s: float | None) -> str:
    if age_s is None:
        return "age unknown"
    return f"{age_s * 1000:.0f} ms old" if age_s < 10 else f"{age_s:.0f} s old"
