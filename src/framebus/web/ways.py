"""What the page's server can be asked: every address with its method, who may use it, and what it tells.

The guard refuses what is in no list of these, the application is made of them, and `api` lists them: an address cannot
be served without saying who may use it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from enum import IntEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from framebus.web.wall import Wall

SOCKET = "SOCKET"
"""The method of an address that is a websocket."""
LOOKING = ("GET", "HEAD", SOCKET)
"""Methods that change nothing."""
_PLACEHOLDER = re.compile(r"\\\{\w+\\\}")


class Role(IntEnum):
    """What somebody may do; each may do what those before may."""

    VIEW = 1
    """Look at everything that is shown."""
    OPERATE = 2
    """Record, set attributes of devices, read the log."""
    ADMIN = 3
    """Whatever else there is."""

    @property
    def word(self) -> str:
        """`view`, `operate`, `admin`."""
        return self.name.lower()


class Way(NamedTuple):
    """One address and method."""

    method: str
    """`GET` (goes for `HEAD`), `POST`, `PUT`, `DELETE`, or `SOCKET`."""
    path: str
    """`/api/streams/{name}`: a placeholder stands for one part of the address."""
    role: Role | None
    """Who may, at least; None: whoever reaches the server."""
    handler: Callable[..., Any]
    told: str = ""
    """What `api` says of it; empty: `api` does not list it."""

    @property
    def called(self) -> str:
        """As `api` and the documentation write it: `POST api/streams/NAME/recording`."""
        plain = re.sub(r"\{(\w+)\}", lambda found: found[1].upper(), self.path.lstrip("/"))
        return plain if self.method in LOOKING else f"{self.method} {plain}"


class Part(Protocol):
    """Something the page does besides showing streams. Its addresses are served behind the same guard."""

    def join(self, wall: Wall) -> None:
        """Called once, before anything is served: these are the streams of the page."""
        ...

    def ways(self) -> Sequence[Way]:
        """What it can be asked."""
        ...

    def close(self) -> None:
        """Stop what it does; idempotent, from any thread."""
        ...


class Ways:
    """All of them, to be looked up."""

    def __init__(self, ways: Sequence[Way]) -> None:
        self.all = tuple(ways)

    def at(self, path: str) -> list[Way]:
        """All methods of one address."""
        return [way for pattern, way in self._patterns if pattern.fullmatch(path)]

    def way(self, method: str, path: str) -> Way | None:
        """The one for this request."""
        method = "GET" if method == "HEAD" else method
        return next((way for way in self.at(path) if way.method == method), None)

    def listed(self, role: Role) -> dict[str, str]:
        """What `role` may ask, and what it tells."""
        return {way.called: way.told for way in self.all if way.told and (way.role is None or way.role <= role)}

    @cached_property
    def _patterns(self) -> list[tuple[re.Pattern[str], Way]]:
        return [(re.compile(_PLACEHOLDER.sub("[^/]+", re.escape(way.path))), way) for way in self.all]
