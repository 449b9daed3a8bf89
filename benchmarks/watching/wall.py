"""Many cameras into one process, as coded packets: what they cost it, and what gets lost."""

from __future__ import annotations

import os
import selectors
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from multiprocessing.synchronize import Semaphore
from typing import TYPE_CHECKING, Any

from benchmarks.harness.meters import cpu_ns
from benchmarks.harness.processes import FORK, Child, MeasurementError, free_ports
from benchmarks.harness.rounds import Values
from benchmarks.watching.latency import READY_AFTER_S, await_camera
from benchmarks.watching.receivers import LOW_DELAY

if TYPE_CHECKING:
    from framebus.testing.camera_pictures import CodedPicture

FPS, BITS_PER_S = 25, 2_000_000
PLACES = 50
"""How many pictures are shown again and again."""

PER_SERVER = 10
"""Cameras in one server, which keep one beat."""
_SETTLE_S = 0.5
_FILLER = b"\0\0\0\1\x0c"


def pictures() -> list[CodedPicture]:
    """`PLACES` pictures of 720p at 2 Mbit/s; the last but one byte of each is its place, from 1.

    The codec makes less of such simple pictures: the rest are filler units, as cameras of constant rate send them.
    """
    import msgspec

    from framebus.testing.camera_pictures import encode

    coded = encode(PLACES, size="1280x720", fps=FPS, gop=FPS)
    more = max(1.0, PLACES / FPS * BITS_PER_S / 8 / sum(len(picture.data) for picture in coded))
    return [
        msgspec.structs.replace(picture, data=picture.data + _filler(place, int(len(picture.data) * (more - 1))))
        for place, picture in enumerate(coded, 1)
    ]


def _filler(place: int, size: int) -> bytes:
    return _FILLER + bytes([place]) * max(1, size) + b"\x80"


class Tally:
    """What came of each camera, by the places in the pictures. Each camera is noted by one thread."""

    def __init__(self, cameras: int) -> None:
        self._places = [0] * cameras
        self._came = [0] * cameras
        self._lost = [0] * cameras

    def note(self, camera: int, data: Any) -> None:
        """One more coded picture, its last bytes as they were sent."""
        place, before = data[-2], self._places[camera]
        if before:
            self._lost[camera] += (place - before - 1) % PLACES
        self._places[camera] = place
        self._came[camera] += 1

    @property
    def all_there(self) -> bool:
        """Whether every camera has shown something."""
        return all(self._came)

    @property
    def came(self) -> int:
        """Pictures so far."""
        return sum(self._came)

    @property
    def lost(self) -> int:
        """Pictures that were left out between others."""
        return sum(self._lost)


def framebus(urls: Sequence[str], tally: Tally) -> None:
    """One `fb.open` for each camera, read by one thread that waits for all of them."""
    import framebus as fb

    with selectors.DefaultSelector() as ready:
        for number, url in enumerate(urls):
            source = fb.open(url, packets=True, keep="all")
            ready.register(source, selectors.EVENT_READ, (number, source))
        while True:
            for key, _ in ready.select():
                number, source = key.data
                tally.note(number, source.read(timeout=0).data)


def pyav(urls: Sequence[str], tally: Tally) -> None:
    """A thread for each camera, in a loop that takes packets and decodes nothing."""
    for number, url in enumerate(urls):
        threading.Thread(target=_demux, args=(number, url, tally), daemon=True).start()


def _demux(number: int, url: str, tally: Tally) -> None:
    import av

    with av.open(url, options=LOW_DELAY) as container:
        for packet in container.demux(video=0):
            if packet.size:
                tally.note(number, memoryview(packet))


WALLS: dict[str, Callable[[Sequence[str], Tally], None]] = {"framebus": framebus, "PyAV": pyav}
"""Name to what reads all cameras, in the thread in which it is called or in others."""


def many_cameras(name: str, cameras: int, shown: Sequence[CodedPicture], seconds: float) -> Values:
    """The reader called `name` with so many cameras, for `seconds` once all of them have shown a picture."""
    ports = free_ports(-(-cameras // PER_SERVER))
    urls = [f"rtsp://127.0.0.1:{ports[number // PER_SERVER]}/cam{number}" for number in range(cameras)]
    open_ = FORK.Semaphore(0)
    with Child(show, ports, cameras, shown, open_) as server:
        await_camera(server, open_)
        with Child(_watch, name, urls, seconds) as reader:
            return reader.result(READY_AFTER_S + seconds + 5, beside=[server])


def show(ports: Sequence[int], cameras: int, shown: Sequence[CodedPicture], open_: Semaphore) -> None:
    """All cameras in one process; ten at a time keep one beat, the others have beats of their own."""
    from framebus.testing.camera import TestCamera

    with ExitStack() as running:
        for index, port in enumerate(ports):
            numbers = range(index * PER_SERVER, min(cameras, (index + 1) * PER_SERVER))
            paths = [f"cam{number}" for number in numbers]
            running.enter_context(TestCamera(pictures=shown, fps=FPS, paths=paths, port=port))
            time.sleep(1 / FPS / len(ports))
        open_.release()
        threading.Event().wait()


def _watch(name: str, urls: Sequence[str], seconds: float) -> Values:
    tally = Tally(len(urls))
    began = time.monotonic()
    threading.Thread(target=WALLS[name], args=(urls, tally), daemon=True).start()
    while not tally.all_there:
        if time.monotonic() - began > READY_AFTER_S:
            raise MeasurementError("not every camera showed something")
        time.sleep(0.02)
    all_there_s = time.monotonic() - began
    time.sleep(_SETTLE_S)
    return _observe(tally, seconds) | {"all_there_s": all_there_s}


def _observe(tally: Tally, seconds: float) -> Values:
    came, lost, cpu, began = tally.came, tally.lost, cpu_ns(os.getpid()), time.monotonic()
    time.sleep(seconds)
    took = time.monotonic() - began
    spent, came = cpu_ns(os.getpid()) - cpu, tally.came - came
    return {
        "cpu_percent": spent / 1e7 / took,
        "cpu_us": spent / 1e3 / max(1, came),
        "pictures_per_s": came / took,
        "lost": tally.lost - lost,
        "threads": len(os.listdir("/proc/self/task")),
    }
