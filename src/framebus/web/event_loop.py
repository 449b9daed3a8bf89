"""The loop in which the page is served: uvloop's where that is installed, which asks less of the processor."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any


def run(serving: Coroutine[Any, Any, None]) -> None:
    """Run it to its end, in a loop of its own in this thread."""
    with asyncio.Runner(loop_factory=_factory()) as runner:
        runner.run(serving)


def _factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """What makes a loop; None for Python's own, which is all there is on Windows."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop
