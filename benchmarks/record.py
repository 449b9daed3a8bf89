"""What recording costs, to the disk, side by side with what people write by hand: `python -m benchmarks.record`."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.harness.compare import Rounds, Spread, better_by
from benchmarks.harness.findings import notes, page, ranked
from benchmarks.harness.processes import Child
from benchmarks.harness.program import Options, measure
from benchmarks.harness.rounds import Values
from benchmarks.harness.tables import table

Array = npt.NDArray[Any]
Write = Callable[[Path, list[Array], int], None]
_DISTINCT = 6


def camera(kind: str) -> list[Array]:
    """Pictures as cameras make them: smooth, with noise."""
    rows, columns = (2048, 2048) if kind == "2048x2048 uint16" else (480, 640)
    y, x = np.mgrid[:rows, :columns]
    random = np.random.default_rng(1)
    base = 600 + 300 * np.sin(x / 90) * np.cos(y / 70)
    deep = [np.clip(base + random.normal(0, 12, base.shape), 0, 4095).astype(np.uint16) for _ in range(_DISTINCT)]
    if kind == "2048x2048 uint16":
        return deep
    return [np.stack([one >> 2, one >> 3, one >> 4], axis=-1).astype(np.uint8) for one in deep]


def plain(path: Path, frames: list[Array], count: int) -> None:
    """The bytes alone, into a file: what the disk can do."""
    with open(path, "wb", buffering=0) as file:
        for number in range(count):
            file.write(frames[number % _DISTINCT].data)


def framebus(path: Path, frames: list[Array], count: int, *, extension: str = "h5", **options: Any) -> None:
    """`fb.publish("run.h5")`."""
    import framebus as fb

    with fb.publish(str(path.with_suffix(f".{extension}")), **options) as out:
        for number in range(count):
            out.send(frames[number % _DISTINCT])


def one_core(path: Path, frames: list[Array], count: int, **options: Any) -> None:
    """The same with one core, which it looks for when it opens the file."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    framebus(path, frames, count, **options)


def h5py_tutorial(path: Path, frames: list[Array], count: int) -> None:
    """A dataset that grows by one, frames on its last axis."""
    import h5py

    shape = frames[0].shape
    with h5py.File(path, "w") as file:
        data = file.create_dataset("frames", (*shape, 0), frames[0].dtype, maxshape=(*shape, None))
        for number in range(count):
            data.resize(number + 1, axis=len(shape))
            data[..., number] = frames[number % _DISTINCT]


def h5py_chunks(path: Path, frames: list[Array], count: int) -> None:
    """Frames first, one in each chunk: good h5py; a kill loses the file."""
    import h5py

    shape = frames[0].shape
    with h5py.File(path, "w", libver="latest") as file:
        data = file.create_dataset("frames", (0, *shape), frames[0].dtype, maxshape=(None, *shape), chunks=(1, *shape))
        for number in range(count):
            data.resize(number + 1, axis=0)
            data[number] = frames[number % _DISTINCT]


def tifffile_pages(path: Path, frames: list[Array], count: int) -> None:
    """A BigTIFF, a page for each frame."""
    import tifffile

    with tifffile.TiffWriter(path, bigtiff=True) as file:
        for number in range(count):
            frame = frames[number % _DISTINCT]
            file.write(frame, contiguous=False, metadata=None, photometric="rgb" if frame.ndim == 3 else "minisblack")


def zarr_chunks(path: Path, frames: list[Array], count: int) -> None:
    """zarr-python, a frame in each chunk."""
    import zarr

    shape = frames[0].shape
    data = zarr.create_array(str(path), shape=(0, *shape), chunks=(1, *shape), dtype=frames[0].dtype, compressors=None)
    for number in range(count):
        data.resize((number + 1, *shape))
        data[number] = frames[number % _DISTINCT]


def pyav(path: Path, frames: list[Array], count: int) -> None:
    """H.264 through PyAV, the same settings; a kill loses the file."""
    import av

    with av.open(str(path.with_suffix(".mp4")), "w") as container:
        track: Any = container.add_stream("libx264", rate=30, options={"preset": "veryfast", "crf": "22"})
        track.height, track.width = frames[0].shape[:2]
        track.pix_fmt = "yuv420p"
        track.codec_context.options = {"tune": "zerolatency"}
        for number in range(count):
            container.mux(track.encode(av.VideoFrame.from_ndarray(frames[number % _DISTINCT], format="bgr24")))
        container.mux(track.encode())


def opencv(path: Path, frames: list[Array], count: int) -> None:
    """`cv2.VideoWriter`, MPEG-4, the codec that its wheels bring."""
    import cv2

    height, width = frames[0].shape[:2]
    writer = cv2.VideoWriter(str(path.with_suffix(".mp4")), cv2.VideoWriter.fourcc(*"mp4v"), 30, (width, height))
    for number in range(count):
        writer.write(frames[number % _DISTINCT])
    writer.release()


