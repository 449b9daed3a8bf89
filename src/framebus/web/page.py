"""The page with all that belongs to it, ready to be served or mounted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from framebus.core.closing import Closing
from framebus.core.errors import Unavailable
from framebus.web import token as tokens
from framebus.web.guard import Guard, own_names
from framebus.web.places import EVERYTHING_HERE, refuse_unknown


class Page(Closing):
    """Shows `places` (addresses; none: all streams of this machine) to browsers. Close it, or use `with`.

    token    what the link has to hold, 16 characters at least; None lets in everybody who can connect
    names    names under which it is reached besides those of this machine, behind a proxy for instance
    cookie   what the cookie with the token is called: pages on several ports of one machine need several
    wishes   options of `framebus.open`, for all places that take them

    `app` is the ASGI application, to be mounted in another; reading begins with its first request. Raises
    `OptionError`, `Unavailable` for a missing extra, and what `framebus.open` raises.
    """

    def __init__(
        self,
        *places: str,
        token: str | None,
        names: Sequence[str] = (),
        cookie: str = "framebus",
        **wishes: Any,
    ) -> None:
        require_packages()
        from framebus.web.app import application
        from framebus.web.wall import Wall

        self.places = places or (EVERYTHING_HERE,)
        refuse_unknown(self.places, wishes)
        self.guard = Guard(None if token is None else tokens.checked(token), {*own_names(), *names}, cookie)
        self.wall = Wall(self.places, wishes)
        self.app = application(self.wall, self.guard)

    def close(self) -> None:
        """Stop reading; idempotent. Once it was served, after the server has ended."""
        self.wall.close()


def require_packages() -> None:
    """Raise `Unavailable` where the extra is missing."""
    try:
        import starlette
        import uvicorn
        import websockets
    except ImportError as error:
        raise Unavailable(f'the page needs {error.name}: pip install "framebus[web]"') from None
    _ = starlette, uvicorn, websockets
