"""Waiting for a source without holding up other tasks; loaded by who does so, since asyncio takes its time to load."""

from __future__ import annotations

import asyncio
import time

from framebus.core.errors import Timeout


async def others_first() -> None:
    """Let other tasks run, which a source that always has a frame would keep from it."""
    await asyncio.sleep(0)


async def readable(descriptor: int, deadline: float | None) -> None:
    """Wait until `descriptor` can be read; raises `Timeout` at `deadline` (monotonic seconds)."""
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_reader(descriptor, ready.set)
    try:
        await asyncio.wait_for(ready.wait(), None if deadline is None else max(0.0, deadline - time.monotonic()))
    except TimeoutError as error:
        raise Timeout("no frame came in time: is anybody publishing?") from error
    finally:
        loop.remove_reader(descriptor)
