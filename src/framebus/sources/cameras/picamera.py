"""Raspberry Pi cameras through picamera2: pictures as BGR arrays, or H.264 from the Pi's encoder as packets."""

from __future__ import annotations

import queue
import time
from collections.abc import Iterator
from typing import Any

from framebus.core import clock
from framebus.core.contracts import Item, Packets
from framebus.core.errors import Unavailable
from framebus.core.frame import Frame, Packet
from framebus.sources.cameras.camera_feed import Feed, arrived_now
from framebus.sources.cameras.pumped import LINGER_S, PumpedFeed

_SIZE = (1280, 720)
_BOOT_CLOCK = getattr(time, "CLOCK_BOOTTIME", None)
_OLDEST_NS = 10**9
_NAL_IDR, _NAL_SPS = 5, 7


def require() -> None:
    """Raise `Unavailable` saying how to get picamera2 where it is missing."""
    try:
        import picamera2  # noqa: F401  (whether it can be imported is the question)
    except ImportError as error:
        raise Unavailable(
            "camera:pi needs picamera2, which comes with Raspberry Pi OS: sudo apt install python3-picamera2, and "
            f"make virtual environments with --system-site-packages ({error})"
        ) from error


def connect(
    number: int,
    *,
    deadline_s: float,
    size: tuple[int, int] | None = None,
    fps: float | None = None,
    packets: Packets = False,
) -> Feed:
    """A feed of Raspberry Pi camera `number`; raises `Unavailable`."""
    from picamera2 import Picamera2

    where = f"camera:pi number {number}"
    found = len(Picamera2.global_camera_info())
    if number >= found:
        raise Unavailable(f"{where} is not there: {found or 'none'} of them answers; is its cable in both ends?")
    try:
        camera = Picamera2(camera_num=number)
    except (RuntimeError, IndexError) as error:
        raise Unavailable(f"{where} cannot be opened ({error}): is another program using it?") from error
    items = _begun(camera, size or _SIZE, fps, deadline_s, packets=packets)
    return PumpedFeed(items, lambda: _release(camera), deadline_s=deadline_s, name=where, linger_s=LINGER_S)


def _begun(
    camera: Any, size: tuple[int, int], fps: float | None, deadline_s: float, *, packets: Packets
) -> Iterator[Item]:
    controls = {} if fps is None else {"FrameRate": fps}
    # what libcamera calls RGB888 lies in memory as blue, green, red
    format = "YUV420" if packets else "RGB888"
    try:
        camera.configure(camera.create_video_configuration(main={"format": format, "size": size}, controls=controls))
        return _packets(camera, deadline_s) if packets else _frames(camera, deadline_s)
    except BaseException:
        _release(camera)
        raise


def _frames(camera: Any, deadline_s: float) -> Iterator[Frame]:
    camera.start()
    while True:
        job = camera.capture_request(wait=False)
        try:
            request = job.get_result(timeout=deadline_s)
        except TimeoutError as error:
            raise Unavailable(f"the camera gave no picture for {deadline_s:g} s") from error
        try:
            array = request.make_array("main")  # a copy: the request's own memory is used again
            times = _taken(request.get_metadata().get("SensorTimestamp", 0))
        finally:
            request.release()
        yield Frame(content=array, format="bgr24", **times)


def _packets(camera: Any, deadline_s: float) -> Iterator[Packet]:
    from picamera2.encoders import H264Encoder
    from picamera2.outputs import Output

    coded: queue.Queue[Packet] = queue.Queue()

    class Taken(Output):  # type: ignore[misc]  # a class of picamera2, which has no types
        """Hands over what the encoder makes."""

        def outputframe(
            self, frame: Any, keyframe: bool = True, timestamp: int | None = None, *more: Any, **others: Any
        ) -> None:
            after_ns = (timestamp or 0) * 1000
            data = memoryview(bytes(frame))
            coded.put(Packet(data=data, codec="h264", key=keyframe, pts=after_ns, dts=after_ns, **arrived_now()))

    camera.start_recording(H264Encoder(repeat=True, iperiod=30), Taken())
    while True:
        try:
            yield coded.get(timeout=deadline_s)
        except queue.Empty as error:
            raise Unavailable(f"the encoder gave no picture for {deadline_s:g} s") from error


def _taken(sensor_ns: int) -> dict[str, Any]:
    """Capture times by the sensor's own stamp, which counts from boot, where it is one of the last second."""
    times = arrived_now()
    if _BOOT_CLOCK is None:
        return times
    ago_ns = time.clock_gettime_ns(_BOOT_CLOCK) - sensor_ns
    if not 0 <= ago_ns < _OLDEST_NS:
        return times
    return {
        "captured_ns": times["captured_ns"] - ago_ns,
        "captured_mono_ns": times["captured_mono_ns"] - ago_ns,
        "clock": clock.boot_id(),
    }


def _release(camera: Any) -> None:
    camera.stop()
    camera.close()
