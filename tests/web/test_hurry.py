"""A camera is read at leisure while nobody looks: it costs little, and whoever comes is shown it at once."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from framebus.sources.rtsp.rtsp_feed import RtspFeed
from framebus.testing.camera import TestCamera
from framebus.web.page_messages import Watch
from framebus.web.sights import Sight
from framebus.web.wall import Wall

pytest.importorskip("av")


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """What the connection is told of who waits for it."""
    said: list[bool] = []
    hurry = RtspFeed.hurry

    def noted(feed: RtspFeed, wanted: bool) -> None:
        said.append(wanted)
        hurry(feed, wanted)

    monkeypatch.setattr(RtspFeed, "hurry", noted)
    return said


@contextlib.asynccontextmanager
async def wall_of(camera: TestCamera) -> AsyncIterator[Wall]:
    wall = Wall([camera.url], {})
    wall.begin()
    try:
        yield wall
    finally:
        wall.rest()
        await asyncio.to_thread(wall.close)


async def until_told(camera: TestCamera, told: list[bool], wanted: bool) -> None:
    """It takes pictures until that is what was said last."""
    async with asyncio.timeout(30):
        while not told or told[-1] is not wanted:
            await asyncio.to_thread(camera.shoot)


def test_who_looks_hurries_the_camera_and_who_leaves_does_no_longer(told: list[bool]) -> None:
    async def look() -> None:
        with TestCamera(fps=0) as camera:
            async with wall_of(camera) as wall:
                await until_told(camera, told, False)
                sight = Sight(Watch(tile=0, stream="127.0.0.1", how="webcodecs"), lambda: None)
                wall.see(sight)
                assert told[-1], "it is told when somebody comes, not with the next picture"
                wall.leave(sight)
                await until_told(camera, told, False)

    asyncio.run(look())


def test_what_is_recorded_is_read_as_it_comes(told: list[bool]) -> None:
    async def record() -> None:
        with TestCamera(fps=0) as camera:
            async with wall_of(camera) as wall:
                await until_told(camera, told, False)
                wall.taps["127.0.0.1"] = lambda item: None
                await until_told(camera, told, True)

    asyncio.run(record())
