"""What somebody wants of a page, and the server that does it: for `framebus web`, and for `[web]` of a system."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import msgspec

from framebus.core.errors import OptionError

if TYPE_CHECKING:
    from framebus.web.server import Listening, Server
    from framebus.web.ways import Part

OPTIONS = (
    *("max_fps", "speed", "allow", "insecure", "carrier"),
    *("size", "fps", "input_format", "number", "transport", "backend", "verify", "deadline"),
    *("hwaccel", "crop", "turn", "resize"),
)
"""The options of the vocabulary that concern how a page reads its places."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What a page shows, where it is, who gets in. JSON-able."""

    places: tuple[str, ...] = ()
    """Addresses; none: all streams of this machine."""
    listen: str = "localhost:8080"
    token: str = ""
    """What the link has to hold; empty: the token of this user, made once and kept."""
    no_token: bool = False
    links: tuple[str, ...] = ()
    """Who has a link of their own, besides the first which may everything: `view`, `operate`."""
    names: tuple[str, ...] = ()
    """By which it is reached besides those of this machine."""
    recordings: str = ""
    """A folder."""
    devices: tuple[str, ...] = ()
    """Addresses of what is served."""
    certificate: str = ""
    key: str = ""
    options: dict[str, Any] = {}
    """Of `OPTIONS`, for all places that take them; checked."""


def opened(wanted: Wanted, parts: Sequence[Part] = ()) -> Server:
    """A server that listens already and serves once it is started; `parts` are what the page does besides.

    Raises `OptionError`, `Unavailable`, and what `framebus.open` raises.
    """
    from framebus.web.page import Page
    from framebus.web.server import Listening, Server

    listening = Listening.parse(wanted.listen)
    token = secret(wanted, listening)
    with ExitStack() as made:
        listener = listening.bound()
        made.callback(listener.close)
        cookie = f"framebus-{listener.getsockname()[1]}"
        page = made.enter_context(
            Page(
                *wanted.places,
                token=token,
                tokens=others(wanted),
                names=wanted.names,
                cookie=cookie,
                recordings=wanted.recordings or None,
                devices=wanted.devices,
                parts=parts,
                **wanted.options,
            )
        )
        server = Server(page, listener, certificate=wanted.certificate or None, key=wanted.key or None)
        made.pop_all()
    return server


def secret(wanted: Wanted, listening: Listening) -> str | None:
    """The token of its link; None where none is needed. Raises `OptionError` where one is."""
    from framebus.web import token

    if not wanted.no_token:
        return wanted.token or token.lasting()
    if wanted.token or not listening.local:
        raise OptionError("no token is for this machine only: leave out listen and token, or no_token")
    return None


def others(wanted: Wanted) -> dict[str, str]:
    """The tokens of further links, made once and kept like the first one. Raises `OptionError`."""
    from framebus.web import token

    if wanted.links and wanted.no_token:
        raise OptionError("link is for links that differ, no_token has none: leave one of them out")
    return {word: token.lasting(role=word) for word in wanted.links}


def links_to(server: Server, wanted: Wanted) -> dict[str, str]:
    """The links as people open them, here or elsewhere where it listens to the network, by who may open them."""
    from framebus.web.server import Listening
    from framebus.web.ways import Role

    listening = Listening.parse(wanted.listen)
    host = "localhost" if listening.local else listening.host or socket.gethostname()
    host = f"[{host}]" if ":" in host else host
    roles = [Role.ADMIN, *(role for role in Role if role.word in wanted.links)]
    return {role.word: server.url(host, role) for role in roles}
