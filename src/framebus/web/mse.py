"""A stream as fragmented MP4 over a websocket of its own, for players that are not our page's.

Two manners are spoken, and a client shows which by its first word:

- One that says nothing gets the beginning (`ftyp`, `moov`) and then the pictures (`moof`, `mdat`), each box as a
  binary message of its own, as Valkka's streamer sends them.
- One that says which codecs it plays, `{"type": "mse", "value": "avc1.640029,…"}`, is told the type for its source
  buffer, `{"type": "mse", "value": "video/mp4; codecs=\\"avc1.…\\""}`, and gets beginning and pictures each as a whole,
  as from go2rtc. What cannot be is told as `{"type": "error", "value": "mse: why"}`.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import msgspec

from framebus.core.errors import BadFrame
from framebus.core.not_json import NOT_JSON
from framebus.web import fmp4
from framebus.web.line import Line, first_of
from framebus.web.outbox import CodedLane
from framebus.web.page_messages import BEGIN, Picture, Watch
from framebus.web.responses import Wrong, known
from framebus.web.shown import Shown
from framebus.web.sights import Sight
from framebus.web.wall import Wall

SILENT_AFTER_S = 0.5
"""A client that has said nothing for so long wants pictures without being asked; a later word begins anew."""
LATE = fmp4.TIMESCALE // 1000
"""How long pictures are shown that are only sent so that a newer one can be decoded."""
MOST_AT_ONCE = 1_500_000
"""Bytes of a group of pictures with which a player that asks begins at once; else it begins with the next group. Those
of go2rtc have room for 2 MB until they play."""
_ASKED = "mse"
_CODED = "avc1."
_MOST_TEXTS, _LONGEST = 64, 40


class Word(msgspec.Struct, frozen=True):
    """What is said to us, or by us; keys that others add are passed over."""

    type: str
    value: Any = ""


class Reel:
    """The fragments of one player: each begins where the one before ended, the first at 0. So there is no gap, whatever
    was left out, and nothing in which a player could stop."""

    def __init__(self) -> None:
        self._number = self._at = 0

    def add(self, fragment: bytes, *, late: bool) -> bytes:
        """One more."""
        duration = LATE if late else fmp4.lasting(fragment)
        self._number += 1
        at, self._at = self._at, self._at + duration
        return fmp4.moved(fragment, self._number, at, duration)


class Mse:
    """One client that watches the stream called `name`. Used in the loop; `serve` runs until the client is gone.

    What a client is too slow for waits up to the limits of `CodedLane`, then it goes on with the next key frame.
    """

    def __init__(self, wall: Wall, name: str) -> None:
        self._wall = wall
        self._name = name
        self._sight = Sight(Watch(tile=0, stream=name, how="mse"), self._news)
        self._reel = Reel()
        self._late = 0
        """How many of the next pictures are there only for those behind them."""
        self._asked = self._told = False
        """Whether the client named its codecs, and was told ours."""
        self._texts: deque[str] = deque(maxlen=_MOST_TEXTS)
        self._boxes: deque[bytes] = deque()
        self._spoken, self._something = asyncio.Event(), asyncio.Event()

    async def serve(self, line: Line) -> None:
        """Talk with the client until it is gone.

        Raises `Wrong` where the stream cannot be sent, once the client was told, `BadFrame` for what no client says,
        and what sending raises.
        """
        try:
            self._check()
            await first_of(self._listen(line.receive), self._send(line.send))
        except Wrong as error:
            await line.send(_error(_ASKED, error.detail))
            raise
        finally:
            self._wall.leave(self._sight)

    def _news(self) -> None:
        self._something.set()

    async def _listen(self, receive: Callable[[], Awaitable[str | bytes | None]]) -> None:
        while (text := await receive()) is not None:
            self._spoken.set()
            self._hear(_parsed(text))

    def _hear(self, word: Word) -> None:
        if word.type != _ASKED:
            self._say(_error(word.type[:_LONGEST], "only mse is spoken here"))
        elif not _plays(word.value):
            self._say(_error(_ASKED, f"the stream is H.264: name a codec that begins with {_CODED}, or none"))
        else:
            self._asked, self._told = True, False
            self._begin()

    def _begin(self) -> None:
        """Send the stream from its last key frame on, as to somebody new."""
        self._wall.leave(self._sight)
        self._sight = Sight(self._sight.watch, self._news)
        self._sight.lane = lane = CodedLane()
        self._reel, self._late = Reel(), 0
        self._boxes.clear()
        self._wall.see(self._sight)
        if self._asked and lane.nbytes > MOST_AT_ONCE:
            lane.give_up()
        self._news()

    async def _send(self, send: Callable[[str | bytes], Awaitable[None]]) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(SILENT_AFTER_S):
                await self._spoken.wait()
        if not self._spoken.is_set():
            self._begin()
        while True:
            await self._something.wait()
            self._something.clear()
            self._check()
            while (message := self._next()) is not None:
                await send(message)

    def _check(self) -> None:
        """Raise `Wrong` where the stream cannot be sent. One that went while it was watched may come back."""
        if self._sight.begun and self._name not in self._wall.shown:
            return
        if coding := _other_coding(known(self._wall.shown, self._name)):
            raise Wrong(415, f"this stream is {coding}, and only H.264 is sent here: the page shows it")

    def _say(self, text: str) -> None:
        self._texts.append(text)
        self._news()

    def _next(self) -> str | bytes | None:
        if not self._texts and not self._boxes and (picture := self._sight.lane.pop()) is not None:
            self._fill(picture)
        if self._texts:
            return self._texts.popleft()
        return self._boxes.popleft() if self._boxes else None

    def _fill(self, picture: Picture) -> None:
        if picture.kind == BEGIN:
            self._late = self._sight.lane.waiting - 1
            if self._asked and not self._told:
                self._told = True
                codec = msgspec.json.decode(picture.meta)["codec"]
                self._texts.append(_said(_ASKED, f'video/mp4; codecs="{codec}"'))
            data = picture.data
        else:
            late = self._late > 0
            self._late -= late
            data = self._reel.add(picture.data, late=late)
        self._boxes.extend([data] if self._asked else fmp4.boxes(data))


_from_json = msgspec.json.Decoder(Word).decode


def _parsed(text: str | bytes) -> Word:
    try:
        return _from_json(text)
    except NOT_JSON as error:
        raise BadFrame(f'a word that is none, {error}: say {{"type": "mse", "value": "avc1.640029"}}') from None


def _other_coding(shown: Shown) -> str:
    """What a stream is that is no H.264; empty where it is, and where nothing has come yet."""
    if shown.frame is not None:
        return "pictures"
    codec = shown.track.codec if shown.track is not None else ""
    return codec if codec != "h264" else ""


def _plays(codecs: Any) -> bool:
    """Whether a player that lists `codecs` plays H.264; one that lists none plays everything."""
    return isinstance(codecs, str) and (
        not codecs or any(codec.strip().startswith(_CODED) for codec in codecs.split(","))
    )


def _said(type: str, value: str) -> str:
    return msgspec.json.encode(Word(type, value)).decode()


def _error(type: str, why: str) -> str:
    return _said("error", f"{type}: {why}")