ARRAYS: dict[str, Write] = {
    "plain file": plain,
    "framebus .h5": framebus,
    "framebus .h5 lz4": partial(framebus, compress="lz4"),
    "framebus .h5 gzip": partial(framebus, compress="gzip"),
    "framebus .h5 gzip, one core": partial(one_core, compress="gzip"),
    "framebus .tif": partial(framebus, extension="tif"),
    "framebus .zarr": partial(framebus, extension="zarr"),
    "h5py, frame chunks": h5py_chunks,
    "h5py, tutorial": h5py_tutorial,
    "tifffile": tifffile_pages,
    "zarr": zarr_chunks,
}
VIDEO: dict[str, Write] = {
    "framebus .mp4": partial(framebus, extension="mp4"),
    "pyav": pyav,
    "opencv": opencv,
}
OURS, VIDEO_OURS = "framebus .h5", "framebus .mp4"
GZIP = "framebus .h5 gzip"
_GOALS = (
    ("times a plain file's MB/s, both synced", "synced_mb", OURS, "plain file", 0.9, ""),
    # more than a disk takes, of larger frames
    ("times the frames/s of tutorials", "fps", OURS, "h5py, tutorial", 50, "640x480"),
    ("gzip by all cores, times the frames/s of one", "fps", GZIP, f"{GZIP}, one core", 1.6, ""),
)
"""What of whose is to be how much of whose, in blocks that begin so."""
SLOW = frozenset({"h5py, tutorial", GZIP, f"{GZIP}, one core"})
"""Given a tenth of the frames."""


def main() -> None:
    """Measure, print, keep."""
    told = _options().told()
    kinds = {"640x480x3 uint8": told.small, "2048x2048 uint16": told.large}
    cells = {f"{kind}, arrays": _cells(ARRAYS, kind, count, told.folder) for kind, count in kinds.items()}
    cells["640x480x3 uint8, video"] = _cells(VIDEO, "640x480x3 uint8", max(4, told.small // 5), told.folder)
    measure("record", cells, render, told)


def _cells(ways: Mapping[str, Write], kind: str, count: int, folder: str) -> dict[str, Callable[[], Values]]:
    few = {name: max(4, count // 10) if name in SLOW else count for name in ways}
    return {name: partial(once, way, kind, few[name], folder) for name, way in ways.items()}


def once(way: Write, kind: str, count: int, folder: str) -> Values:
    """One recording, in a process of its own, to the end of a sync of the disk."""
    with Child(_timed, way, kind, count, folder) as child:
        return child.result(300)


def _timed(way: Write, kind: str, count: int, folder: str) -> Values:
    frames = camera(kind)
    place = Path(tempfile.mkdtemp(prefix="framebus-record-", dir=folder or None))
    try:
        (place / "first").mkdir()
        way(place / "first" / "run.h5", frames, 2)  # what is imported and allocated only once
        shutil.rmtree(place / "first")
        os.sync()
        began, busy = time.perf_counter(), time.process_time()
        way(place / "run.h5", frames, count)
        took_s, worked_s = time.perf_counter() - began, time.process_time() - busy
        os.sync()
        synced_s = time.perf_counter() - began
        written = sum(file.stat().st_size for file in place.rglob("*") if file.is_file())
    finally:
        shutil.rmtree(place)
    return {
        "fps": count / took_s,
        "synced_mb": count * frames[0].nbytes / synced_s / 1e6,
        "cpu_ms": worked_s / count * 1e3,
        "kilobytes": written / count / 1e3,
    }


def render(data: Mapping[str, Any]) -> str:
    """The tables."""
    columns = {
        "fps": "frames/s",
        "synced_mb": "MB/s, synced",
        "cpu_ms": "ms of CPU per frame",
        "kilobytes": "kB per frame",
    }
    blocks = data["values"].items()
    parts = [ranked(block, values, columns, VIDEO_OURS if "video" in block else OURS) for block, values in blocks]
    return page(*parts, _goals(data["values"]), notes(data))


def _goals(values: Mapping[str, Mapping[str, Mapping[str, Rounds]]]) -> str:
    rows = []
    for block, found in values.items():
        for title, metric, whose, rival, least, where in _GOALS:
            ours, others = found[metric].get(whose, {}), found[metric].get(rival, {})
            ratio = better_by(ours, others, higher_is_better=True) if block.startswith(where) else None
            if ratio:
                verdict = Spread(ratio.middle, ratio.low, ratio.high).at_least(least)
                rows.append([f"{block}: {title}: at least {least:g}", str(ratio), verdict])
    return table(["goal", "measured", "verdict"], rows) if rows else ""


def _options() -> Options:
    told = Options("record", __doc__, quick="fewer frames and rounds")
    told.add_argument("--folder", default="", help="where to write (default: where temporary files are)")
    told.add_length("--small", 2000, 40, "frames of 640x480")
    told.add_length("--large", 120, 8, "frames of 2048x2048")
    told.add_length("--rounds", 5, 1, "paired rounds")
    return told


if __name__ == "__main__":
    main()
