"""Cameras over HTTP: MJPEG (`multipart/x-mixed-replace`) and still pictures by ourselves, video by FFmpeg."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable, Iterator
from functools import partial

from framebus.codecs import contexts
from framebus.core import clock
from framebus.core.addresses import Url
from framebus.core.contracts import Item, Packets
from framebus.core.errors import BadFrame, Unavailable
from framebus.core.frame import Frame, Packet
from framebus.core.options import check
from framebus.sources.cameras import ffmpeg
from framebus.sources.cameras.camera_feed import Connect, Feed, arrived_now
from framebus.sources.cameras.from_options import name_of_host, open_camera, seconds
from framebus.sources.cameras.http_client import Web, split
from framebus.sources.cameras.jpeg_end import BEGINS
from framebus.sources.cameras.keeper import Camera
from framebus.sources.cameras.multipart import MAX_PART_BYTES, Multipart, Part, boundary_of
from framebus.sources.pace import Pace
from framebus.wire.encodings import from_bytes

STILLS_FPS = 1.0
_PIECE = 1 << 16


def open_source(
    address: Url,
    *,
    stream: str | None = None,
    packets: Packets = False,
    fps: float | str | None = None,
    backend: str | None = None,
    verify: bool | str | None = None,
    deadline: float | str | None = None,
    hwaccel: str | None = None,
    crop: str | None = None,
    turn: int | str | None = None,
    resize: str | None = None,
) -> Camera:
    """The camera at `http://` or `https://`: what it sends tells whether it is MJPEG, a still picture or video.

    fps   how often a still picture is fetched, once a second unless told otherwise; other cameras pace themselves

    Raises `OptionError`, `AddressError`, and `Unavailable` where FFmpeg is asked for and PyAV is missing.
    """
    split(address.text)
    deadline_s = seconds(deadline)
    if check("backend", backend) == "ffmpeg":
        contexts.require_pyav()
        connect_: Connect = partial(ffmpeg.connect, address.text, deadline_s=deadline_s, packets=packets)
    else:
        connect_ = partial(
            connect,
            address.text,
            deadline_s=deadline_s,
            packets=packets,
            fps=STILLS_FPS if fps is None else check("fps", fps),
            verify=check("verify", verify) is not False,
        )
    name, where = stream or name_of_host(address.host), address.text
    return open_camera(
        name, where, connect_, packets=packets, coded=False, hwaccel=hwaccel, crop=crop, turn=turn, resize=resize
    )


def connect(
    url: str, *, deadline_s: float, packets: Packets = False, fps: float = STILLS_FPS, verify: bool = True
) -> Feed:
    """A feed of whatever `url` sends; raises `Unavailable`."""
    web = Web(url, deadline_s=deadline_s, verify=verify)
    try:
        response = web.get()
        kind = response.headers.get_content_type()
        if kind.startswith("multipart/"):
            return WebFeed(web, partial(_multipart, web, response, deadline_s))
        if kind.startswith("image/"):
            pace = Pace(fps)
            return WebFeed(web, partial(_stills, web, response, pace), pace.stop)
    except BaseException:
        web.close()
        raise
    response.close()
    web.close()
    if kind.startswith("text/"):
        raise Unavailable(f"{web.where} sends {kind}, no pictures: is the path that of the video?")
    return ffmpeg.connect(url, deadline_s=deadline_s, packets=packets)


class WebFeed:
    """Pictures of one answer, or of one address asked again and again."""

    def __init__(self, web: Web, items: Callable[[], Iterator[Item]], stop: Callable[[], None] = lambda: None) -> None:
        self._web = web
        self._items = items
        self._stop = stop
        self._lock = threading.Lock()
        self._begun = self._closed = False

    def __iter__(self) -> Iterator[Item]:
        """Pictures as they come; raises `Unavailable`."""
        with self._lock:
            if self._closed:
                return
            self._begun = True
        try:
            yield from self._items()
        except (Unavailable, BadFrame) as error:
            if not self._web.is_cut:
                raise Unavailable(_about(self._web.where, error)) from None
        finally:
            self._web.close()

    def close(self) -> None:
        """End it."""
        self._stop()
        self._web.cut()
        with self._lock:
            self._closed = True
            if not self._begun:
                self._web.close()


def _multipart(web: Web, response: http.client.HTTPResponse, deadline_s: float) -> Iterator[Item]:
    parser = Multipart(boundary_of(response.headers.get("Content-Type", "")))
    started_ns = seen_ns = clock.mono_ns()
    while not parser.ended:
        data = web.read(response, _PIECE, deadline_s - (clock.mono_ns() - seen_ns) * 1e-9)
        if not data:
            raise Unavailable(f"{web.where} closed the connection")
        now_ns = clock.mono_ns()
        for part in parser.feed(data, clock.utc_ns(), now_ns):
            if part.data.startswith(BEGINS):
                seen_ns = now_ns
                yield _packet(part, started_ns)


def _stills(web: Web, response: http.client.HTTPResponse, pace: Pace) -> Iterator[Item]:
    started_ns = clock.mono_ns()
    while pace.wait():
        times = arrived_now()
        data = web.read_all(response, MAX_PART_BYTES + 1)
        if data.startswith(BEGINS):
            yield _packet(Part("", data, times["captured_ns"], times["captured_mono_ns"]), started_ns)
        else:
            content = from_bytes(data)
            yield Frame(content=content, format=content.format, **times)
        response = web.get()


def _packet(part: Part, started_ns: int) -> Packet:
    if len(part.data) > MAX_PART_BYTES:
        raise BadFrame(f"a picture of more than {MAX_PART_BYTES} bytes is refused")
    after_ns = max(0, part.mono_ns - started_ns)
    return Packet(
        data=memoryview(part.data),
        codec="mjpeg",
        key=True,
        pts=after_ns,
        dts=after_ns,
        captured_ns=part.utc_ns,
        captured_mono_ns=part.mono_ns,
        clock=clock.boot_id(),
    )


def _about(where: str, error: Exception) -> str:
    text = str(error)
    return text if text.startswith(where) else f"{where} {text}"
