"""Who is let in: the attack matrix."""

from __future__ import annotations

import pytest

from framebus.web.guard import Guard, Request, own_names

TOKEN = "a-token-of-32-letters-0123456789"  # noqa: S105
GUARD = Guard(TOKEN, ["desk", "desk.local"])
OURS = ("host", "localhost:8080")
COOKIE = ("cookie", f"other=1; framebus={TOKEN}")
BEARER = ("authorization", f"Bearer {TOKEN}")


def status(*headers: tuple[str, str], path: str = "/api/streams", query: str = "", socket: bool = False) -> int:
    refusal = GUARD.refusal(Request(path, query, headers, socket))
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
    assert status(OURS, COOKIE, ("origin", origin), path="/ws", socket=socket) == 403


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
    guard = Guard(None)
    assert guard.refusal(Request("/api", "", [OURS])) is None
    assert guard.refusal(Request("/api", "", [("host", "evil.example")])) is not None
    assert guard.refusal(Request("/ws", "", [OURS, ("origin", "http://evil.example")], True)) is not None


def test_this_machine_has_names() -> None:
    assert own_names()
