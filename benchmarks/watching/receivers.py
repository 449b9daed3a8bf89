"""Who watches one camera.

Each gives its pictures as arrays, for ever: `(height, width, 3)` in BGR, where nothing else is said.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Generator
from importlib.util import find_spec
from typing import Any

from benchmarks.harness.frames import Array
from benchmarks.harness.processes import Child

Pictures = Generator[Array, None, None]
Receiver = Callable[[str], Pictures]

SIZE, FPS = "1280x720", 30
LOW_DELAY = {"rtsp_transport": "tcp", "fflags": "nobuffer", "flags": "low_delay"}
"""What FFmpeg is told where people want RTSP to be quick."""
_HUNG_AFTER_S = 30.0


def framebus(url: str) -> Pictures:
    """`fb.open` the way people type it: a client of our own, the newest picture."""
    import framebus as fb

    with fb.open(url) as source:
        for frame in source:
            yield frame.image


def framebus_planes(url: str) -> Pictures:
    """The same, as the decoder's planes below each other (I420) instead of BGR."""
    import framebus as fb

    with fb.open(url) as source:
        for frame in source:
            yield frame.data


def framebus_by_ffmpeg(url: str) -> Pictures:
    """As `framebus`, with FFmpeg as the client."""
    import framebus as fb

    with fb.open(url, backend="ffmpeg") as source:
        for frame in source:
            yield frame.image


def pyav(url: str) -> Pictures:
    """A bare loop that decodes; it is always ready for the next picture, so that each is the newest."""
    import av

    with av.open(url, options=LOW_DELAY) as container:
        context: Any = container.streams.video[0].codec_context
        context.thread_count = 1
        context.flags |= av.codec.context.Flags.low_delay
        for frame in container.decode(video=0):
            yield frame.to_ndarray(format="bgr24")


def opencv(url: str) -> Pictures:
    """`cv2.VideoCapture` with FFmpeg's options for low delay, which it takes from the environment."""
    os.environ["OPENCV_FFMPEG_CAPTURE_OPTIONS"] = "|".join(f"{name};{value}" for name, value in LOW_DELAY.items())
    import cv2

    capture = cv2.VideoCapture(url, cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])  # more hold pictures back
    try:
        while True:
            there, image = capture.read()
            if not there:
                raise ConnectionError("OpenCV gave no picture")
            yield image
    finally:
        capture.release()


def no_network(_: str) -> Pictures:
    """Coded and decoded again in one loop, as often as the camera does it: what is left where nothing travels."""
    from av.codec.context import CodecContext, Flags
    from av.packet import Packet

    from framebus.testing.camera_pictures import Encoder

    encoder = Encoder(size=SIZE, fps=FPS, gop=FPS)
    context: Any = CodecContext.create("h264", "r")
    context.thread_count = 1
    context.flags |= Flags.low_delay
    due = time.monotonic()
    while True:
        for frame in context.decode(Packet(encoder.next(key=False).data)):
            yield frame.to_ndarray(format="bgr24")
        due += 1 / FPS
        time.sleep(max(0.0, due - time.monotonic()))


RECEIVERS: dict[str, tuple[Receiver, str]] = {
    "framebus": (framebus, "av"),
    "framebus, planes": (framebus_planes, "av"),
    "framebus by FFmpeg": (framebus_by_ffmpeg, "av"),
    "PyAV": (pyav, "av"),
    "OpenCV": (opencv, "cv2"),
    "no network": (no_network, "av"),
}
"""Name to the receiver, and to the package it needs."""


def why_not(name: str) -> str:
    """Why this receiver cannot be measured here; empty where it can."""
    package = RECEIVERS[name][1]
    if not find_spec(package):
        return f"no {package}"
    if package == "cv2":
        with Child(_opencv_has_ffmpeg) as asked:  # in a process of its own: it brings another FFmpeg than PyAV
            return "" if asked.result(_HUNG_AFTER_S) else "this build of OpenCV has no FFmpeg"
    return ""


def _opencv_has_ffmpeg() -> bool:
    import cv2

    return cv2.CAP_FFMPEG in cv2.videoio_registry.getStreamBackends()
