"""The page as an ASGI application: to be served by itself, or mounted in another."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from framebus.core.errors import BadFrame
from framebus.web.admission import Admission, App
from framebus.web.api import Api, refused
from framebus.web.assets import assets
from framebus.web.guard import Guard
from framebus.web.viewer import Viewer
from framebus.web.wall import Wall

MOST_VIEWERS = 500
_POLICY, _BUSY = 1008, 1013


def application(wall: Wall, guard: Guard) -> App:
    """All addresses, behind the guard."""
    api = Api(wall)
    of_stream = "/api/streams/{name}"
    routes = [
        Route("/", _page),
        Route("/static/{name}", _asset),
        Route("/api", api.overview),
        Route("/api/streams", api.streams),
        Route(of_stream, api.stream),
        Route(f"{of_stream}/history", api.history),
        Route(f"{of_stream}/picture.jpg", api.jpeg),
        Route(f"{of_stream}/picture.png", api.png),
        Route(f"{of_stream}/values", api.values),
        Route(f"{of_stream}/histogram", api.histogram),
        Route("/metrics", api.metrics),
        Route("/health", api.health),
        WebSocketRoute("/ws", _watching(wall)),
    ]
    app = Starlette(routes=routes, exception_handlers={404: refused, 405: refused, 409: refused, 422: refused})
    return Admission(app, guard, wall.begin)


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
                await websocket.close(_POLICY, str(error)[:100])
        except WebSocketDisconnect:
            pass

    return watch
