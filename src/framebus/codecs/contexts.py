"""FFmpeg's decoders for one stream: in hardware where that is asked for and works, in software otherwise."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

from framebus.core.errors import BadFrame, OptionError, Unavailable
from framebus.core.options import nearest

log = logging.getLogger("framebus")

NAMES = {"h264": "h264", "h265": "hevc"}
"""Codecs of packets that are decoded here, and what FFmpeg calls them."""
AUTO = "auto"


def open_context(codec: str, config: bytes, hwaccel: str | None = None) -> Any:
    """A PyAV `CodecContext` that hands out each picture as soon as it is whole.

    `config` are parameter sets in Annex B. Raises `BadFrame` for other codecs, `OptionError` for a `hwaccel` that this
    FFmpeg does not have, `Unavailable` without PyAV.
    """
    if codec not in NAMES:
        raise BadFrame(f"coded video {codec!r} cannot be decoded here: known are {', '.join(NAMES)} and mjpeg")
    require_pyav()
    for device in _devices(hwaccel):
        context = _in_hardware(codec, config, device)
        if context is not None:
            return context
    if hwaccel is not None:
        log.warning("no hardware decodes %s by %s here: it is decoded in software", codec, hwaccel)
    return _prepared(codec, config)


def check_hwaccel(hwaccel: str | None) -> None:
    """Raise what `open_context` would: `OptionError` for a way that this FFmpeg does not have."""
    if hwaccel is not None:
        require_pyav()
        _devices(hwaccel)


def require_pyav() -> None:
    """Raise `Unavailable` naming the extra where PyAV is not installed."""
    try:
        import av  # noqa: F401  (whether it can be imported is the question)
    except ImportError as error:
        raise Unavailable("coded video needs the package av: pip install 'framebus[video]'") from error


def _devices(hwaccel: str | None) -> Iterable[str]:
    if hwaccel is None:
        return ()
    from av.codec.hwaccel import hwdevices_available

    known = hwdevices_available()
    if hwaccel == AUTO:
        return tuple(known)
    if hwaccel not in known:
        raise OptionError(f"hwaccel={hwaccel!r} is not in this FFmpeg: {nearest(hwaccel, [AUTO, *known])}")
    return (hwaccel,)


def _in_hardware(codec: str, config: bytes, device: str) -> Any:
    """A context that decodes on `device`, or None where there is none such, or not for this codec."""
    from av.codec.hwaccel import HWAccel

    try:
        context = _prepared(codec, config, hwaccel=HWAccel(device_type=device, allow_software_fallback=False))
    except (OSError, RuntimeError, NotImplementedError, ValueError):  # as FFmpeg and PyAV say that it is not there
        return None
    return context if context.is_hwaccel else None


def _prepared(codec: str, config: bytes, **how: Any) -> Any:
    from av.codec.context import CodecContext, Flags

    context = CodecContext.create(NAMES[codec], "r", **how)
    context.thread_count = 1  # threads over frames hold pictures back, and a camera needs a part of one core
    context.flags |= Flags.low_delay
    context.options = {"err_detect": "aggressive"}  # else H.264 that ends where it should not passes for good
    if config:
        context.extradata = config
    context.open()
    return context
