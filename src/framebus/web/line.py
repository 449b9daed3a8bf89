"""What whoever talks over a websocket needs of it, whatever the framework."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine
from typing import Any, Protocol

_AWAY = 4000


class Line(Protocol):
    """A websocket."""

    def receive(self) -> Awaitable[str | bytes | None]:
        """The next message; None when whoever opened it is gone."""
        ...

    def send(self, message: str | bytes) -> Awaitable[None]:
        """Send one; waits while the network is slower."""
        ...


def closing_code(status: int) -> int:
    """The code with which a websocket is closed for what HTTP would answer with `status`: 4004 for 404."""
    return _AWAY + status % 100


async def first_of(*talks: Coroutine[Any, Any, None]) -> None:
    """Run them until one is over, however it ends; the others are ended then, and what it raised is raised."""
    tasks = [asyncio.create_task(talk) for talk in talks]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
