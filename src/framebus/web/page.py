"""The page with all that belongs to it, ready to be served or mounted."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from typing import Any

from framebus.core.closing import Closing
from framebus.core.errors import OptionError, Unavailable
from framebus.core.options import nearest
from framebus.web import token as tokens_
from framebus.web.access import Guard, own_names
from framebus.web.places import EVERYTHING_HERE, refuse_unknown
from framebus.web.ways import Part, Role


class Page(Closing):
    """Shows `places` (addresses; none: all streams of this machine) to browsers. Close it, or use `with`.

    token       what the link has to hold, 16 characters at least; None lets everybody look who can connect
    tokens      more of them, for those who may less: `{"view": "…", "operate": "…"}`
    names       names under which it is reached besides those of this machine, behind a proxy for instance
    cookie      what the cookie with the token is called: pages on several ports of one machine need several
    recordings  a folder whose recordings are listed and played, and where streams are recorded
    devices     addresses of objects that are served (`framebus serve`), whose attributes are shown and set
    parts       what else it does; closed with it
    wishes      options of `framebus.open`, for all places that take them

    `app` is the ASGI application, to be mounted in another; reading begins with its first request. Raises
    `OptionError`, `Unavailable` for a missing extra and a folder that cannot be used, and what `framebus.open` raises.
    """

    def __init__(
        self,
        *places: str,
        token: str | None,
        tokens: Mapping[str, str] | None = None,
        names: Sequence[str] = (),
        cookie: str = "framebus",
        recordings: str | os.PathLike[str] | None = None,
        devices: Iterable[str] = (),
        parts: Sequence[Part] = (),
        **wishes: Any,
    ) -> None:
        require_packages()
        from framebus.web.app import application, everything
        from framebus.web.wall import Wall

        self.places = places or (EVERYTHING_HERE,)
        refuse_unknown(self.places, wishes)
        known = _roles(token, tokens or {})
        with ExitStack() as made:
            self.parts = [*_parts(made, recordings, devices), *parts]
            self.wall = Wall(self.places, wishes)
            made.callback(self.wall.close)
            for part in self.parts:
                part.join(self.wall)
            ways = everything(self.wall, self.parts)
            self.guard = Guard(known, ways, {*own_names(), *names}, cookie)
            self.app = application(ways, self.guard, self.wall.begin)
            made.pop_all()

    def close(self) -> None:
        """Stop recording and reading; idempotent. Once it was served, after the server has ended."""
        with ExitStack() as closing:
            closing.callback(self.wall.close)
            for part in self.parts:
                closing.callback(part.close)


def require_packages() -> None:
    """Raise `Unavailable` where the extra is missing."""
    try:
        import starlette
        import uvicorn
        import websockets
    except ImportError as error:
        raise Unavailable(f'the page needs {error.name}: pip install "framebus[web]"') from None
    _ = starlette, uvicorn, websockets


def _parts(made: ExitStack, recordings: str | os.PathLike[str] | None, devices: Iterable[str]) -> list[Part]:
    """What the page does besides showing streams."""
    from framebus.web.devices import Devices
    from framebus.web.log import Log
    from framebus.web.recordings import Recordings

    parts: list[Part] = [Log()]
    made.callback(parts[-1].close)
    if recordings is not None:
        parts.append(Recordings(os.fspath(recordings)))
        made.callback(parts[-1].close)
    if addresses := list(devices):
        parts.append(Devices(addresses))
        made.callback(parts[-1].close)
    return parts


def _roles(token: str | None, others: Mapping[str, str]) -> dict[str, Role]:
    """Who shows which token."""
    known = {role.word: role for role in Role}
    found = {} if token is None else {tokens_.checked(token): Role.ADMIN}
    for word, text in others.items():
        if word not in known:
            raise OptionError(f"tokens={{{word!r}: …}}: {nearest(word, list(known))}")
        if tokens_.checked(text) in found:
            raise OptionError("a token is one role's: give each role another one")
        found[text] = known[word]
    return found
