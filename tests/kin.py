"""The processes below this one that a test started: not those that were there before it, and not Python's own."""

from __future__ import annotations

from collections.abc import Iterable

import psutil

_there: set[int] = set()


def remember(children: Iterable[int]) -> None:
    """These were there before the test: a server that many tests share is none of theirs."""
    _there.clear()
    _there.update(children)


def descendants() -> list[psutil.Process]:
    """All processes below this one that came since then."""
    new = [child for child in psutil.Process().children() if child.pid not in _there and not _is_pythons_own(child)]
    return [one for child in new for one in (child, *_below(child))]


def _below(process: psutil.Process) -> list[psutil.Process]:
    try:
        return list(process.children(recursive=True))
    except psutil.Error:  # it has just ended
        return []


def _is_pythons_own(process: psutil.Process) -> bool:
    """Started once by the standard library for whoever first used it, and there until the end."""
    try:
        return "multiprocessing.resource_tracker" in " ".join(process.cmdline())
    except psutil.Error:  # it has just ended
        return False
