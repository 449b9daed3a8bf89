"""Who may see anything, decided in one place before anything else happens; what is not allowed is refused.

Four questions, for every request and every websocket:
- Was this server meant? The `Host` has to be an IP address or a name of this machine, so that no web page can reach us
  under a name of its own (DNS rebinding).
- Did our own page ask? Where there is an `Origin`, as browsers send with every websocket and with everything that
  changes something, it has to be this server.
- Who asks? A token of a link has to be there: as a cookie, as `Authorization: Bearer`, or once in the link itself.
- May they? The address has to be one of those served, and the token's role one that may use it.
"""

from __future__ import annotations

import ipaddress
import secrets
import socket
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

from framebus.web.ways import LOOKING, SOCKET, Role, Ways

LOCAL = ("localhost",)


class Refusal(NamedTuple):
    """An HTTP status, and why."""

    status: int
    why: str


class Request(NamedTuple):
    """What is known before anything is done."""

    method: str
    """In capitals; `SOCKET` where a websocket is asked for."""
    path: str
    """Below where the page is mounted."""
    query: str
    headers: Sequence[tuple[str, str]]
    """Names in lower case."""

    @property
    def socket(self) -> bool:
        """Whether a websocket is asked for."""
        return self.method == SOCKET

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

    tokens  what has to be shown, and who shows it; none at all lets everybody look who reaches the server
    ways    what is served; anything else is refused
    names   names of this machine, besides `localhost` and its IP addresses
    cookie  what the cookie with the token is called
    """

    def __init__(
        self, tokens: Mapping[str, Role], ways: Ways, names: Iterable[str] = (), cookie: str = "framebus"
    ) -> None:
        self.tokens = dict(tokens)
        self.cookie = cookie
        self._ways = ways
        self._names = frozenset(name.lower().rstrip(".") for name in (*LOCAL, *names))

    def refusal(self, request: Request) -> Refusal | None:
        """Why not; None where it is allowed."""
        return self._from_elsewhere(request) or self._not_theirs(request, self.role(request))

    def role(self, request: Request) -> Role | None:
        """Who asks, by the token that is shown; None for nobody known."""
        if not self.tokens:
            return Role.VIEW
        shown = [value[7:].strip() for value in request.all("authorization") if value[:7].lower() == "bearer "]
        if request.all("origin") or not _told_by_browsers(request):  # a cookie alone says nothing about who asks
            shown += [request.token_in_link, *_cookies(request.all("cookie"), self.cookie)]
        return max((role for token in shown for role in self._roles(token)), default=None)

    def fits(self, token: str) -> bool:
        """Whether this is one of the tokens."""
        return bool(self._roles(token))

    def _from_elsewhere(self, request: Request) -> Refusal | None:
        hosts, origins = request.all("host"), request.all("origin")
        if len(hosts) != 1 or not self._is_us(hosts[0]):
            return Refusal(421, "this server has another name: use its IP address, or name it with names (--name)")
        if not all(_same_place(origin, hosts[0]) for origin in origins):
            return Refusal(403, "another web page asked, which is not allowed")
        if _told_by_browsers(request) and not origins and not request.all("authorization"):
            what = "a websocket" if request.socket else request.method
            return Refusal(403, f"{what} without an Origin needs Authorization: Bearer TOKEN")
        return None

    def _not_theirs(self, request: Request, role: Role | None) -> Refusal | None:
        way = self._ways.way(request.method, request.path)
        if way is not None and way.role is None:
            return None
        if role is None:
            printed = "the link is incomplete: open the one that framebus web printed, with its token"
            return Refusal(401, f"{printed} (a program shows it as Authorization: Bearer TOKEN)")
        if way is None:
            methods = [each.method for each in self._ways.at(request.path)]
            if methods:
                return Refusal(405, f"{request.method} is not possible here: {', '.join(methods)} is")
            return Refusal(404, "there is no such address: api lists them")
        if way.role is not None and role < way.role:
            return Refusal(403, f"this link may {role.word} only: who may {way.role.word} has another one")
        return None

    def _roles(self, token: str) -> list[Role]:
        """Every token is compared, so that the time it takes tells nothing."""
        given = token.encode()
        return [role for known, role in self.tokens.items() if secrets.compare_digest(given, known.encode())]

    def _is_us(self, host: str) -> bool:
        name = _name_of(host)
        if name is None:
            return False
        return name in self._names or name.endswith(".localhost") or _is_address(name)


def _told_by_browsers(request: Request) -> bool:
    """Whether a browser would say which page asks."""
    return request.socket or request.method not in LOOKING


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
