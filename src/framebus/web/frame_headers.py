"""What comes with each frame of a stream besides its pixels, over a websocket of its own, for programs and pages."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec

from framebus.core.contracts import Item
from framebus.core.frame import Frame
from framebus.core.item_header import header
from framebus.pool.jsonable import jsonable
from framebus.web.line import Line, first_of
from framebus.web.responses import Wrong, known
from framebus.web.wall import Wall

MOST_META_BYTES = 64 * 1024
_MASKS = "masks"


class Headers:
    """One client that is told of each frame of the stream called `name`, or of the newest where it is slower.

    Used in the loop; `serve` runs until the client is gone.
    """

    def __init__(self, wall: Wall, name: str) -> None:
        self._wall = wall
        self._name = name
        self._newest: Item | None = None
        self._left_out = 0
        self._something = asyncio.Event()

    async def serve(self, line: Line) -> None:
        """Tell it of the newest frame there is, then of those that come; what it says is passed over.

        Raises `Wrong` where there is no such stream, once the client was told, and what sending raises.
        """
        self._wall.take_in()
        hearers = self._wall.hearers.setdefault(self._name, set())
        hearers.add(self._hear)
        try:
            if (newest := known(self._wall.shown, self._name).newest) is not None:
                self._hear(newest)
            await first_of(_gone(line.receive), self._send(line.send))
        except Wrong as error:
            await line.send(msgspec.json.encode({"error": error.detail}).decode())
            raise
        finally:
            hearers.discard(self._hear)
            if not hearers:
                self._wall.hearers.pop(self._name, None)

    def _hear(self, item: Item) -> None:
        self._left_out += self._newest is not None
        self._newest = item
        self._something.set()

    async def _send(self, send: Callable[[str | bytes], Awaitable[None]]) -> None:
        while True:
            await self._something.wait()
            self._something.clear()
            while (item := self._newest) is not None:
                left_out, self._newest, self._left_out = self._left_out, None, 0
                await send(text(item, left_out))


async def _gone(receive: Callable[[], Awaitable[str | bytes | None]]) -> None:
    while await receive() is not None:
        pass


def text(item: Item, left_out: int) -> str:
    """One frame as JSON; `left_out` counts those before it of which the client was not told.

    Of masks in its metadata only the number is told, of arrays names, shapes and types; metadata of more than
    `MOST_META_BYTES`, or that JSON cannot say, is told as null, with `unclear` saying why.
    """
    arrays = {name: {"shape": list(one.shape), "dtype": str(one.dtype)} for name, one in _extra(item)}
    told = {**header(item), "left_out": left_out, "arrays": arrays, "meta": None}
    try:
        meta = msgspec.json.encode(_meta(item.meta))
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        return _encoded({**told, "unclear": f"its metadata cannot be said in JSON: {error}"[:200]})
    if len(meta) > MOST_META_BYTES:
        return _encoded({**told, "unclear": f"its metadata has {len(meta)} bytes: {MOST_META_BYTES} are told at most"})
    return _encoded({**told, "meta": msgspec.Raw(meta)})


def _extra(item: Item) -> tuple[tuple[str, Any], ...]:
    return item.extra if isinstance(item, Frame) else ()


def _meta(meta: Mapping[str, Any]) -> dict[str, Any]:
    """As it is, but for masks, also those that services answered with."""
    told = {name: _without_masks(value) if isinstance(value, Mapping) else value for name, value in meta.items()}
    return dict(jsonable(_without_masks(told), lambda value: value))


def _without_masks(place: Mapping[str, Any]) -> dict[str, Any]:
    listed = place.get(_MASKS)
    return {**place, _MASKS: len(listed)} if isinstance(listed, list | tuple) else dict(place)


def _encoded(told: Mapping[str, Any]) -> str:
    return msgspec.json.encode(told).decode()
