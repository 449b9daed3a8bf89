"""Pictures become JPEG while somebody watches, once for all who see them alike, in threads beside the loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from typing import NamedTuple

from framebus.core.errors import Error
from framebus.core.frame import Frame
from framebus.web.facts import captured_ms, described
from framebus.web.page_messages import JPEG, Look, Picture
from framebus.web.pixels import factor_for, rendered
from framebus.web.shown import Shown
from framebus.web.sights import Sight


class Print(NamedTuple):
    """What makes two pictures of one stream alike."""

    stream: str
    factor: int
    look: Look


class Darkroom:
    """Used in the loop. `sights(stream)` are those that want pictures of it."""

    def __init__(self, executor: Executor, sights: Callable[[str], list[Sight]]) -> None:
        self.made = 0
        """Pictures encoded so far."""
        self._executor = executor
        self._sights = sights
        self._busy: set[Print] = set()

    def develop(self, shown: Shown) -> None:
        """Make what is wanted of the newest picture and not being made; who is not ready gets a later one."""
        frame = shown.picture
        if frame is None:
            return
        for print, sights in self._wanted(shown, frame).items():
            due = any(sight.had is not frame and sight.lane.hungry for sight in sights)
            if due and print not in self._busy:
                self._busy.add(print)
                loop = asyncio.get_running_loop()
                work = loop.run_in_executor(self._executor, _developed, shown, frame, print)
                work.add_done_callback(lambda work, print=print: self._done(shown, frame, print, work))  # type: ignore[misc]

    def _wanted(self, shown: Shown, frame: Frame) -> dict[Print, list[Sight]]:
        wanted: dict[Print, list[Sight]] = {}
        for sight in self._sights(shown.name):
            look = sight.watch.look
            width = look.area[2] if look.area else _width(frame)
            wanted.setdefault(Print(shown.name, factor_for(width, sight.watch.width), look), []).append(sight)
        return wanted

    def _done(self, shown: Shown, frame: Frame, print: Print, work: asyncio.Future[Picture]) -> None:
        self._busy.discard(print)
        if work.cancelled():
            return
        error = work.exception()
        sights = [sight for sight in self._wanted(shown, frame).get(print, ()) if sight.had is not frame]
        for sight in sights:
            sight.had = frame
        if error is None:
            shown.trouble = ""
            self.made += 1
            _hand_out(work.result(), sights)
        elif isinstance(error, Error):
            shown.trouble = str(error)
        else:
            raise error
        self.develop(shown)


def _hand_out(picture: Picture, sights: list[Sight]) -> None:
    for sight in sights:
        sight.lane.offer(picture)
        sight.wake()


def _developed(shown: Shown, frame: Frame, print: Print) -> Picture:
    """In a thread."""
    rendering = rendered(frame, print.factor, print.look, shown.levels)
    area = print.look.area or (0, 0, _width(frame), _height(frame))
    meta = described(frame, area=area, low=rendering.low, high=rendering.high)
    return Picture(kind=JPEG, data=rendering.data, captured_ms=captured_ms(frame), meta=meta)


def _width(frame: Frame) -> int:
    return frame.shape[1] if len(frame.shape) > 1 else 1


def _height(frame: Frame) -> int:
    return frame.shape[0] * 2 // 3 if frame.format == "i420" else frame.shape[0]
