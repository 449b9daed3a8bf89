"""RTSP cameras: by our own client, which shows each picture when it is whole, or by FFmpeg."""

from __future__ import annotations

import logging
from functools import partial
from typing import Any

from framebus.codecs import contexts
from framebus.core.addresses import Url
from framebus.core.contracts import Packets
from framebus.core.options import check
from framebus.core.redaction import redact
from framebus.sources.cameras import ffmpeg
from framebus.sources.cameras.camera_feed import Connect, Feed
from framebus.sources.cameras.from_options import name_of_host, open_camera, seconds
from framebus.sources.cameras.keeper import Camera
from framebus.sources.rtsp.sdp import NotReadHere

log = logging.getLogger("framebus")


def open_source(
    address: Url,
    *,
    stream: str | None = None,
    packets: Packets = False,
    transport: str | None = None,
    backend: str | None = None,
    verify: bool | str | None = None,
    deadline: float | str | None = None,
    hwaccel: str | None = None,
    crop: str | None = None,
    turn: int | str | None = None,
    resize: str | None = None,
) -> Camera:
    """The RTSP camera at `address`; raises `OptionError`, and `Unavailable` without PyAV where that is needed."""
    how: dict[str, Any] = {"transport": check("transport", transport) or "tcp", "deadline_s": seconds(deadline)}
    if check("backend", backend) == "ffmpeg":
        contexts.require_pyav()
        connect: Connect = partial(ffmpeg.connect, address.text, packets=packets, **how)
    else:
        _check(address)
        connect = Caller(address.text, packets=packets, verify=check("verify", verify) is not False, **how)
    name, where = stream or name_of_host(address.host), address.text
    return open_camera(name, where, connect, packets=packets, hwaccel=hwaccel, crop=crop, turn=turn, resize=resize)


class Caller:
    """Connects by our own client; from the moment on that it cannot read what a camera offers, by FFmpeg."""

    def __init__(self, url: str, *, packets: Packets, **how: Any) -> None:
        self._url = url
        self._packets = packets
        self._how = how
        self._foreign = False

    def __call__(self) -> Feed:
        """A feed; raises `Unavailable`."""
        if not self._foreign:
            try:
                return _own(self._url, **self._how)
            except NotReadHere:
                log.warning("%s: FFmpeg reads it instead of our own client, which cannot", redact(self._url))
                self._foreign = True
        how = {name: self._how[name] for name in ("transport", "deadline_s")}
        return ffmpeg.connect(self._url, packets=self._packets, **how)


def _own(url: str, **how: Any) -> Feed:
    from framebus.sources.rtsp.client import connect

    return connect(url, **how)


def _check(address: Url) -> None:
    """Raise `AddressError` where the address is none, before anybody waits for it."""
    from framebus.sources.rtsp.target import parse

    parse(address.text)
