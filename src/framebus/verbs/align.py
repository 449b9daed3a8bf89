"""`fb.align`: frames of several cameras that were captured together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

from framebus.core import units
from framebus.core.errors import OptionError
from framebus.core.frame import Frame
from framebus.record.aligning import aligned
from framebus.verbs.open import Place, open


def align(*sources: Place, within: float | str, **options: Any) -> Iterator[dict[str, Frame]]:
    """Sets of frames of `sources`, live or recorded, captured within `within` of the earliest in the set.

        for frames in fb.align("shm://left", "shm://right", within="5ms"):
            if len(frames) == 2:                      # else one camera had nothing at that time
                match(frames["left"].image, frames["right"].image)

    A set is a dict by the names of the streams; it lacks those that had no frame then. The sets come in the order of
    time and every frame is in one. `options` are those of `open`, for all sources; every frame is read (`keep="all"`)
    unless they say otherwise. Ends when all sources have. Raises `OptionError` for less than two sources, and what
    `open` and reading raise.
    """
    if len(sources) < 2:
        raise OptionError("align joins several cameras: align('shm://left', 'shm://right', within='5ms')")
    return _sets(sources, units.duration(within), {"keep": "all", **options})


def _sets(sources: tuple[Place, ...], within_s: float, options: dict[str, Any]) -> Iterator[dict[str, Frame]]:
    with ExitStack() as opened:
        yield from aligned([opened.enter_context(open(source, **options)) for source in sources], within_s)
