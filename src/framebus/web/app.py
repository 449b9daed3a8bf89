"""The page as an ASGI application: to be served by itself, or mounted in another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from hashlib import blake2b
from importlib import resources

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute

from framebus.web.access import Guard
from framebus.web.api import Api
from framebus.web.middleware import ROLE, Admission, App
from framebus.web.page_sockets import Sockets
from framebus.web.responses import as_json, refused
from framebus.web.wall import Wall
from framebus.web.ways import SOCKET, Part, Role, Way, Ways

_KINDS = {
    "css": "text/css; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
_FOR_GOOD = {"Cache-Control": "private, max-age=31536000, immutable"}


def everything(wall: Wall, parts: Sequence[Part]) -> Ways:
    """All that is served, and who may use it."""

    async def overview(request: Request) -> Response:
        role: Role = request.scope[ROLE]
        return as_json({"addresses": served.listed(role), "role": role.word})

    served = Ways(
        [
            Way("GET", "/", Role.VIEW, _page),
            Way("GET", "/static/{edition}/{name}", Role.VIEW, _asset),
            Way("GET", "/api", Role.VIEW, overview, "this list: what whoever asks may"),
            *Api(wall).ways(),
            *Sockets(wall).ways(),
            *(way for part in parts for way in part.ways()),
        ]
    )
    return served


def application(served: Ways, guard: Guard, entered: Callable[[], None]) -> App:
    """The application behind its guard; `entered` is called in the loop with every request that is let in."""
    routes = [_route(way) for way in served.all]
    app = Starlette(routes=routes, exception_handlers={HTTPException: refused})
    return Admission(app, guard, entered)


def _route(way: Way) -> BaseRoute:
    if way.method == SOCKET:
        return WebSocketRoute(way.path, way.handler)
    return Route(way.path, way.handler, methods=[way.method])


async def _page(request: Request) -> Response:
    page, kind = _assets()["index.html"]
    return Response(page.replace(b'"static/', f'"static/{_edition()}/'.encode()), media_type=kind)


async def _asset(request: Request) -> Response:
    content, kind = _assets().get(request.path_params["name"], (b"", ""))
    if not kind:
        return Response("there is no such file", 404)
    return Response(content, headers=_FOR_GOOD if request.path_params["edition"] == _edition() else {}, media_type=kind)


@cache
def _edition() -> str:
    """Another word whenever one of the files is another: browsers keep what they once loaded under it."""
    files = (content for _, (content, _) in sorted(_assets().items()))
    return blake2b(b"".join(files), digest_size=6).hexdigest()


@cache
def _assets() -> dict[str, tuple[bytes, str]]:
    """The files of the page itself, name to content and its type; nothing else on the disk has an address here."""
    files = resources.files("framebus.web").joinpath("static").iterdir()
    known = ((file, _KINDS.get(file.name.rpartition(".")[2])) for file in files)
    return {file.name: (file.read_bytes(), kind) for file, kind in known if kind is not None}
