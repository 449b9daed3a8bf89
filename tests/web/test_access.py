"""Who is let in: the attack matrix."""

from __future__ import annotations

import pytest

from framebus.web.access import Guard, Request, own_names
from framebus.web.ways import SOCKET, Role, Way, Ways

TOKEN = "a-token-of-32-letters-0123456789"  # noqa: S105
LOOKS = "another-token-for-those-who-look"
WAYS = Ways(
    [
        Way("GET", "/", Role.VIEW, print),
        Way("GET", "/health", None, print),
        Way("GET", "/api/streams", Role.VIEW, print, "all of them"),
        Way("POST", "/api/streams/{name}/recording", Role.OPERATE, print, "record"),
        Way("DELETE", "/api/everything", Role.ADMIN, print, "away with it"),
        Way(SOCKET, "/ws", Role.VIEW, print),
    ]
)
GUARD = Guard({TOKEN: Role.ADMIN, LOOKS: Role.VIEW}, WAYS, ["desk", "desk.local"])
OURS = ("host", "localhost:8080")
COOKIE = ("cookie", f"other=1; framebus={TOKEN}")
BEARER = ("authorization", f"Bearer {TOKEN}")


def status(
    *headers: tuple[str, str],
    path: str = "/api/streams",
    query: str = "",
    socket: bool = False,
    method: str = "GET",
) -> int:
    refusal = GUARD.refusal(Request(SOCKET if socket else method, path, query, headers))
    return 200 if refusal is None else refusal.status


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:8080", "127.0.0.1:8080", "[::1]:8080", "192.168.1.5", "desk:8080", "desk.local"]
)
def test_this_machine_is_known_by_its_names_and_addresses(host: str) -> None:
    assert status(("host", host), BEARER) == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example:8080",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "localhost@evil.example",
        "evil.example/localhost",
        "desk.evil",
        "",
        "localhost:8080x",
        "[::1",
        "0x7f.1.evil",
    ],
)
def test_a_page_that_reaches_us_under_its_own_name_gets_nothing(host: str) -> None:
    assert status(("host", host), BEARER, COOKIE) == 421


def test_one_host_is_needed_and_no_more() -> None:
    assert status(BEARER) == 421
    assert status(OURS, ("host", "evil.example"), BEARER) == 421


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "null",
        "http://localhost:9999",
        "http://localhost",
        "file://",
        "https://evil.localhost:8080",
    ],
)
@pytest.mark.parametrize("socket", [True, False])
def test_other_pages_of_the_same_browser_get_nothing(origin: str, socket: bool) -> None:
    assert status(OURS, COOKIE, ("origin", origin), path="/ws" if socket else "/", socket=socket) == 403


def test_our_own_page_opens_its_websocket() -> None:
    assert status(OURS, COOKIE, ("origin", "http://localhost:8080"), path="/ws", socket=True) == 200


def test_programs_open_a_websocket_with_the_token_and_without_an_origin() -> None:
    assert status(OURS, BEARER, path="/ws", socket=True) == 200
    assert status(OURS, COOKIE, path="/ws", socket=True) == 403


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("cookie", "framebus=")],
        [("cookie", f"framebus={TOKEN[:-1]}")],
        [("cookie", f"framebus2={TOKEN}")],
        [("authorization", "Bearer nothing")],
        [("authorization", f"Basic {TOKEN}")],
        [("cookie", "framebus=\u00e9\u00e9")],
    ],
)
def test_without_the_token_nothing_is_shown(headers: list[tuple[str, str]]) -> None:
    assert status(OURS, *headers) == 401
    assert status(OURS, *headers, path="/") == 401
    assert status(OURS, *headers, path="/nothing") == 401


def test_the_token_in_the_link_opens_the_page_and_nothing_else() -> None:
    assert status(OURS, path="/", query=f"token={TOKEN}") == 200
    assert status(OURS, path="/api/streams", query=f"token={TOKEN}") == 401
    assert status(OURS, ("origin", "http://localhost:8080"), path="/", query=f"token={TOKEN}", socket=True) == 401


def test_health_needs_no_token_but_the_right_host() -> None:
    assert status(OURS, path="/health") == 200
    assert status(("host", "evil.example"), path="/health") == 421


def test_without_a_token_hosts_and_origins_are_looked_at_all_the_same() -> None:
    guard = Guard({}, WAYS)
    assert guard.refusal(Request("GET", "/api/streams", "", [OURS])) is None
    assert guard.refusal(Request("GET", "/api/streams", "", [("host", "evil.example")])) is not None
    assert guard.refusal(Request(SOCKET, "/ws", "", [OURS, ("origin", "http://evil.example")])) is not None


def test_without_a_token_everybody_may_look_and_nobody_more() -> None:
    guard = Guard({}, WAYS)
    recording = Request("POST", "/api/streams/door/recording", "", [OURS, ("origin", "http://localhost:8080")])
    refusal = guard.refusal(recording)
    assert refusal is not None
    assert refusal.status == 403


def test_a_token_may_what_its_role_may() -> None:
    ours = ("origin", "http://localhost:8080")
    looks = ("cookie", f"framebus={LOOKS}")
    recording = "/api/streams/door/recording"
    assert status(OURS, looks) == 200
    assert status(OURS, looks, ours, path=recording, method="POST") == 403
    assert status(OURS, COOKIE, ours, path=recording, method="POST") == 200
    assert status(OURS, looks, BEARER, ours, path=recording, method="POST") == 200
    assert status(OURS, looks, ours, path="/api/everything", method="DELETE") == 403


def test_what_changes_something_needs_an_origin_or_a_program() -> None:
    recording = "/api/streams/door/recording"
    assert status(OURS, COOKIE, path=recording, method="POST") == 403
    assert status(OURS, BEARER, path=recording, method="POST") == 200
    assert status(OURS, COOKIE, ("origin", "http://evil.example"), path=recording, method="POST") == 403


@pytest.mark.parametrize("path", ["/nothing", "/api/streams/", "/api/streams/a/b/recording", "/ws/x", "//", ""])
def test_what_nobody_declared_is_refused(path: str) -> None:
    assert status(OURS, BEARER, path=path) == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "FOO"])
def test_so_are_other_methods(method: str) -> None:
    assert status(OURS, BEARER, method=method) == 405


def test_heads_are_looked_at_like_the_whole() -> None:
    assert status(OURS, BEARER, method="HEAD") == 200
    assert status(OURS, method="HEAD") == 401
    assert status(OURS, BEARER, path="/api/streams/a/recording", method="HEAD") == 405


def test_a_list_tells_each_what_they_may() -> None:
    assert set(WAYS.listed(Role.VIEW)) == {"api/streams"}
    assert set(WAYS.listed(Role.OPERATE)) == {"api/streams", "POST api/streams/NAME/recording"}
    assert set(WAYS.listed(Role.ADMIN)) == {*WAYS.listed(Role.OPERATE), "DELETE api/everything"}


def test_this_machine_has_names() -> None:
    assert own_names()
