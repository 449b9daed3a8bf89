"""The attack matrix: every address that is served, as the code lists them, asked by everybody who may not."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from starlette.applications import Starlette
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

from framebus.web.app import everything
from framebus.web.page import Page
from framebus.web.server import Listening, Server
from framebus.web.system_part import System
from framebus.web.ways import LOOKING, SOCKET, Role, Way
from tests.web.conftest import LOOKS, OPERATES, TOKEN, ask

SECRETS = {Role.VIEW: LOOKS, Role.OPERATE: OPERATES, Role.ADMIN: TOKEN}
TOKENS = {"view": LOOKS, "operate": OPERATES}
DOCUMENTATION = Path(__file__).parents[2] / "docs" / "howto" / "web.md"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A page with all its parts."""
    with ExitStack() as running:
        listener = Listening.parse("localhost:0").bound()
        running.callback(listener.close)
        page = Page(
            "synthetic:",
            token=TOKEN,
            tokens=TOKENS,
            recordings=tmp_path / "recordings",
            devices=["tcp://localhost:9"],
            parts=[System()],
            fps=5,
        )
        server = running.enter_context(Server(page, listener))
        server.start()
        yield server


def ways(server: Server) -> tuple[Way, ...]:
    return everything(server.page.wall, server.page.parts).all


def address(way: Way) -> str:
    return re.sub(r"\{\w+\}", "synthetic", way.path)


def test_all_parts_are_looked_at(server: Server) -> None:
    paths = {way.path for way in ways(server)}
    assert paths >= {
        "/",
        "/ws",
        "/ws/stream/{name}",
        "/ws/message/{name}",
        "/api/streams",
        "/api/recordings",
        "/api/devices",
        "/api/system",
        "/api/log",
    }


def test_nothing_else_is_served(server: Server) -> None:
    app = server.page.app._app  # type: ignore[attr-defined]
    assert isinstance(app, Starlette)
    served = {(route.path, method) for route in app.routes for method in getattr(route, "methods", None) or {SOCKET}}  # type: ignore[attr-defined]
    declared = {(way.path, way.method) for way in ways(server)}
    assert {(path, "GET" if method == "HEAD" else method) for path, method in served} == declared


def test_looking_changes_nothing_and_changing_is_not_for_those_who_look(server: Server) -> None:
    changing = [way for way in ways(server) if way.method not in LOOKING]
    assert changing
    assert all(way.role is not None and way.role >= Role.OPERATE for way in changing)
    assert [way.path for way in ways(server) if way.role is None] == ["/health"]


def test_without_a_token_nothing_is_answered(server: Server) -> None:
    for way in ways(server):
        if way.method == SOCKET:
            continue
        expected = 200 if way.role is None else 401
        for shown in ("", "Bearer wrong", f"Basic {TOKEN}", "Bearer ", f"Bearer {TOKEN[:-1]}"):
            assert ask(server, way.method, address(way), {}, Authorization=shown)[0] == expected, way


def test_a_token_in_the_address_opens_nothing_but_the_page(server: Server) -> None:
    for way in ways(server):
        if way.method != SOCKET and way.role is not None and way.path != "/":
            assert ask(server, way.method, f"{address(way)}?token={TOKEN}", {}, Authorization="x")[0] == 401, way


def test_under_other_names_nothing_is_answered(server: Server) -> None:
    for way in ways(server):
        if way.method != SOCKET:
            for host in ("evil.example", "localhost.evil.example", "localhost@evil.example"):
                assert ask(server, way.method, address(way), {}, Host=host)[0] == 421, way


def test_other_pages_get_nothing_not_even_with_the_cookie(server: Server) -> None:
    for way in ways(server):
        if way.method == SOCKET:
            continue
        for origin in ("http://evil.example", "null", f"http://localhost:{server.port + 1}", "file://"):
            cookie = f"framebus={TOKEN}"
            assert ask(server, way.method, address(way), {}, Origin=origin, Cookie=cookie)[0] == 403, way


