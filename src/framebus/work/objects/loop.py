"""The event loop of an object with `async` methods: everything of it runs there, whoever asks."""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from framebus.core.closing import Closing


class Loop(Closing):
    """An event loop in a thread of its own, until it is closed."""

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=f"framebus-loop-{name}", daemon=True)
        self._thread.start()

    def run(self, function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        """Call it in the loop and wait for the result; what is awaitable is awaited. Raises what it raises."""

        async def step() -> Any:
            result = function(*arguments, **named)
            return await result if inspect.isawaitable(result) else result

        return asyncio.run_coroutine_threadsafe(step(), self._loop).result()

    def start(self, function: Callable[[], Any], then: Callable[[], None]) -> Future[Any]:
        """Run a coroutine function beside everything else; `then` once it has ended, however it has."""

        async def beside() -> Any:
            try:
                return await function()
            finally:
                then()

        return asyncio.run_coroutine_threadsafe(beside(), self._loop)

    def close(self) -> None:
        """Cancel what still runs, let it end, and end the thread; idempotent."""
        if not self._loop.is_closed():
            asyncio.run_coroutine_threadsafe(_cancel_all(), self._loop).result()
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()


async def _cancel_all() -> None:
    rest = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)
    await asyncio.get_running_loop().shutdown_asyncgens()
    await asyncio.get_running_loop().shutdown_default_executor()
