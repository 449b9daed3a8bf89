"""The guard at the door of the ASGI application: everything passes here first."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Any

from framebus.web.access import Guard, Refusal, Request
from framebus.web.line import closing_code
from framebus.web.ways import SOCKET

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob: data:",
        "media-src 'self' blob:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)
ROLE = "framebus.role"
"""Where in a request's scope the role is of whoever asks."""
MOST_UNWANTED_BYTES = 256 * 1024
_PATIENCE_S = 1.0
_TEXT = b"text/plain; charset=utf-8"
_SAYS_WHY = "websocket.http.response"
"""The extension of ASGI with which a websocket that is not opened is answered like a request."""


class Admission:
    """Wraps an application. `entered` is called, in the loop, with every request that is let in."""

    def __init__(self, app: App, guard: Guard, entered: Callable[[], None]) -> None:
        self._app = app
        self._guard = guard
        self._entered = entered

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request or websocket."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        request = request_of(scope)
        if (refusal := self._guard.refusal(request)) is not None:
            await (
                _hang_up(scope, receive, send, refusal) if request.socket else _answer(receive, send, request, refusal)
            )
            return
        self._entered()
        if self._guard.fits(request.token_in_link):
            await self._remember(scope, send, request.token_in_link)
            return
        scope[ROLE] = self._guard.role(request)
        await self._app(scope, receive, _with_headers(send))

    async def _remember(self, scope: Scope, send: Send, token: str) -> None:
        """The token goes from the link into a cookie, so that it is in no history and no picture of the screen."""
        root = scope.get("root_path", "").rstrip("/")
        safe = "; Secure" if scope.get("scheme") == "https" else ""
        cookie = f"{self._guard.cookie}={token}; HttpOnly; SameSite=Strict; Path={root}/{safe}"
        headers = [(b"location", f"{root}/".encode()), (b"set-cookie", cookie.encode()), *HEADERS]
        await _plain(send, 303, headers, b"")


def request_of(scope: Scope) -> Request:
    """What the guard looks at."""
    path = scope["path"].removeprefix(scope.get("root_path", "")) or "/"
    headers = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in scope["headers"]]
    query = scope.get("query_string", b"").decode("latin-1")
    return Request(SOCKET if scope["type"] == "websocket" else scope["method"], path, query, headers)


async def _answer(receive: Receive, send: Send, request: Request, refusal: Refusal) -> None:
    """People read text, programs JSON."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_PATIENCE_S):
            await _read_away(receive)
    programs = request.path.startswith("/api")
    kind = b"application/json" if programs else _TEXT
    text = json.dumps({"error": refusal.why}) if programs else f"framebus: {refusal.why}\n"
    await _plain(send, refusal.status, [(b"content-type", kind), *HEADERS], text.encode())


async def _read_away(receive: Receive) -> None:
    """A body nobody wants, up to a limit: closing a connection that is being sent to would lose the answer as well."""
    left = MOST_UNWANTED_BYTES
    while left > 0:
        message = await receive()
        left -= len(message.get("body", b""))
        if not message.get("more_body", False):
            return


async def _hang_up(scope: Scope, receive: Receive, send: Send, refusal: Refusal) -> None:
    """Not opened: with status and reason, as for any request, where the server can say them."""
    await receive()
    if _SAYS_WHY not in (scope.get("extensions") or {}):
        await send({"type": "websocket.close", "code": closing_code(refusal.status)})
        return
    headers = [(b"content-type", _TEXT), *HEADERS]
    await _plain(send, refusal.status, headers, f"framebus: {refusal.why}\n".encode(), _SAYS_WHY)


async def _plain(
    send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes, kind: str = "http.response"
) -> None:
    await send({"type": f"{kind}.start", "status": status, "headers": headers})
    await send({"type": f"{kind}.body", "body": body})


def _with_headers(send: Send) -> Send:
    async def sending(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            own = {name for name, _ in message["headers"]}
            message["headers"] = [*message["headers"], *(pair for pair in HEADERS if pair[0] not in own)]
        await send(message)

    return sending
