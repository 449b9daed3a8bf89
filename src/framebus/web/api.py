"""The JSON API: all that the page knows, for programs. Everything is a GET, nothing changes anything."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from framebus.core import clock
from framebus.core.errors import Error, OptionError
from framebus.core.frame import Frame
from framebus.ops.levels import stretched
from framebus.web import colour_maps, metrics, pixels
from framebus.web.messages import Look
from framebus.web.shown import Shown
from framebus.web.wall import Wall

T = TypeVar("T")

ADDRESSES = {
    "api": "this list",
    "api/streams": "all streams: state, rate, age, gaps, size; the places they come from",
    "api/streams/NAME": "one stream",
    "api/streams/NAME/history": "its last five minutes by the second: [time, frames, missed, bytes, oldest age in ms]",
    "api/streams/NAME/picture.jpg": "its newest picture as shown; ?width= low= high= colours= area=X,Y,WIDTH,HEIGHT",
    "api/streams/NAME/picture.png": "its newest picture, 8-bit or 16-bit, as it is",
    "api/streams/NAME/values": "values of its pixels, ?area=X,Y,WIDTH,HEIGHT of up to 4096 pixels",
    "api/streams/NAME/histogram": "how often values occur",
    "metrics": "figures for Prometheus",
    "health": "whether the server runs; needs no token",
}
"""Everything there is, and what it tells."""


class Api:
    """Handlers for one wall."""

    def __init__(self, wall: Wall) -> None:
        self._wall = wall

    async def overview(self, request: Request) -> Response:
        """`api`"""
        return as_json({"addresses": ADDRESSES})

    async def streams(self, request: Request) -> Response:
        """`api/streams`"""
        return as_json(self._wall.told())

    async def stream(self, request: Request) -> Response:
        """`api/streams/NAME`"""
        return as_json(self._shown(request).told(clock.mono_ns()))

    async def history(self, request: Request) -> Response:
        """`api/streams/NAME/history`"""
        return as_json({"seconds": list(self._shown(request).history.seconds)})

    async def jpeg(self, request: Request) -> Response:
        """`api/streams/NAME/picture.jpg`"""
        shown, frame = await self._picture(request)
        look, width = _look(request), _number(request, "width", 65_535)
        factor = pixels.factor_for(look.area[2] if look.area else frame.shape[1], int(width))
        made = await self._beside(lambda: pixels.rendered(frame, factor, look, shown.levels))
        return _file(made.data, "image/jpeg", frame, "jpg")

    async def png(self, request: Request) -> Response:
        """`api/streams/NAME/picture.png`"""
        _, frame = await self._picture(request)
        data = await self._beside(lambda: _png(frame))
        return _file(data, "image/png", frame, "png")

    async def values(self, request: Request) -> Response:
        """`api/streams/NAME/values`"""
        _, frame = await self._picture(request)
        area = _area(request) or (0, 0, 16, 16)
        values = await self._beside(lambda: pixels.values(pixels.plane_of(frame), area))
        return as_json({"area": area, "seq": frame.seq, "values": values})

    async def histogram(self, request: Request) -> Response:
        """`api/streams/NAME/histogram`"""
        _, frame = await self._picture(request)
        counted = await self._beside(lambda: pixels.histogram(pixels.plane_of(frame)))
        return as_json({"seq": frame.seq, "dtype": frame.dtype.name, **counted})

    async def metrics(self, request: Request) -> Response:
        """`metrics`"""
        text = metrics.text(self._wall.told(), self._wall.darkroom.made)
        return Response(text, media_type="text/plain; version=0.0.4")

    async def health(self, request: Request) -> Response:
        """`health`"""
        return as_json({"status": "ok"})

    def _shown(self, request: Request) -> Shown:
        shown = self._wall.shown.get(request.path_params["name"])
        if shown is None:
            raise HTTPException(404, "there is no such stream: api/streams lists them")
        return shown

    async def _picture(self, request: Request) -> tuple[Shown, Frame]:
        shown = self._shown(request)
        frame = await self._wall.picture(shown)
        if frame is None:
            raise HTTPException(409, "there is no picture of this stream yet")
        return shown, frame

    async def _beside(self, work: Callable[[], T]) -> T:
        """The result of `work`, done in a thread beside the loop; what cannot be done is a 422 that says why."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._wall.executor, work)
        except Error as error:
            raise HTTPException(422, str(error)) from error


def as_json(content: Any, status: int = 200) -> Response:
    """An answer."""
    return Response(msgspec.json.encode(content), status, media_type="application/json")


async def refused(request: Request, error: Exception) -> Response:
    """What went wrong, as JSON."""
    if isinstance(error, HTTPException):
        return as_json({"error": error.detail}, error.status_code)
    raise error


def _png(frame: Frame) -> bytes:
    from framebus.wire.encodings.png import ENCODING

    plane = pixels.plane_of(frame)
    if plane.dtype.name not in ("uint8", "uint16"):
        plane = stretched(plane, float(plane.min()), float(plane.max()))
    format = "bgr24" if plane.ndim == 3 else "gray8" if plane.dtype.itemsize == 1 else "gray16"
    return bytes(ENCODING.encode(plane, format).data)


def _file(data: bytes, kind: str, frame: Frame, suffix: str) -> Response:
    name = f'inline; filename="{frame.stream}-{frame.seq:08d}.{suffix}"'
    return Response(data, media_type=kind, headers={"content-disposition": name})


def _look(request: Request) -> Look:
    wanted = {name: _number(request, name, None) for name in ("low", "high") if name in request.query_params}
    try:
        given = {**wanted, "colours": request.query_params.get("colours", ""), "area": _area(request)}
        look = msgspec.convert(given, Look)
        if look.colours:
            colour_maps.table(look.colours)
        return look
    except (msgspec.ValidationError, OptionError) as error:
        raise HTTPException(422, str(error)) from error


def _number(request: Request, name: str, default: float | None) -> float:
    text = request.query_params.get(name, default)
    try:
        return float(text)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise HTTPException(422, f"{name} is no number") from None


def _area(request: Request) -> tuple[int, int, int, int] | None:
    text = request.query_params.get("area")
    if text is None:
        return None
    words = text.split(",")
    if len(words) != 4 or not all(word.isascii() and word.isdecimal() and len(word) < 6 for word in words):
        raise HTTPException(422, "area takes X,Y,WIDTH,HEIGHT in pixels")
    left, top, width, height = map(int, words)
    return left, top, width, height