def test_what_changes_something_needs_more_than_a_cookie(server: Server) -> None:
    """A cookie alone is what another page's form would bring."""
    for way in ways(server):
        if way.method not in LOOKING:
            sent = {"Authorization": "", "Cookie": f"framebus={TOKEN}"}
            request = ask(server, way.method, address(way), {}, **sent)
            assert request[0] in (401, 403), way


@pytest.mark.parametrize("role", list(Role))
def test_each_role_may_what_it_may_and_nothing_more(server: Server, role: Role) -> None:
    for way in ways(server):
        if way.method == SOCKET:
            continue
        status = ask(server, way.method, address(way), [], Authorization=f"Bearer {SECRETS[role]}")[0]
        allowed = way.role is None or role >= way.role
        assert (status not in (401, 403)) == allowed, (way, status)


def test_other_methods_are_refused_everywhere(server: Server) -> None:
    declared = {(way.method, way.path) for way in ways(server)}
    for way in ways(server):
        for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
            if (method, way.path) not in declared:
                assert ask(server, method, address(way), {})[0] in (404, 405), (way, method)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Cookie": f"framebus={TOKEN}"},
        {"Origin": "http://evil.example", "Cookie": f"framebus={TOKEN}"},
        {"Origin": "null", "Authorization": f"Bearer {TOKEN}"},
        {"Authorization": "Bearer wrong"},
    ],
)
def test_no_websocket_opens_for_others(server: Server, headers: dict[str, str]) -> None:
    for way in ways(server):
        if way.method == SOCKET:
            url = f"ws://localhost:{server.port}{address(way)}"
            with pytest.raises(InvalidStatus), connect(url, additional_headers=headers):
                pass


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example"])
def test_no_websocket_opens_under_other_names(server: Server, host: str) -> None:
    for way in ways(server):
        if way.method == SOCKET:
            bearer = {"Authorization": f"Bearer {TOKEN}"}
            url = f"ws://{host}:{server.port}{address(way)}"
            with (
                socket.create_connection(("localhost", server.port)) as line,
                pytest.raises(InvalidStatus),
                connect(url, sock=line, additional_headers=bearer, proxy=None),
            ):
                pass


@pytest.mark.parametrize("role", list(Role))
def test_every_role_may_open_the_websockets_that_are_for_looking(server: Server, role: Role) -> None:
    for way in ways(server):
        if way.method == SOCKET:
            bearer = {"Authorization": f"Bearer {SECRETS[role]}"}
            with connect(f"ws://localhost:{server.port}{address(way)}", additional_headers=bearer):
                assert way.role is Role.VIEW


@pytest.mark.parametrize(
    ("path", "token", "origin", "status", "why"),
    [
        ("/ws/else", TOKEN, None, 404, b"api lists them"),
        ("/ws/stream/..%2f..%2fetc%2fpasswd", TOKEN, None, 404, b"api lists them"),
        ("/api/streams", TOKEN, None, 405, b"GET is"),
        ("/ws", "wrong", None, 401, b"the link is incomplete"),
        ("/ws/message/synthetic", TOKEN, "http://evil.example", 403, b"another web page asked"),
    ],
)
def test_a_websocket_that_is_not_opened_says_why(
    server: Server, path: str, token: str, origin: Origin | None, status: int, why: bytes
) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    with pytest.raises(InvalidStatus) as refused:
        connect(f"ws://localhost:{server.port}{path}", additional_headers=headers, origin=origin)
    assert refused.value.response.status_code == status
    assert why in (refused.value.response.body or b"")


def test_everything_is_in_the_list_and_in_the_documentation(server: Server) -> None:
    documented = DOCUMENTATION.read_text("utf-8")
    for way in ways(server):
        if way.path.startswith(("/api", "/ws/")) or way.path in ("/metrics", "/health"):
            assert way.told, way
            assert f"`{way.called}`" in documented, way.called


def test_each_is_told_what_they_may(server: Server) -> None:
    def listed(token: str) -> str:
        return ask(server, "GET", "/api", Authorization=f"Bearer {token}")[1].decode()

    assert '"role":"view"' in listed(LOOKS)
    assert "POST" not in listed(LOOKS)
    assert "api/log" not in listed(LOOKS)
    assert "POST api/streams/NAME/recording" in listed(OPERATES)
