"""`api/system`: what the process that runs a page tells, to whoever may look."""

from __future__ import annotations

import json

import pytest

from tests.web.conftest import Serve, get

pytest.importorskip("starlette")

from framebus.web.system_part import System
from framebus.web.ways import Role


def test_what_was_told_is_handed_on_as_it_came(serve: Serve) -> None:
    system = System()
    server = serve("synthetic:", fps=5, parts=[system])
    status, answer, _ = get(server, "/api/system")
    assert (status, json.loads(answer)) == (409, {"error": "the system has just begun: ask again in a second"})
    system.told = b'{"file":"yard.toml","parts":[]}'
    status, answer, headers = get(server, "/api/system")
    assert (status, answer) == (200, b'{"file":"yard.toml","parts":[]}')
    assert headers["content-type"] == "application/json"


def test_it_is_listed_for_those_who_may_look() -> None:
    (way,) = System().ways()
    assert (way.called, way.role) == ("api/system", Role.VIEW)
    assert way.told


def test_a_page_that_runs_alone_has_none_and_says_so(serve: Serve) -> None:
    server = serve("synthetic:", fps=5)
    status, answer, _ = get(server, "/api/system")
    assert status == 404
    assert b"there is no such address: api lists them" in answer
    assert b"api/system" not in get(server, "/api")[1]
