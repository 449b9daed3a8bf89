"""Webcams through FFmpeg (PyAV): V4L2 on Linux, AVFoundation on macOS, DirectShow on Windows."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

from framebus.core.contracts import Packets
from framebus.core.errors import Unavailable
from framebus.sources.cameras import ffmpeg
from framebus.sources.cameras.camera_feed import Feed
from framebus.sources.cameras.pumped import LINGER_S, PumpedFeed

FORMATS = {"mjpeg": "mjpeg", "h264": "h264", "yuyv": "yuyv422"}
"""What FFmpeg calls the formats of webcams."""
USUAL_FPS = 30


def connect(
    index: int,
    *,
    deadline_s: float,
    size: tuple[int, int] | None = None,
    fps: float | None = None,
    input_format: str | None = None,
    packets: Packets = False,
) -> Feed:
    """A feed of webcam number `index`; raises `Unavailable`.

    MJPEG is asked for first, since USB carries few raw pictures a second; it is passed on as it comes.
    """
    driver, device = _device(index)
    container = None
    for options in _tries(driver, input_format, size, fps):
        try:
            container = ffmpeg.opened(device, deadline_s, options, driver)
            break
        except Unavailable as error:
            refusal = error
    if container is None:
        raise Unavailable(_advice(device, refusal)) from None
    try:
        items = ffmpeg.items_of(container, container.streams.video[0], device, packets=packets)
    except BaseException:
        container.close()
        raise
    return PumpedFeed(items, container.close, deadline_s=deadline_s, name=device, linger_s=LINGER_S)


def _device(index: int) -> tuple[str, str]:
    """FFmpeg's name of the system's cameras, and of this one."""
    if sys.platform == "darwin":
        return "avfoundation", f"{index}:none"
    if sys.platform == "win32":
        return "dshow", f"video={_windows_name(index)}"
    return "v4l2", f"/dev/video{index}"


def _windows_name(index: int) -> str:
    from av.device import enumerate_input_devices

    names = [str(device.name) for device in enumerate_input_devices("dshow") if "video" in str(device.media_types)]
    if index >= len(names):
        raise Unavailable(f"camera {index} is not there: {len(names)} are ({', '.join(names)})")
    return names[index]


def _tries(
    driver: str, input_format: str | None, size: tuple[int, int] | None, fps: float | None
) -> Iterator[dict[str, str]]:
    """What to ask the device for, the best first; what somebody asked for is never left out."""
    asked: dict[str, str] = {}
    if size is not None:
        asked["video_size"] = f"{size[0]}x{size[1]}"
    if fps is not None or driver == "avfoundation":
        asked["framerate"] = f"{fps or USUAL_FPS:g}"
    key = {"avfoundation": "pixel_format", "dshow": "vcodec"}.get(driver, "input_format")
    if input_format is not None:
        if input_format == "yuyv" and driver == "dshow":
            key = "pixel_format"
        yield {**asked, key: FORMATS[input_format]}
        return
    if driver == "v4l2":
        yield {**asked, key: FORMATS["mjpeg"]}
    yield asked


def _advice(device: str, error: Unavailable) -> str:
    if device.startswith("/dev/") and not os.path.exists(device):
        there = sorted(name for name in os.listdir("/dev") if name.startswith("video"))
        return f"{device} is not there ({', '.join(there) or 'no camera is'}): plug it in, or give its number"
    if device.startswith("/dev/") and not os.access(device, os.R_OK | os.W_OK):
        return f"{device} may not be used by this user: add it to the group video, then log in again"
    return f"{error}: is another program using it, or does it lack that size, fps or input_format?"
