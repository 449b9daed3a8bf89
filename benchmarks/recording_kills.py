"""What is left when a recorder is killed (SIGKILL) while it writes: `python -m benchmarks.recording_kills`."""

from __future__ import annotations

import mmap
import random
import shutil
import struct
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from benchmarks.harness.findings import notes, page
from benchmarks.harness.processes import Child
from benchmarks.harness.program import Options, measure
from benchmarks.harness.rounds import Values
from benchmarks.harness.tables import table

T = TypeVar("T")
MOST = 60
"""A recorder is killed after at most so many frames."""
PATIENCE_S = 60.0
_BLOCK = "640x480 uint8"


def by_h5py(path: Path) -> int:
    """How many frames others find."""
    import h5py

    with h5py.File(path, "r", swmr=True) as file:
        return int(file["cam/index"]["there"].sum())


def by_tifffile(path: Path) -> int:
    """How many frames others find."""
    import tifffile

    with tifffile.TiffFile(path) as file:
        return sum(page.asarray().shape == (480, 640) for page in file.pages)


def by_zarr(path: Path) -> int:
    """How many frames others find."""
    import zarr

    part: Any = zarr.open_group(str(path), mode="r")["cam"]
    return int(part["there"][:].sum()) if part["frames"][:].any() else 0


def by_pyav(path: Path) -> int:
    """How many frames others find."""
    import av

    with av.open(str(path)) as container:
        return sum(1 for packet in container.demux(video=0) if packet.size and packet.decode())


FORMATS: dict[str, tuple[str, Callable[[Path], int]]] = {
    "h5": ("h5py, `swmr=True`", by_h5py),
    "tif": ("tifffile", by_tifffile),
    "zarr": ("zarr-python", by_zarr),
    "mp4": ("PyAV", by_pyav),
    "mkv": ("PyAV", by_pyav),
}
"""Extension to another program that reads such files, and what it finds in one."""


def main() -> None:
    """Kill, look, print, keep."""
    told = _options().told()
    random.seed(told.seed)
    cells = {_BLOCK: {name: partial(killed, name, told.folder) for name in told.only}}
    measure("recording_kills", cells, render, told)


def killed(extension: str, folder: str) -> Values:
    """One recorder that is killed, what is left, and what the next one makes of it."""
    place = Path(tempfile.mkdtemp(prefix="framebus-kill-", dir=folder or None))
    try:
        path = place / f"run.{extension}"
        done = _until_killed(path, 0)
        found = _asked(_seen, path)
        others = _asked(FORMATS[extension][1], path)
        half = sum(name.name.startswith(".") for name in place.iterdir())
        again = _until_killed(path, done)
        everything = _asked(_seen, place / f"*.{extension}")
    finally:
        shutil.rmtree(place)
    return {
        "done": done,
        "opens": float(found == list(range(len(found)))),
        "lost": max(0, done - len(found)),
        "more": max(0, len(found) - done),
        "others": float(others >= done),
        "half_named": half,
        "goes_on": float(everything == list(range(len(everything))) and len(everything) >= again),
    }


def _until_killed(path: Path, first: int) -> int:
    """Record from frame `first` on until a kill at a moment by chance; the number after the last that was done."""
    with mmap.mmap(-1, 8) as shared:
        struct.pack_into("<q", shared, 0, first)
        after = first + random.randrange(1, MOST)
        with Child(_record, path, first, shared) as recorder:  # killed where this block ends
            until = time.monotonic() + PATIENCE_S
            while struct.unpack_from("<q", shared)[0] < after:
                if time.monotonic() > until:
                    recorder.result(0)
                time.sleep(0)
            time.sleep(random.random() * 0.02)
        return int(struct.unpack_from("<q", shared)[0])


def _asked(look: Callable[[Path], T], path: Path) -> T:
    """What `look` finds, in a process of its own; raises `MeasurementError` where it does not open."""
    with Child(look, path) as looking:
        return looking.result(PATIENCE_S)


def _record(path: Path, first: int, shared: mmap.mmap) -> None:
    from framebus.core.addresses import Path as Place
    from framebus.core.frame import Frame
    from framebus.core.registry import SINKS

    noise = np.random.default_rng(1).integers(0, 255, (480, 640), np.uint8)
    sink = SINKS.get(path.suffix[1:])(Place(str(path)))
    seq = first
    while True:
        frame = Frame.of(np.roll(noise, seq, 1), stream="cam", run=7, seq=seq, captured_ns=10**18 + seq * 10**7)
        seq += 1
        sink.write(frame, lambda after=seq: struct.pack_into("<q", shared, 0, after))


def _seen(path: Path) -> list[int]:
    """The numbers of all frames that are read back."""
    from framebus.core.addresses import Path as Place
    from framebus.core.registry import SOURCES

    source = SOURCES.get(path.suffix[1:])(Place(str(path)))
    try:
        return [frame.seq for frame in source]
    finally:
        source.close()


def render(data: Mapping[str, Any]) -> str:
    """The table."""
    metrics = data["values"].get(_BLOCK, {})
    rows = [_row(name, metrics) for name in FORMATS if name in metrics.get("done", {})]
    head = [
        *("killed", "times", "frames done", "of them lost", "at most more", "opens, in order"),
        *("opens elsewhere", "half-named files", "the next goes on"),
    ]
    return page(table(head, rows), notes(data))


def _row(name: str, metrics: Mapping[str, Mapping[str, Mapping[Any, float]]]) -> list[str]:
    kills = len(metrics["done"][name])

    def all_of(metric: str) -> Sequence[float]:
        return list(metrics[metric][name].values())

    def of(metric: str) -> str:
        return f"{sum(all_of(metric)):.0f} of {kills}"

    return [
        f".{name}",
        str(kills),
        f"{sum(all_of('done')):.0f}",
        f"{sum(all_of('lost')):.0f}",
        f"{max(all_of('more')):.0f}",
        of("opens"),
        f"{of('others')} ({FORMATS[name][0]})",
        f"{sum(all_of('half_named')):.0f}",
        of("goes_on"),
    ]


def _options() -> Options:
    told = Options("recording_kills", __doc__, quick="fewer kills")
    told.add_argument("--folder", default="", help="where to write (default: where temporary files are)")
    told.add_argument("--only", nargs="+", choices=FORMATS, default=list(FORMATS), help="these formats")
    told.add_length("--rounds", 30, 3, "kills of each")
    return told


if __name__ == "__main__":
    main()
