"""The websockets: how many there may be, who talks over which, and how each is closed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from framebus.core.errors import BadFrame
from framebus.web.frame_headers import Headers
from framebus.web.line import Line, closing_code
from framebus.web.mse import Mse
from framebus.web.responses import Wrong
from framebus.web.viewer import Viewer
from framebus.web.wall import Wall
from framebus.web.ways import SOCKET, Role, Way

MOST_OPEN = 500
_POLICY, _BUSY = 1008, 1013
_REASON_BYTES = 123


class Sockets:
    """Handlers for one wall."""

    def __init__(self, wall: Wall) -> None:
        self._wall = wall
        self._open = 0

    def ways(self) -> Sequence[Way]:
        """What can be opened."""
        return (
            Way(SOCKET, "/ws", Role.VIEW, self.page),
            Way(SOCKET, "/ws/stream/{name}", Role.VIEW, self.stream, "websocket: its H.264 as fragmented MP4, for MSE"),
            Way(SOCKET, "/ws/message/{name}", Role.VIEW, self.message, "websocket: header and meta of each frame"),
        )

    async def page(self, websocket: WebSocket) -> None:
        """`ws`"""
        await self._talk(websocket, Viewer(self._wall).serve)

    async def stream(self, websocket: WebSocket) -> None:
        """`ws/stream/NAME`"""
        await self._talk(websocket, Mse(self._wall, websocket.path_params["name"]).serve)

    async def message(self, websocket: WebSocket) -> None:
        """`ws/message/NAME`"""
        await self._talk(websocket, Headers(self._wall, websocket.path_params["name"]).serve)

    async def _talk(self, websocket: WebSocket, serve: Callable[[Line], Awaitable[None]]) -> None:
        await websocket.accept()
        if self._open >= MOST_OPEN:
            await websocket.close(_BUSY, "too many pages are open")
            return
        self._open += 1
        try:
            await serve(_Line(websocket))
        except BadFrame as error:
            await _close(websocket, _POLICY, str(error))
        except Wrong as error:
            await _close(websocket, closing_code(error.status_code), error.detail)
        except WebSocketDisconnect:
            pass
        finally:
            self._open -= 1


class _Line:
    """A websocket as a line."""

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


async def _close(websocket: WebSocket, code: int, reason: str) -> None:
    """Close it with as much of the reason as the frame that closes it holds (RFC 6455, 5.5)."""
    if websocket.client_state is WebSocketState.CONNECTED:
        await websocket.close(code, reason.encode()[:_REASON_BYTES].decode(errors="ignore"))
