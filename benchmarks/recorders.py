"""Recorders at work, in a process of their own: do they keep up, and at what cost? `python -m benchmarks.recorders`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.harness.findings import block_medians, notes, page
from benchmarks.harness.meters import cpu_ns, resident_kb
from benchmarks.harness.processes import FORK, Child, MeasurementError, free_ports
from benchmarks.harness.program import Options, measure
from benchmarks.harness.rounds import Values
from benchmarks.record import camera
from benchmarks.watching.latency import await_camera
from benchmarks.watching.wall import FPS, PER_SERVER, pictures, show

RATE = 60
KINDS = ("mp4", "mkv")
_OURS = ("framebus .h5", *(f"framebus .{kind}" for kind in KINDS))
_COLUMNS = {
    "frames_per_s": "frames/s",
    "mb_per_s": "MB/s",
    "missed": "missed",
    "cpu_percent": "CPU of the recorder, % of a core",
    "grew_mb": "its memory grew, MB",
}
_PATIENCE_S = 60.0
_SETTLE_S = 2.0
_SAMPLE_S = 0.1


def main() -> None:
    """Measure, print, keep."""
    told = _options().told()
    yards = {f"framebus .{kind}": partial(yard, kind, told.cameras, told.seconds, told.folder) for kind in KINDS}
    cells = {
        f"2048x2048 uint16, {RATE} frames/s through shm://": {
            "framebus .h5": partial(microscope, told.seconds, told.folder)
        },
        f"{told.cameras} cameras, 720p{FPS} at 2 Mbit/s, as they code": yards,
    }
    measure("recorders", cells, render, told)


def render(data: Mapping[str, Any]) -> str:
    """The tables."""
    setting = (
        f"Medians of {data['rounds']} rounds, each a whole `framebus pipe` command. Memory: its highest in the last "
        "quarter against its highest in the first."
    )
    return page(*block_medians(data["values"], _OURS, _COLUMNS), notes(data, setting))


def microscope(seconds: float, folder: str) -> Values:
    """A camera of a laboratory, whose pictures are made in place, and a recorder that is to miss none."""
    link = f"shm://recorders-{os.getpid()}"
    with _place(folder) as place:
        with _recorder([link], place / "run.h5") as recorder, Child(_expose, link, seconds + 2 * _SETTLE_S) as maker:
            _await(lambda: (place / "run.h5").exists())
            seen = _watched(recorder.pid, seconds)
            sent = maker.result(_PATIENCE_S)["sent"]
            recorder.wait(_PATIENCE_S)
        return seen | _kept([place / "run.h5"], sent)


def yard(kind: str, cameras: int, seconds: float, folder: str) -> Values:
    """Many cameras, whose packets are kept as they come."""
    ports = free_ports(-(-cameras // PER_SERVER))
    urls = [f"rtsp://127.0.0.1:{ports[number // PER_SERVER]}/cam{number}" for number in range(cameras)]
    with Child(pictures) as coding:
        shown = coding.result(_PATIENCE_S)
    open_ = FORK.Semaphore(0)
    with _place(folder) as place, Child(show, ports, cameras, shown, open_) as server:
        await_camera(server, open_)
        with _recorder(urls, place / f"{{stream}}.{kind}") as recorder:
            _await(lambda: len(list(place.glob(f"*.{kind}"))) == cameras)
            time.sleep(_SETTLE_S)
            seen = _watched(recorder.pid, seconds)
        return seen | _kept(sorted(place.glob(f"*.{kind}")))


def _expose(link: str, seconds: float) -> Values:
    import framebus as fb

    shown = camera("2048x2048 uint16")
    with fb.publish(link) as out:
        while not out.stats().readers:
            time.sleep(0.01)
        began = time.monotonic()
        for number in range(int(seconds * RATE)):
            time.sleep(max(0.0, began + number / RATE - time.monotonic()))
            with out.fill(shown[0].shape, shown[0].dtype) as image:
                np.copyto(image, shown[number % len(shown)])
    return {"sent": number + 1}


@contextmanager
def _place(folder: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="framebus-recorders-", dir=folder or None) as place:
        yield Path(place)


@contextmanager
def _recorder(sources: Sequence[str], path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The command at work; asked to stop in the end, which it must do well."""
    command = [sys.executable, "-m", "framebus", "pipe", *sources, str(path)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as recorder:
        try:
            yield recorder
            if recorder.poll() is None:
                recorder.send_signal(signal.SIGINT)
            if (code := recorder.wait(_PATIENCE_S)) not in (0, 130):
                raise MeasurementError(f"the recorder ended with {code}")
        finally:
            recorder.kill()


def _watched(pid: int, seconds: float) -> Values:
    """What `pid` costs meanwhile."""
    spent, began, memory = cpu_ns(pid), time.monotonic(), []
    while (took := time.monotonic() - began) < seconds:
        memory.append(resident_kb(pid))
        time.sleep(_SAMPLE_S)
    quarter = max(1, len(memory) // 4)
    grew = max(memory[-quarter:]) - max(memory[:quarter])
    return {"cpu_percent": (cpu_ns(pid) - spent) / 1e7 / took, "grew_mb": grew * 1024 / 1e6}


def _kept(paths: Sequence[Path], sent: float | None = None) -> Values:
    """What is in recordings, and what is not: by the numbers, or of as many as were `sent`."""
    from framebus.record.inspecting import inspect

    values = {"frames_per_s": 0.0, "mb_per_s": 0.0, "missed": 0.0}
    for path in paths:
        (stream,) = inspect(str(path)).streams
        values["frames_per_s"] += (stream.frames - 1) / stream.lasts_s
        values["mb_per_s"] += path.stat().st_size / stream.lasts_s / 1e6
        values["missed"] += stream.lost + stream.left_out if sent is None else sent - stream.frames
    return values


def _await(happened: Any) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while not happened():
        if time.monotonic() > deadline:
            raise MeasurementError("the recorder recorded nothing")
        time.sleep(0.05)


def _options() -> Options:
    told = Options("recorders", __doc__, quick="one short round")
    told.add_argument("--folder", default="", help="where to write (default: where temporary files are)")
    told.add_argument("--cameras", type=int, default=50)
    told.add_length("--seconds", 20.0, 4.0, "length of a measurement")
    told.add_length("--rounds", 3, 1, "rounds")
    return told


if __name__ == "__main__":
    main()
