"""Whose loop serves the page."""

from __future__ import annotations

import asyncio
import sys

import pytest

from framebus.web import event_loop


def where_it_ran() -> str:
    places: list[str] = []

    async def look() -> None:
        places.append(type(asyncio.get_running_loop()).__module__.partition(".")[0])

    event_loop.run(look())
    [place] = places
    return place


@pytest.mark.skipif(sys.platform == "win32", reason="NOT TESTED: uvloop does not exist for Windows")
def test_it_is_uvloops_where_that_is_installed() -> None:
    assert where_it_ran() == "uvloop"


def test_it_is_pythons_own_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvloop", None)
    assert where_it_ran() == "asyncio"
