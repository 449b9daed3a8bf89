"""One open page, as its websocket sees it."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from framebus.web.viewer import Viewer


class Silent:
    """A page that says nothing, to which nothing can be sent."""

    async def receive(self) -> str | bytes | None:
        await asyncio.Event().wait()
        return None

    async def send(self, message: str | bytes) -> None:
        raise RuntimeError("it cannot be sent")


class Empty:
    """As much of a wall as a viewer without tiles needs."""

    def __init__(self) -> None:
        self.viewers: set[Viewer] = set()

    def listing(self) -> str:
        return "{}"


def test_what_breaks_while_sending_ends_the_page_and_is_said() -> None:
    wall = Empty()

    async def talk() -> None:
        await asyncio.wait_for(Viewer(cast(Any, wall)).serve(Silent()), 30)

    with pytest.raises(RuntimeError, match="cannot be sent"):
        asyncio.run(talk())
    assert wall.viewers == set()
