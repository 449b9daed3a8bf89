"""Who may see anything, decided in one place before anything else happens; what is not allowed is refused.

Three questions, for every request and every websocket:
- Was this server meant? The `Host` has to be an IP address or a name of this machine, so that no web page can reach us
  under a name of its own (DNS rebinding).
- Did our own page ask? Where there is an `Origin`, as browsers send with every websocket, it has to be this server.
- May they? The token of the link has to be there: as a cookie, as `Authorization: Bearer`, or once in the link itself.
"""

from __future__ import annotations

import ipaddress
import secrets
import socket
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

HEALTH = "/health"
"""Says that the server runs, and no more, to whoever asks on this machine or the network."""
LOCAL = ("localhost",)


class Refusal(NamedTuple):
    """An HTTP status, and why."""

    status: int
    why: str


class Request(NamedTuple):
    """What is known before anything is done."""

    path: str
    """Below where the page is mounted."""
    query: str
    headers: Sequence[tuple[str, str]]
    """Names in lower case."""
    socket: bool = False
    """Whether a websocket is asked for."""

    def all(self, name: str) -> list[str]:
        """The values of all headers of that name."""
        return [value for key, value in self.headers if key == name]

    @property
    def token_in_link(self) -> str:
        """The token in the address, where the page itself is asked for; empty otherwise."""
        if self.socket or self.path != "/":
            return ""
        return dict(parse_qsl(self.query)).get("token", "")


class Guard:
    """Decides; knows no framework.

    token   what has to be shown; None lets everybody in who reaches the server
    names   names of this machine, besides `localhost` and its IP addresses
    cookie  what the cookie with the token is called
    """

    def __init__(self, token: str | None, names: Iterable[str] = (), cookie: str = "framebus") -> None:
        self.token = token
        self.cookie = cookie
        self._names = frozenset(name.lower().rstrip(".") for name in (*LOCAL, *names))

    def refusal(self, request: Request) -> Refusal | None:
        """Why not; None where it is allowed."""
        hosts = request.all("host")
        if len(hosts) != 1 or not self._is_us(hosts[0]):
            return Refusal(421, "this server has another name: use its IP address, or name it with --name")
        if not all(_same_place(origin, hosts[0]) for origin in request.all("origin")):
            return Refusal(403, "another web page asked, which is not allowed")
        if request.socket and not request.all("origin") and not request.all("authorization"):
            return Refusal(403, "a websocket without an Origin needs Authorization: Bearer TOKEN")
        if self.token is None or request.path == HEALTH or self._shown(request):
            return None
        return Refusal(401, "the link is incomplete: open the one that framebus web printed, with its token")

    def _is_us(self, host: str) -> bool:
        name = _name_of(host)
        if name is None:
            return False
        return name in self._names or name.endswith(".localhost") or _is_address(name)

    def _shown(self, request: Request) -> bool:
        shown = [request.token_in_link, *_cookies(request.all("cookie"), self.cookie)]
        shown += [value[7:].strip() for value in request.all("authorization") if value[:7].lower() == "bearer "]
        return any(self.fits(token) for token in shown)

    def fits(self, token: str) -> bool:
        """Whether this is the token."""
        return self.token is not None and secrets.compare_digest(token.encode(), self.token.encode())


def own_names(environ: Mapping[str, str] | None = None) -> frozenset[str]:
    """What this machine is called on its network."""
    name = socket.gethostname().lower()
    short = name.partition(".")[0]
    return frozenset(filter(None, (name, short, f"{short}.local", f"{short}.lan")))


def _name_of(host: str) -> str | None:
    """The host without its port; None for what is no host."""
    try:
        parts = urlsplit(f"//{host}")
        _ = parts.port
    except ValueError:
        return None
    plain = parts.netloc == host and "@" not in host and not parts.path
    return parts.hostname.rstrip(".") if plain and parts.hostname else None


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _same_place(origin: str, host: str) -> bool:
    scheme, _, place = origin.partition("://")
    return scheme in ("http", "https") and place.lower() == host.lower()


def _cookies(headers: Iterable[str], name: str) -> list[str]:
    pairs = (pair.strip().partition("=") for header in headers for pair in header.split(";"))
    return [value for key, _, value in pairs if key == name]
