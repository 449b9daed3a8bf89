"""The JSON API about streams: all that the page knows of them, for programs. Nothing here changes anything."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from framebus.core import clock
from framebus.core.errors import OptionError
from framebus.core.frame import Frame
from framebus.core.schemas import look_up
from framebus.ops.levels import stretched
from framebus.web import colour_maps, metrics, pixels
from framebus.web.page_messages import Look
from framebus.web.responses import Wrong, as_json, beside, known, number
from framebus.web.shown import Shown
from framebus.web.wall import Wall
from framebus.web.ways import Role, Way

T = TypeVar("T")
HISTORY = "its last five minutes by the second: [time, frames, missed, bytes, oldest age in ms]"


class Api:
    """Handlers for one wall."""

    def __init__(self, wall: Wall) -> None:
        self._wall = wall

    def ways(self) -> Sequence[Way]:
        """What can be asked."""
        of = "/api/streams/{name}"
        area = "?area=X,Y,WIDTH,HEIGHT"
        return (
            _look("/api/streams", self.streams, "all streams: state, rate, age, gaps, size; where they come from"),
            _look(of, self.stream, "one stream"),
            _look(f"{of}/history", self.history, HISTORY),
            _look(f"{of}/picture.jpg", self.jpeg, f"its newest picture as seen: {area}&width=&low=&high=&colours="),
            _look(f"{of}/picture.png", self.png, "its newest picture as it is, 8 or 16 bit"),
            _look(f"{of}/values", self.values, f"values of up to 4096 of its pixels: {area}"),
            _look(f"{of}/histogram", self.histogram, "how often values occur"),
            _look("/metrics", self.metrics, "figures for Prometheus"),
            Way("GET", "/health", None, self.health, "whether the server runs; needs no token"),
        )

    async def streams(self, request: Request) -> Response:
        """`api/streams`"""
        return as_json(self._wall.told())

    async def stream(self, request: Request) -> Response:
        """`api/streams/NAME`"""
        return as_json(self._wall.told_of(self._shown(request).name, clock.mono_ns()))

    async def history(self, request: Request) -> Response:
        """`api/streams/NAME/history`"""
        return as_json({"seconds": list(self._shown(request).history.seconds)})

    async def jpeg(self, request: Request) -> Response:
        """`api/streams/NAME/picture.jpg`"""
        shown, frame = await self._picture(request)
        look, width = _seen_as(request), number(request, "width", 65_535, 1e9)
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
        return known(self._wall.shown, request.path_params["name"])

    async def _picture(self, request: Request) -> tuple[Shown, Frame]:
        shown = self._shown(request)
        frame = await self._wall.picture(shown)
        if frame is None:
            raise Wrong(409, "there is no picture of this stream yet")
        return shown, frame

    async def _beside(self, work: Callable[[], T]) -> T:
        return await beside(self._wall.executor, work)


def _look(path: str, handler: Callable[..., Any], told: str) -> Way:
    return Way("GET", path, Role.VIEW, handler, told)


def _png(frame: Frame) -> bytes:
    from framebus.wire.encodings.png import ENCODING

    plane = pixels.plane_of(frame)
    if plane.dtype.name not in ("uint8", "uint16"):
        plane = stretched(plane, *pixels.extremes(plane))
    format = "bgr24" if plane.ndim == 3 else "gray8" if plane.dtype.itemsize == 1 else "gray16"
    return bytes(ENCODING.encode(plane, format).data)


def _file(data: bytes, kind: str, frame: Frame, suffix: str) -> Response:
    name = f'inline; filename="{frame.stream}-{frame.seq:08d}.{suffix}"'
    return Response(data, media_type=kind, headers={"content-disposition": name})


look_up(Look)


def _seen_as(request: Request) -> Look:
    wanted = {name: _limit(request, name) for name in ("low", "high") if name in request.query_params}
    try:
        given = {**wanted, "colours": request.query_params.get("colours", ""), "area": _area(request)}
        look = msgspec.convert(given, Look)
        if look.colours:
            colour_maps.table(look.colours)
        return look
    except (msgspec.ValidationError, OptionError) as error:
        raise Wrong(422, str(error)) from error


def _limit(request: Request, name: str) -> float:
    try:
        return float(request.query_params[name])
    except ValueError:
        raise Wrong(422, f"{name} is no number", name) from None


def _area(request: Request) -> tuple[int, int, int, int] | None:
    text = request.query_params.get("area")
    if text is None:
        return None
    words = text.split(",")
    if len(words) != 4 or not all(word.isascii() and word.isdecimal() and len(word) < 6 for word in words):
        raise Wrong(422, "area takes X,Y,WIDTH,HEIGHT in pixels")
    left, top, width, height = map(int, words)
    return left, top, width, height
