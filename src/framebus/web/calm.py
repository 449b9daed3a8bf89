"""uvicorn, as it serves the page: nearly at rest while nobody looks."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Any

import uvicorn

LOOK_S = 1.0
_GRACE_S = 2


class Calm(uvicorn.Server):
    """One that looks only once a second whether it is to end, and is told when it is."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._asked = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def end(self) -> None:
        """Stop serving, soon; from any thread."""
        self.should_exit = True
        with suppress(RuntimeError):  # the loop has just ended
            if self._loop is not None:
                self._loop.call_soon_threadsafe(self._asked.set)

    async def main_loop(self) -> None:
        """In place of its own, which looks ten times a second."""
        self._loop = asyncio.get_running_loop()
        while not await self.on_tick(0):
            with suppress(TimeoutError):
                await asyncio.wait_for(self._asked.wait(), LOOK_S)


def of(app: Any, certificate: str | Path | None, key: str | Path | None) -> Calm:
    """One for `app`, with a certificate over TLS; raises `OSError` and `ssl.SSLError` for one that cannot be used."""
    config = uvicorn.Config(
        app,
        ws="websockets-sansio",
        http="h11",
        loop="none",
        lifespan="off",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws_per_message_deflate=False,  # pictures are small already
        ws_max_size=64 * 1024,
        timeout_graceful_shutdown=_GRACE_S,
        ssl_certfile=certificate,
        ssl_keyfile=key,
    )
    config.load()
    return Calm(config)
