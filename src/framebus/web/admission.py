"""The guard at the door of the ASGI application: everything passes here first."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from framebus.web.guard import Guard, Refusal, Request

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
_AWAY = 4000
"""The code a refused websocket is closed with, plus the last two digits of the HTTP status."""


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
            await (_hang_up(receive, send) if request.socket else _answer(send, refusal))
            return
        self._entered()
        if self._guard.fits(request.token_in_link):
            await self._remember(scope, send)
            return
        await self._app(scope, receive, _with_headers(send))

    async def _remember(self, scope: Scope, send: Send) -> None:
        """The token goes from the link into a cookie, so that it is in no history and no picture of the screen."""
        root = scope.get("root_path", "").rstrip("/")
        safe = "; Secure" if scope.get("scheme") == "https" else ""
        cookie = f"{self._guard.cookie}={self._guard.token}; HttpOnly; SameSite=Strict; Path={root}/{safe}"
        headers = [(b"location", f"{root}/".encode()), (b"set-cookie", cookie.encode()), *HEADERS]
        await _plain(send, 303, headers, b"")


def request_of(scope: Scope) -> Request:
    """What the guard looks at."""
    path = scope["path"].removeprefix(scope.get("root_path", "")) or "/"
    headers = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in scope["headers"]]
    query = scope.get("query_string", b"").decode("latin-1")
    return Request(path, query, headers, scope["type"] == "websocket")


async def _answer(send: Send, refusal: Refusal) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), *HEADERS]
    await _plain(send, refusal.status, headers, f"framebus: {refusal.why}\n".encode())


async def _hang_up(receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "websocket.close", "code": _AWAY + 3})


async def _plain(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _with_headers(send: Send) -> Send:
    async def sending(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            own = {name for name, _ in message["headers"]}
            message["headers"] = [*message["headers"], *(pair for pair in HEADERS if pair[0] not in own)]
        await send(message)

    return sending
