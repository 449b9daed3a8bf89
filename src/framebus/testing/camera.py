"""A camera for tests: RTSP on this machine, with pictures that can be checked and faults on cue.

from framebus.testing.camera import TestCamera

with TestCamera(size="640x480", fps=30) as camera:
    for frame in fb.open(camera.url):
        number, captured_ns = framebus.sources.stamp.read(frame.image)
        …
        camera.drop(3)        # the next three packets get lost
"""

from __future__ import annotations

import asyncio
import secrets
import ssl
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from framebus.core.errors import Closed, OptionError, Unavailable
from framebus.sources.pace import parse_fps
from framebus.sources.rtsp.target import Credentials
from framebus.testing.camera_pictures import CodedPicture, Encoder, Loop, Reel, clip_of
from framebus.testing.camera_studio import Studio

LOGINS = ("digest", "digest-sha256", "basic")
TRANSPORTS = ("tcp", "udp")
_PATIENCE_S = 60.0


class TestCamera:
    """An RTSP server with one camera, or as many as it has paths; a context manager, also opened by `open()`.

    size       `WIDTHxHEIGHT` of the pictures it makes
    fps        pictures per second; 0: only on cue, by `shoot()`
    gop        every so many pictures one is a key frame; a new viewer gets one at once
    codec      `h264` or `h265`
    paths      what it shows, `("cam",)`; or a size for each: `{"main": "1280x720", "sub": "320x240"}`
    pictures   show these again and again instead (see `framebus.testing.camera_pictures.encode`): costs nothing
    clip       show a video file again and again instead
    user, password, login   whom it lets in, by `digest` (MD5), `digest-sha256` or `basic`
    transports     what it sends over, of `tcp` and `udp`
    port           0: a free one, kept when it is closed and opened again
    session_timeout_s   the patience it announces
    tls            its certificate: it is an `rtsps://` camera then

    Pictures it makes carry their number and capture time in the pixels (`framebus.sources.stamp.read`) and show their
    capture time on the camera's clock in RTP. Needs PyAV unless `pictures` are given. Raises `OptionError`,
    `Unavailable`. All methods may be called from any thread; the effect is there when they return.
    """

    __test__ = False  # pytest: no test class

    def __init__(
        self,
        *,
        size: str = "320x240",
        fps: float = 25,
        gop: int = 25,
        codec: str = "h264",
        paths: Sequence[str] | Mapping[str, str] = ("cam",),
        pictures: Sequence[CodedPicture] | None = None,
        clip: str | Path | None = None,
        user: str = "",
        password: str = "",
        login: str = "digest",
        transports: Sequence[str] = TRANSPORTS,
        host: str = "127.0.0.1",
        port: int = 0,
        session_timeout_s: int = 60,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        _check("login", login, LOGINS)
        for transport in transports:
            _check("transports", transport, TRANSPORTS)
        self.host = host
        self.port = port
        self._tls = tls
        self._user, self._password = user, password
        self._studio = Studio(
            _reels(_sizes(paths, size), clip_of(clip) if clip is not None else pictures, codec, parse_fps(fps), gop),
            parse_fps(fps),
            gop,
            credentials=Credentials(user, password) if user else None,
            login=login,
            transports=set(transports),
            session_timeout_s=session_timeout_s,
        )
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._refusal: OSError | None = None

    def __enter__(self) -> TestCamera:
        self.open()
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @property
    def requests(self) -> list[tuple[str, str]]:
        """Every request so far: method and address."""
        return list(self._studio.requests)

    @property
    def reports(self) -> int:
        """How many receiver reports came."""
        return self._studio.reports

    # addresses -----------------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """The address of the first path, with user and password where there are some."""
        return self.url_of(next(iter(self._studio.reels)))

    def url_of(self, path: str, *, user: str | None = None, password: str | None = None) -> str:
        """The address of a path; `user` and `password` other than the right ones, on purpose."""
        user = self._user if user is None else user
        password = self._password if password is None else password
        scheme = "rtsps" if self._tls else "rtsp"
        login = f"{quote(user, safe='')}:{quote(password, safe='')}@" if user else ""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{scheme}://{login}{host}:{self.port}/{path}"

    # life ----------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Listen, on the same port as before where there was one. Raises `Unavailable` when it is taken."""
        if self._thread is not None:
            return
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(ready,), name="framebus-camera")
        self._thread.start()
        ready.wait()
        if self._refusal is not None:
            refusal, self._refusal = self._refusal, None
            self._join()
            raise Unavailable(f"the test camera cannot listen on {self.host}:{self.port}: {refusal}") from refusal

    def close(self) -> None:
        """Switch it off: connections are cut and the port is free; idempotent."""
        if self._thread is not None and self._loop is not None:
            self._loop.call_soon_threadsafe(self._studio.stop)
            self._join()

    # cues ----------------------------------------------------------------------------------------------

    def shoot(self, count: int = 1) -> None:
        """Take pictures now and send them to all who view."""
        self._do(self._studio.shoot, count)

    def drop(self, packets: int = 1) -> None:
        """Lose the next packets of each viewer."""
        self._do(self._studio.spoil, "drop", packets)

    def corrupt(self, packets: int = 1, *, spare: int = 0) -> None:
        """Damage the next packets of each viewer, but for the first `spare` bytes of what they carry.

        With 0 a reader of packets can tell; with 16 or more only a decoder can.
        """
        self._do(self._studio.spoil, "spare", spare)
        self._do(self._studio.spoil, "corrupt", packets)

    def reorder(self, packets: int = 1) -> None:
        """Let each of the next packets be overtaken by the one after it."""
        self._do(self._studio.spoil, "swap", packets)

    def stall(self) -> None:
        """Hang: connections stay, nothing is sent, no request is answered."""
        self._do(self._studio.hang, True)

    def resume(self) -> None:
        """Go on after `stall()`, with a key frame. Requests that came meanwhile are not answered any more."""
        self._do(self._studio.hang, False)

    def cut(self) -> None:
        """Break all connections; new ones are welcome."""
        self._do(self._studio.cut)

    def goodbye(self) -> None:
        """Tell all viewers that the stream ends (RTCP)."""
        self._do(self._studio.say_goodbye)

    def forget_sessions(self) -> None:
        """As after a fault inside: no more pictures for those who view, and 454 for what they ask."""
        self._do(self._studio.forget_sessions)

    def forget_nonce(self) -> None:
        """Proofs made so far are out of date (Digest)."""
        self._do(setattr, self._studio.rules, "nonce", secrets.token_hex(16))

    def refuse(self, *transports: str) -> None:
        """From now on refuse these (`tcp`, `udp`) with 461, and no others."""
        for transport in transports:
            _check("transport", transport, TRANSPORTS)
        self._do(setattr, self._studio.rules, "transports", set(TRANSPORTS) - set(transports))

    def move(self, path: str, url: str) -> None:
        """From now on send those who ask for `path` to another address."""
        self._do(self._studio.rules.moved.update, {path: url})

    def change(self, size: str, path: str | None = None) -> None:
        """Another picture size from the next picture on, of one path or all. Raises `OptionError` for clips."""
        paths = list(self._studio.reels) if path is None else [path]
        if not all(isinstance(self._studio.reels.get(path), Encoder) for path in paths):
            raise OptionError("there are no pictures of its own to change: clips keep their size, paths have to exist")
        self._do(self._studio.change, paths, size)

    # inside --------------------------------------------------------------------------------------------

    def _run(self, ready: threading.Event) -> None:
        """The camera's thread."""

        def listening(port: int) -> None:
            self.port = port
            self._loop = asyncio.get_running_loop()
            ready.set()

        try:
            asyncio.run(self._studio.serve(self.host, self.port, self._tls, listening))
        except OSError as error:
            self._refusal = error
        finally:
            ready.set()

    def _do(self, what: Callable[..., object], *arguments: object) -> None:
        """Have the camera's thread do it, and wait."""
        if self._loop is None or self._thread is None:
            raise Closed("the test camera is closed: open() it first")

        async def done() -> None:
            what(*arguments)

        asyncio.run_coroutine_threadsafe(done(), self._loop).result(_PATIENCE_S)

    def _join(self) -> None:
        if (thread := self._thread) is not None:
            thread.join()
        self._thread = self._loop = None


def _check(option: str, value: str, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise OptionError(f"{option}={value!r} does not exist: give {', '.join(allowed)}")


def _sizes(paths: Sequence[str] | Mapping[str, str], size: str) -> dict[str, str]:
    return dict(paths) if isinstance(paths, Mapping) else dict.fromkeys(paths, size)


def _reels(
    sizes: Mapping[str, str], looped: Sequence[CodedPicture] | None, codec: str, fps: float, gop: int
) -> dict[str, Reel]:
    if looped is not None:
        return {path: Loop(looped) for path in sizes}
    return {path: Encoder(codec, size, fps, gop) for path, size in sizes.items()}
