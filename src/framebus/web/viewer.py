"""One open page: its websocket, what it watches, and what it is owed."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from framebus.core import clock
from framebus.core.errors import BadFrame, OptionError
from framebus.web import colour_maps, page_messages
from framebus.web.line import Line, first_of
from framebus.web.outbox import CodedLane, Outbox
from framebus.web.page_messages import Leave, Ping, Seen, Watch, Wish
from framebus.web.sights import Sight
from framebus.web.wall import Wall

MOST_TILES = 256
_MOST_TEXTS = 64


class Viewer:
    """Used in the loop. `serve` runs until the page is gone."""

    def __init__(self, wall: Wall) -> None:
        self.outbox = Outbox()
        self._wall = wall
        self._sights: dict[int, Sight] = {}
        self._texts: deque[str] = deque(maxlen=_MOST_TEXTS)
        self._listing = ""
        self._news = asyncio.Event()

    def tell(self, listing: str) -> None:
        """How all streams are; replaces what was not sent yet."""
        self._listing = listing
        self._news.set()

    async def serve(self, line: Line) -> None:
        """Talk with the page until it is gone; raises `BadFrame` for what no page says, and what sending raises."""
        self._wall.viewers.add(self)
        self.tell(self._wall.listing())
        try:
            await first_of(self._listen(line.receive), self._send(line.send))
        finally:
            self._wall.viewers.discard(self)
            for tile in list(self._sights):
                self._leave(tile)

    def hear(self, wish: Wish) -> None:
        """Do what the page wants; raises `BadFrame` where that is too much."""
        match wish:
            case Watch():
                self._watch(wish)
            case Leave(tile=tile):
                self._leave(tile)
            case Seen(tiles=tiles):
                self._seen(tiles)
            case Ping(at=at):
                self._say(page_messages.say("pong", at=at, now_ms=clock.mono_ns() * 1e-6))

    def _watch(self, wish: Watch) -> None:
        if len(self._sights) >= MOST_TILES and wish.tile not in self._sights:
            raise BadFrame(f"a page shows {MOST_TILES} tiles at most")
        if wish.look.colours:
            self._check_colours(wish.look.colours)
        self._forget(wish.tile)
        sight = Sight(wish, self._news.set)
        if sight.coded:
            sight.lane = CodedLane()
        self._sights[wish.tile] = sight
        self.outbox.put(wish.tile, sight.lane)
        self._wall.see(sight)

    def _leave(self, tile: int) -> None:
        self._forget(tile)
        self.outbox.drop(tile)

    def _forget(self, tile: int) -> None:
        if (sight := self._sights.pop(tile, None)) is not None:
            self._wall.leave(sight)

    def _seen(self, tiles: dict[int, int]) -> None:
        for tile, number in tiles.items():
            if (sight := self._sights.get(tile)) is not None:
                sight.lane.acknowledge(number)
                self._wall.ready(sight)
        self._news.set()

    def _check_colours(self, name: str) -> None:
        try:
            colour_maps.table(name)
        except OptionError as error:
            raise BadFrame(str(error)) from None

    def _say(self, text: str) -> None:
        self._texts.append(text)
        self._news.set()

    async def _listen(self, receive: Callable[[], Awaitable[str | bytes | None]]) -> None:
        while (text := await receive()) is not None:
            self.hear(page_messages.parse(text))

    async def _send(self, send: Callable[[str | bytes], Awaitable[None]]) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            while (message := self._next()) is not None:
                await send(message)

    def _next(self) -> str | bytes | None:
        if self._texts:
            return self._texts.popleft()
        if self._listing:
            text, self._listing = self._listing, ""
            return text
        return self.outbox.message()
