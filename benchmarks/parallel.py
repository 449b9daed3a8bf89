"""Frames through worker processes, beside what people use for that: `python -m benchmarks.parallel`."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from benchmarks.farms import FARMS
from benchmarks.farms.base import Farm
from benchmarks.farms.measuring import in_farm, in_one_process, in_processes_apart
from benchmarks.farms.ops import numpy_fft2, scipy_fft2
from benchmarks.farms.round_trip import over_links, through_a_worker
from benchmarks.farms.tasks import Nothing, Spectrum, Task
from benchmarks.harness.compare import Rounds, better_by, middle, spread
from benchmarks.harness.findings import notes, page
from benchmarks.harness.frames import SIZES
from benchmarks.harness.program import Options, measure
from benchmarks.harness.rounds import Measure
from benchmarks.harness.tables import number, table

_APART, _NUMPY, _SCIPY = "processes that move nothing", "numpy, one process", "scipy, one process"
_ALONE = (_APART, _NUMPY, _SCIPY)
_OURS, _OURS_BATCHED = "framebus", "framebus, 16 at once"
_LINKS, _WORKER = "links, there and back", "a worker, there and back"
_SPECTRA: dict[str, tuple[Callable[[], Task], float]] = {
    "480x640x3 FFT": (partial(Spectrum, (480, 640, 3), "uint8"), 1.0),
    "2048x2048 FFT": (partial(Spectrum, (2048, 2048), "uint16"), 0.4),
}
"""Title to what makes the frames, and how many of them there are, as a multiple of `--frames`."""
_SMALL, _SMALL_TIMES = "48x64x3, empty op", 200
_FEWER_TIMES = {"Ray": 10, "dask": 10, "joblib": 60}
"""Small frames of the first two would take minutes, and joblib takes in all there are, which is to be fewer than are
made at once; what is compared is the time for one.
"""
_TRIP = "6MB, empty op, one at a time"
_BLOCKS = (*_SPECTRA, _SMALL, _TRIP)

_LEAST_SHARE = 0.9
"""Of the rate of processes that move nothing."""
_MOST_OVER_US = 60.0
"""How much longer than links alone a worker may take."""
_PACKAGES = ("scipy", "joblib", "ray", "dask", "distributed")


def main() -> None:
    """Measure, print, keep."""
    told = _options().told()
    farms, missing = _load(told.only)
    cells: dict[str, Mapping[str, Measure]] = {
        title: _spectra(make(), int(told.frames * times), farms, told)
        for title, (make, times) in _SPECTRA.items()
        if title in told.blocks
    }
    if _SMALL in told.blocks:
        cells[_SMALL] = _smalls(farms, told)
    if _TRIP in told.blocks:
        cells[_TRIP] = {
            _LINKS: partial(over_links, SIZES["6MB"], told.trips),
            _WORKER: partial(through_a_worker, SIZES["6MB"], told.trips),
        }
    facts = {"workers": told.workers, "frames": told.frames, "missing": missing, "peers": _versions()}
    measure("parallel", cells, render, told, **facts)


def _load(names: Iterable[str]) -> tuple[dict[str, Callable[[], Farm]], dict[str, str]]:
    """The farms of these names, and for those that cannot be imported the reason."""
    found, missing = {}, {}
    for name in names:
        try:
            FARMS[name]()
        except ImportError as error:
            missing[name] = str(error)
        else:
            found[name] = FARMS[name]
    return found, missing


def _spectra(
    task: Task, count: int, farms: Mapping[str, Callable[[], Farm]], told: argparse.Namespace
) -> Mapping[str, Measure]:
    warm = _warm(told.workers)
    one_by_one = {name: farm for name, farm in farms.items() if "at once" not in name}
    return {
        _APART: partial(in_processes_apart, task, told.workers, warm, count),
        _NUMPY: partial(in_one_process, numpy_fft2, task, warm, count // told.workers),
        _SCIPY: partial(in_one_process, scipy_fft2, task, warm, count // told.workers),
        **_in_farms(task, count, one_by_one, told.workers),
    }


def _smalls(farms: Mapping[str, Callable[[], Farm]], told: argparse.Namespace) -> Mapping[str, Measure]:
    measures: dict[str, Measure] = {}
    for name, farm in farms.items():
        count = told.frames * _FEWER_TIMES.get(name, _SMALL_TIMES)
        measures |= _in_farms(Nothing((48, 64, 3)), count, {name: farm}, told.workers)
    return measures


def _in_farms(task: Task, count: int, farms: Mapping[str, Callable[[], Farm]], workers: int) -> Mapping[str, Measure]:
    return {name: partial(in_farm, farm, task, workers, _warm(workers), count) for name, farm in farms.items()}


def _warm(workers: int) -> int:
    """So many frames until everybody has had several."""
    return 4 * workers


# the page ---------------------------------------------------------------------------------------------------------


def render(data: Mapping[str, Any]) -> str:
    """A table for each block, and how we stand to everybody."""
    took = {block: metrics for block, metrics in data["values"].items() if metrics}
    parts = [_spectrum_table(block, took[block]["per_frame_ms"]) for block in _SPECTRA if block in took]
    if _SMALL in took:
        parts.append(_small_table(took[_SMALL]["per_frame_ms"]))
    if _TRIP in took:
        parts.append(_trip_table(took[_TRIP]["round_trip_us"]))
    peers = ", ".join(f"{name} {found}" for name, found in data["peers"].items())
    setting = (
        f"{data['workers']} workers, {data['rounds']} paired rounds; 95 % intervals over rounds. "
        f"Times as fast: framebus against that row. {peers}."
    )
    return page(*parts, notes(data, setting))


def _spectrum_table(block: str, took: Mapping[str, Rounds]) -> str:
    rows = [
        [
            name,
            number(middle(took[name])),
            number(1e3 / middle(took[name])),
            _share(name, took),
            _times(_OURS, name, took),
        ]
        for name in (*_ALONE, *FARMS)
        if name in took
    ]
    return table([block, "ms per frame", "frames/s", "of processes that move nothing", "framebus times as fast"], rows)


def _share(name: str, took: Mapping[str, Rounds]) -> str:
    """The rate of `name` as a share of that of processes that move nothing; judged where it is ours."""
    apart = took.get(_APART, {})
    found = spread([apart[at] / ms for at, ms in took[name].items() if at in apart])
    if found is None or name == _APART:
        return "–"
    verdict = f" {found.at_least(_LEAST_SHARE)}" if name == _OURS else ""
    return f"{found.middle:.0%} [{found.low:.0%}–{found.high:.0%}]{verdict}"


def _small_table(took: Mapping[str, Rounds]) -> str:
    rows = [
        [name, number(1e3 / middle(took[name])), *(_times(ours, name, took) for ours in (_OURS, _OURS_BATCHED))]
        for name in FARMS
        if name in took
    ]
    return table([_SMALL, "frames/s", "framebus times as fast", "framebus, 16 at once, times as fast"], rows)


def _times(ours: str, name: str, took: Mapping[str, Rounds]) -> str:
    ratio = better_by(took.get(ours, {}), took[name], higher_is_better=False)
    return "–" if ratio is None or ours == name else f"{ratio} {ratio.verdict}"


def _trip_table(took: Mapping[str, Rounds]) -> str:
    links, worker = took.get(_LINKS, {}), took.get(_WORKER, {})
    over = spread([worker[at] - links[at] for at in worker if at in links])
    rows = [[name, number(middle(took[name])), "–", "–"] for name in (_LINKS, _WORKER) if name in took]
    if over is not None:
        rows[-1][2:] = [f"{over.middle:.0f} [{over.low:.0f}–{over.high:.0f}]", over.at_most(_MOST_OVER_US)]
    return table([_TRIP, "µs", "over links", f"goal, {_MOST_OVER_US:g} µs"], rows)


def _versions() -> dict[str, str]:
    found = {}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "absent"
    return found


def _options() -> Options:
    told = Options("parallel", __doc__, quick="three short rounds")
    told.add_argument("--blocks", nargs="+", choices=_BLOCKS, default=list(_BLOCKS))
    told.add_argument("--only", nargs="+", choices=FARMS, default=list(FARMS))
    told.add_argument("--workers", type=int, default=2)
    told.add_length("--frames", 100, 30, "of 480x640x3 in each measurement; fewer of larger, more of smaller ones")
    told.add_length("--trips", 300, 100, "frames that go one at a time")
    told.add_length("--rounds", 7, 3, "paired rounds")
    return told


if __name__ == "__main__":
    main()
