"""A part of a file as an HTTP answer, as players ask for it when they jump (RFC 9110, 14)."""

from __future__ import annotations

import asyncio
import os
import re
from concurrent.futures import Executor
from contextlib import suppress
from typing import BinaryIO, NamedTuple

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

CHUNK_BYTES = 256 * 1024
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)


class Span(NamedTuple):
    """Bytes `begin` to `end`, which is not part of it, of `size`."""

    begin: int
    end: int
    size: int

    @property
    def told(self) -> str:
        """As `Content-Range` says it."""
        return f"bytes {self.begin}-{self.end - 1}/{self.size}"


def span(wanted: str | None, size: int) -> Span | None:
    """The part that a `Range` header wants; all of it where there is none, or one nobody understands.

    None where no byte of it exists. Of several ranges none is understood, which the standard allows.
    """
    found = _RANGE.fullmatch(wanted.strip()) if wanted else None
    if found is None or found[0] == "bytes=-":
        return Span(0, size, size)
    if not found[1]:
        begin, end = max(0, size - int(found[2])), size
    else:
        begin, end = int(found[1]), min(size, int(found[2]) + 1 if found[2] else size)
    return Span(begin, end, size) if begin < end else None


class FilePart(Response):
    """Sends a part of `file`, and closes it however that ends; stops as soon as nobody listens any more."""

    def __init__(self, file: BinaryIO, wanted: str | None, executor: Executor, headers: dict[str, str]) -> None:
        self._file = file
        self._executor = executor
        self._span = span(wanted, os.fstat(file.fileno()).st_size)
        super().__init__(b"", 200, {"accept-ranges": "bytes", **headers})
        self._tell()

    def _tell(self) -> None:
        found = self._span
        if found is None:
            self.status_code = 416
            size = os.fstat(self._file.fileno()).st_size
            self.headers["content-range"] = f"bytes */{size}"
            self._span = Span(0, 0, size)
            return
        self.headers["content-length"] = str(found.end - found.begin)
        if found.end - found.begin < found.size:
            self.status_code = 206
            self.headers["content-range"] = found.told

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See `Response`."""
        gone = asyncio.ensure_future(left(receive))
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            if scope["method"] != "HEAD":
                await self._send(send, gone)
            await send({"type": "http.response.body", "body": b""})
        finally:
            gone.cancel()
            with suppress(asyncio.CancelledError):
                await gone
            self._file.close()

    async def _send(self, send: Send, gone: asyncio.Future[None]) -> None:
        assert self._span is not None  # noqa: S101  (`_tell` saw to it)
        at, end, _ = self._span
        loop = asyncio.get_running_loop()
        while at < end and not gone.done():
            count = min(CHUNK_BYTES, end - at)
            data = await loop.run_in_executor(self._executor, os.pread, self._file.fileno(), count, at)
            if not data:  # cut off meanwhile: the connection is closed short of what was promised
                return
            await send({"type": "http.response.body", "body": data, "more_body": True})
            at += len(data)


async def left(receive: Receive) -> None:
    """Returns once whoever asked is gone."""
    while (await receive())["type"] != "http.disconnect":
        pass
