"""What a pipe does to frames on their way: services asked, then ops, here or in workers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from framebus.core.errors import OptionError
from framebus.core.frame import Frame
from framebus.core.ops import Function
from framebus.work.asking import Asking
from framebus.work.map import maker
from framebus.work.row import Row
from framebus.work.stage import Stage
from framebus.work.through_workers import window

WORKING = frozenset({"batch", "gather", "on_error", "ops", "work_timeout", "workers"})
"""Options that concern what is done to frames on their way."""


def worker(options: Mapping[str, Any]) -> Callable[[], Stage]:
    """What makes the stage that checked `options` ask for; what can be wrong with it is raised now."""
    ops: Sequence[str | Function] = (*_conversion(options.get("format")), *options.get("ops", ()))
    services: Mapping[str, Any] = options.get("gather") or {}
    limit_s = options.get("work_timeout")
    workers = options.get("workers", 0)
    if workers and not ops:
        raise OptionError("workers have nothing to do without ops: name one, or leave workers out")
    timed = limit_s if workers or not services else None
    working = maker(ops, workers, batch=options.get("batch", 1), limit_s=timed)
    if not services:
        return working
    asking = partial(Asking, services, limit_s)
    return lambda: _row(asking, working) if ops else asking()


def inside(options: Mapping[str, Any]) -> int:
    """How many frames workers have at once, or wait for in order."""
    return window(options.get("workers", 0)) * int(options.get("batch", 1))


def elsewhere(options: Mapping[str, Any]) -> bool:
    """Whether frames are worked on by others, who may take a while to be there."""
    return bool(options.get("workers") or options.get("gather"))


def _row(first: Callable[[], Stage], second: Callable[[], Stage]) -> Stage:
    opened = first()
    try:
        return Row(opened, second())
    except BaseException:
        opened.close()
        raise


def _conversion(format: str | None) -> tuple[Function, ...]:
    """What makes the pixels passed on those the user asked for."""
    return () if format in (None, "native") else (_as_wanted,)


def _as_wanted(frame: Frame) -> Frame:
    return frame.replace(content=frame.image, format=frame.wanted or frame.format, wanted="", _data=None)
