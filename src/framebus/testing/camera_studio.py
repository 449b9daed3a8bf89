"""A test camera at work, in its own thread: listens, takes pictures in time, shows them to all who view."""

from __future__ import annotations

import asyncio
import inspect
import secrets
import ssl
from collections.abc import Callable, Mapping, Sequence

from framebus.core import clock
from framebus.sources.rtsp.target import Credentials
from framebus.testing.camera_pictures import Encoder, Reel
from framebus.testing.camera_rtsp import Conversation, Described, Rules
from framebus.testing.camera_viewer import Viewer

Listening = Callable[[int], None]


class Studio:
    """What a camera has and does. All but `serve` is called in the thread in which that runs."""

    def __init__(
        self,
        reels: Mapping[str, Reel],
        fps: float,
        gop: int,
        *,
        credentials: Credentials | None,
        login: str,
        transports: set[str],
        session_timeout_s: int,
    ) -> None:
        self.reels = dict(reels)
        for reel in self.reels.values():
            _ = reel.sets  # known before the first picture
        self.requests: list[tuple[str, str]] = []
        self.reports = 0
        self.rules = Rules(
            describe=self._described,
            credentials=credentials,
            login=login,
            transports=transports,
            session_timeout_s=session_timeout_s,
            moved={},
            nonce=secrets.token_hex(16),
            asked=lambda method, target: self.requests.append((method, target)),
            reported=self._count_report,
            sessions={},
        )
        self._fps = fps
        self._gop = gop
        self._talks: set[Conversation] = set()
        self._stop = asyncio.Event()

    async def serve(self, host: str, port: int, tls: ssl.SSLContext | None, listening: Listening) -> None:
        """Until `stop`; `listening(port)` is told when it does. Raises `OSError` when the port is taken."""
        self._stop = asyncio.Event()
        self.rules.over = False
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Conversation(self.rules, self._talks), host, port, ssl=tls)
        listening(server.sockets[0].getsockname()[1])
        pace = asyncio.create_task(self._pace()) if self._fps else None
        await self._stop.wait()
        if pace is not None:
            pace.cancel()
        self.rules.over = True
        while _somebody_enters():
            await asyncio.sleep(0)
        server.close()
        while self._talks:
            self.cut()
            await asyncio.sleep(0)

    def stop(self) -> None:
        """End `serve`."""
        self._stop.set()

    def shoot(self, count: int) -> None:
        """Take and show pictures now."""
        for _ in range(count):
            for path in self.reels:
                self._show(path)

    def change(self, paths: Sequence[str], size: str) -> None:
        """Another size, the numbers going on."""
        for path in paths:
            old = self.reels[path]
            number = old.number if isinstance(old, Encoder) else 0
            self.reels[path] = encoder = Encoder(old.codec, size, self._fps, self._gop, number)
            _ = encoder.sets  # told to who comes before the next picture

    def spoil(self, fault: str, packets: int) -> None:
        """Set one of the `Faults` for everybody."""
        for viewer in self._viewers():
            setattr(viewer.faults, fault, packets)

    def hang(self, hangs: bool) -> None:
        """Be silent, or go on."""
        self.rules.mute = hangs
        for viewer in self._viewers():
            viewer.started = False

    def cut(self) -> None:
        """Break all connections."""
        for talk in list(self._talks):
            talk.cut()

    def say_goodbye(self) -> None:
        """Tell everybody that it ends."""
        for viewer in self._viewers():
            viewer.goodbye()

    def forget_sessions(self) -> None:
        """Know nobody any more."""
        for viewer in self._viewers():
            viewer.way.close()
        self.rules.sessions.clear()

    async def _pace(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            if not self.rules.mute:
                self.shoot(1)
            due = max(due + 1 / self._fps, loop.time() - 1 / self._fps)
            await asyncio.sleep(max(0.0, due - loop.time()))

    def _show(self, path: str) -> None:
        viewers = [viewer for viewer in self._viewers() if viewer.path == path and viewer.playing]
        if not viewers:
            return
        picture = self.reels[path].next(key=not all(viewer.started for viewer in viewers))
        captured_ns = picture.captured_ns or clock.utc_ns()
        for viewer in viewers:
            viewer.show(picture, captured_ns)

    def _described(self, path: str) -> Described | None:
        reel = self.reels.get(path)
        return None if reel is None else Described(reel.codec, reel.sets)

    def _viewers(self) -> list[Viewer]:
        return list(self.rules.sessions.values())

    def _count_report(self) -> None:
        self.reports += 1


def _somebody_enters() -> bool:
    """Whether asyncio has accepted a connection and not begun with it: a server closed then leaves its socket open."""
    coming = (task.get_coro() for task in asyncio.all_tasks())
    return any(inspect.iscoroutine(one) and inspect.getcoroutinestate(one) == inspect.CORO_CREATED for one in coming)
