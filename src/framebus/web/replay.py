"""A recording that browsers do not play, sent picture by picture at the pace of its capture, for one who looks."""

from __future__ import annotations

import asyncio
import glob
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import suppress
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from framebus.core.contracts import Item
from framebus.core.errors import Error
from framebus.core.frame import Frame
from framebus.core.source import Source
from framebus.verbs.open import open_all, options_of_source
from framebus.web import pixels
from framebus.web.page_messages import Look
from framebus.web.spans import left

BOUNDARY = "framebus-picture"
_HEAD = f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: "


def opened(path: str, start: float, stream: str) -> Source[Item]:
    """The recording from `start` seconds on, at the pace of its capture. Raises what `framebus.open` raises."""
    place = glob.escape(path)
    wishes: dict[str, Any] = {"speed": 1.0, "start": start or None, "streams": stream or None}
    known = options_of_source(place)
    fitting = {name: value for name, value in wishes.items() if name in known and value is not None}
    return open_all([place], {"keep": "latest"}, fitting)


class Pictures(Response):
    """`multipart/x-mixed-replace`: every browser shows it as one picture that changes. `done` is called at the end."""

    media_type = f"multipart/x-mixed-replace; boundary={BOUNDARY}"

    def __init__(self, source: Source[Item], width: int, executor: Executor, done: Callable[[], None]) -> None:
        super().__init__(b"")
        del self.headers["content-length"]
        self._source = source
        self._width = width
        self._executor = executor
        self._done = done
        self._levels = pixels.Levels()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See `Response`."""
        gone = asyncio.ensure_future(left(receive))
        try:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            while scope["method"] != "HEAD" and (data := await self._next(gone)) is not None:
                part = f"{_HEAD}{len(data)}\r\n\r\n".encode() + data + b"\r\n"
                await send({"type": "http.response.body", "body": part, "more_body": True})
            await send({"type": "http.response.body", "body": f"--{BOUNDARY}--\r\n".encode()})
        finally:
            gone.cancel()
            with suppress(asyncio.CancelledError):
                await gone
            try:
                await self._close()
            finally:
                self._done()

    async def _close(self) -> None:
        """End the source, and whoever waits for it, in a thread: files and links may take their time."""
        await asyncio.shield(asyncio.to_thread(self._source.close))

    async def _next(self, gone: asyncio.Future[None]) -> bytes | None:
        """The next picture; None at the end, and when nobody looks any more."""
        taking = asyncio.get_running_loop().run_in_executor(self._executor, self._picture)
        await asyncio.wait((taking, gone), return_when=asyncio.FIRST_COMPLETED)
        if not taking.done():
            await self._close()
        data = await taking
        return None if gone.done() else data

    def _picture(self) -> bytes | None:
        with suppress(Error):  # it was closed, or is damaged from here on: the end
            while (item := self._source.take(None)) is not None:
                if isinstance(item, Frame):
                    return self._rendered(item)
        return None

    def _rendered(self, frame: Frame) -> bytes:
        factor = pixels.factor_for(frame.shape[1], self._width)
        try:
            return pixels.rendered(frame, factor, Look(), self._levels).data
        finally:
            self._source.done(frame)
