"""The page as an ASGI application: to be served by itself, or mounted in another."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from framebus.core.errors import BadFrame
from framebus.web.admission import ROLE, Admission, App
from framebus.web.answers import as_json, refused
from framebus.web.api import Api
from framebus.web.assets import assets
from framebus.web.guard import Guard
from framebus.web.viewer import Viewer
from framebus.web.wall import Wall
from framebus.web.ways import SOCKET, Part, Role, Way, Ways

MOST_VIEWERS = 500
_POLICY, _BUSY = 1008, 1013
_REASON_BYTES = 123


def everything(wall: Wall, parts: Sequence[Part]) -> Ways:
    """All that is served, and who may use it."""

    async def overview(request: Request) -> Response:
        role: Role = request.scope[ROLE]
        return as_json({"addresses": served.listed(role), "role": role.word})

    served = Ways(
        [
            Way("GET", "/", Role.VIEW, _page),
            Way("GET", "/static/{name}", Role.VIEW, _asset),
            Way("GET", "/api", Role.VIEW, overview, "this list: what whoever asks may"),
            *Api(wall).ways(),
            Way(SOCKET, "/ws", Role.VIEW, _watching(wall)),
            *(way for part in parts for way in part.ways()),
        ]
    )
    return served


def application(served: Ways, guard: Guard, entered: Callable[[], None]) -> App:
    """The application behind its guard; `entered` is called in the loop with every request that is let in."""
    routes = [_route(way) for way in served.all]
    app = Starlette(routes=routes, exception_handlers={HTTPException: refused})
    return Admission(app, guard, entered)


def _route(way: Way) -> BaseRoute:
    if way.method == SOCKET:
        return WebSocketRoute(way.path, way.handler)
    return Route(way.path, way.handler, methods=[way.method])


async def _page(request: Request) -> Response:
    return _sent("index.html")


async def _asset(request: Request) -> Response:
    return _sent(request.path_params["name"])


def _sent(name: str) -> Response:
    content, kind = assets().get(name, (b"", ""))
    return Response(content, media_type=kind) if kind else Response("there is no such file", 404)


class _Line:
    """A websocket as a viewer's line."""

    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket

    async def receive(self) -> str | bytes | None:
        message = await self._websocket.receive()
        if message["type"] != "websocket.receive":
            return None
        text = message.get("text")
        return text if text is not None else message.get("bytes") or b""

    async def send(self, message: str | bytes) -> None:
        if isinstance(message, str):
            await self._websocket.send_text(message)
        else:
            await self._websocket.send_bytes(message)


def _short(reason: str) -> str:
    """As much of it as the frame that closes a websocket holds (RFC 6455, 5.5)."""
    return reason.encode()[:_REASON_BYTES].decode(errors="ignore")


def _watching(wall: Wall) -> Callable[[WebSocket], Awaitable[None]]:
    async def watch(websocket: WebSocket) -> None:
        await websocket.accept()
        if len(wall.viewers) >= MOST_VIEWERS:
            await websocket.close(_BUSY, "too many pages are open")
            return
        try:
            await Viewer(wall).serve(_Line(websocket))
        except BadFrame as error:
            if websocket.client_state is WebSocketState.CONNECTED:
                await websocket.close(_POLICY, _short(str(error)))
        except WebSocketDisconnect:
            pass

    return watch
