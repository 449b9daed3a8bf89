"""The whole system on its page: what the process that runs it tells, about once a second, handed on as it came."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from framebus.web.wall import Wall
from framebus.web.ways import Role, Way

TOLD = "the system this page belongs to: its parts, how each is, and which reads whom"


class _Part(msgspec.Struct):
    """What the page itself wants to know of a part."""

    name: str
    kind: str
    state: str
    why: str = ""

    @property
    def lost(self) -> bool:
        """Whether nobody publishes it now, for a reason that is known."""
        return bool(self.why) and self.state in ("again", "away", "failed")


class _System(msgspec.Struct):
    parts: list[_Part]


_from_json = msgspec.json.Decoder(_System).decode


class System:
    """A part of the page; `told` may be set from any thread."""

    def __init__(self) -> None:
        self._told = b""
        self._troubles: dict[str, dict[str, str]] = {}

    @property
    def told(self) -> bytes:
        """JSON; empty until something was told."""
        return self._told

    @told.setter
    def told(self, told: bytes) -> None:
        parts = _from_json(told).parts if told else []
        self._troubles = {
            part.name: {"state": "away", "why": part.why} for part in parts if part.kind == "stream" and part.lost
        }
        self._told = told

    def join(self, wall: Wall) -> None:
        """The tile of a stream whose camera is lost says why."""
        wall.notes.append(lambda name: self._troubles.get(name, {}))

    def ways(self) -> Sequence[Way]:
        """What it can be asked."""
        return [Way("GET", "/api/system", Role.VIEW, self._answer, TOLD)]

    def close(self) -> None:
        """There is nothing to stop."""

    async def _answer(self, request: Request) -> Response:
        """`api/system`"""
        if not self.told:
            raise HTTPException(409, "the system has just begun: ask again in a second")
        return Response(self.told, media_type="application/json")
