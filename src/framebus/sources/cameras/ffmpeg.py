"""Cameras read by FFmpeg (PyAV): RTMP, SRT, UDP, video over HTTP, and every RTSP camera that ours does not know."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from framebus.codecs import contexts
from framebus.codecs.decoding import DAMAGED
from framebus.core.addresses import Url
from framebus.core.contracts import Item, Packets
from framebus.core.errors import Unavailable
from framebus.core.frame import NO_META, Frame, Packet
from framebus.core.redaction import redact
from framebus.sources.cameras.camera_feed import Feed, arrived_now
from framebus.sources.cameras.from_options import name_of_host, open_camera, seconds
from framebus.sources.cameras.keeper import Camera
from framebus.sources.cameras.pumped import PumpedFeed
from framebus.wire.annexb import parameter_sets

CODECS = {"h264": "h264", "hevc": "h265", "mjpeg": "mjpeg"}
"""What FFmpeg calls the codecs that are passed on as packets; others are decoded at once."""
_TO_ANNEX_B = {"h264": "h264_mp4toannexb", "h265": "hevc_mp4toannexb"}
_START_CODES = (b"\0\0\1", b"\0\0\0\1")

# `fflags=nobuffer` is left out on purpose: it throws away what was read while probing, the first key frame with it
_AT_ONCE = {"probesize": "32", "analyzeduration": "0", "fpsprobesize": "0"}
_SHORTLY = {"probesize": "500000", "analyzeduration": "500000", "fpsprobesize": "0"}
_REORDER = {"max_delay": "100000", "reorder_queue_size": "64"}


def open_source(
    address: Url,
    *,
    stream: str | None = None,
    packets: Packets = False,
    deadline: float | str | None = None,
    hwaccel: str | None = None,
    crop: str | None = None,
    turn: int | str | None = None,
    resize: str | None = None,
) -> Camera:
    """The camera or stream at `rtmp://`, `rtmps://`, `srt://` or `udp://`, read by FFmpeg.

    Raises `OptionError`, and `Unavailable` without PyAV.
    """
    contexts.require_pyav()
    connect_ = partial(connect, address.text, deadline_s=seconds(deadline), packets=packets)
    name, where = stream or name_of_host(address.host), address.text
    return open_camera(name, where, connect_, packets=packets, hwaccel=hwaccel, crop=crop, turn=turn, resize=resize)


def connect(
    url: str, *, deadline_s: float, packets: Packets, transport: str = "tcp", options: Mapping[str, str] | None = None
) -> Feed:
    """A feed of the first video track at `url`; raises `Unavailable`.

    H.264, H.265 and MJPEG come as packets, anything else as pictures, or not at all where `packets` are wanted.
    """
    container = opened(url, deadline_s, {**_options(url, transport), **(options or {})})
    try:
        track = container.streams.video[0]
        items = items_of(container, track, redact(url), packets=packets)
    except BaseException:
        container.close()
        raise
    return PumpedFeed(items, container.close, deadline_s=deadline_s, name=name_of_host(Url(url).host))


def opened(place: str, deadline_s: float, options: Mapping[str, str], format: str | None = None) -> Any:
    """The PyAV container at `place`, with a video track; raises `Unavailable`."""
    import av
    import av.error

    try:
        container = av.open(place, format=format, options=dict(options), timeout=(deadline_s, deadline_s))
    except av.error.FFmpegError as error:
        raise Unavailable(f"{redact(place)} {_explained(error, deadline_s)}") from None  # its text holds the address
    if not container.streams.video:
        container.close()
        raise Unavailable(f"{redact(place)} sends no video")
    return container


def _options(url: str, transport: str) -> dict[str, str]:
    if not url.lower().startswith(("rtsp:", "rtsps:")):
        return _SHORTLY
    own = {"rtsp_transport": transport, "allowed_media_types": "video"}
    return {**_AT_ONCE, **own, **(_REORDER if transport == "udp" else {})}


def items_of(container: Any, track: Any, where: str, *, packets: Packets) -> Iterator[Item]:
    """What comes from `track`: packets where its codec travels, pictures otherwise; raises `Unavailable`.

    Its iteration raises `Unavailable`, too; `where` is the place for people, without credentials.
    """
    name = track.codec_context.name if track.codec_context is not None else "an unknown codec"
    codec = CODECS.get(name)
    if codec is not None:
        return _translated(_packets(container, track, codec), where)
    if packets is True:
        raise Unavailable(f"{where} sends {name}, which does not travel as packets: leave out packets=True (--packets)")
    return _translated(_pictures(container, track), where)


def _translated(items: Iterator[Item], where: str) -> Iterator[Item]:
    import av.error

    try:
        yield from items
    except av.error.FFmpegError as error:
        raise Unavailable(f"{where} broke off: {error.strerror}") from None


def _packets(container: Any, track: Any, codec: str) -> Iterator[Packet]:
    extradata = bytes(track.codec_context.extradata or b"")
    config = extradata if extradata.startswith(_START_CODES) else b""
    annex_b = _filter(track, codec)
    scale = float(track.time_base) * 1e9
    for raw in container.demux(track):
        if raw.size == 0:
            continue
        times = arrived_now()
        for unit in annex_b.filter(raw) if annex_b is not None else (raw,):
            data = bytes(unit)
            if unit.is_keyframe and annex_b is not None:
                config = parameter_sets(data, codec) or config
            pts = int((unit.pts if unit.pts is not None else unit.dts or 0) * scale)
            yield Packet(
                data=memoryview(data),
                codec=codec,
                key=codec == "mjpeg" or unit.is_keyframe,
                pts=pts,
                dts=int(unit.dts * scale) if unit.dts is not None else pts,
                config=config,
                meta=DAMAGED if unit.is_corrupt else NO_META,
                **times,
            )


def _filter(track: Any, codec: str) -> Any:
    """What turns length-prefixed units, as they lie in files and RTMP, into Annex B; None where nothing has to."""
    from av.bitstream import BitStreamFilterContext

    return BitStreamFilterContext(_TO_ANNEX_B[codec], track) if codec in _TO_ANNEX_B else None


def _pictures(container: Any, track: Any) -> Iterator[Frame]:
    from framebus.codecs.planes import picture

    for decoded in container.decode(track):
        array, format = picture(decoded)
        meta = DAMAGED if decoded.is_corrupt else NO_META
        yield Frame(content=array, format=format, meta=meta, **arrived_now())


def _explained(error: Any, deadline_s: float) -> str:
    import av.error

    if isinstance(error, av.error.HTTPUnauthorizedError | av.error.HTTPForbiddenError):
        return "refuses the user or the password"
    if isinstance(error, av.error.HTTPNotFoundError):
        return "has nothing under this path"
    if isinstance(error, av.error.ExitError):
        return f"did not answer within {deadline_s:g} s"
    return f"cannot be read: {error.strerror}"
