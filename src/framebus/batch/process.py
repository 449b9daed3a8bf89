"""`framebus.process`: something done to every picture of a folder, by all cores, resumable, every failure told."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from concurrent.futures import Executor

from framebus.batch.cluster import SCHEME, Cluster
from framebus.batch.job import Job, Workers
from framebus.batch.job_options import NAMES, Ops, Place, asked
from framebus.batch.report import Report
from framebus.core.options import check


def process(
    inputs: Place | Iterable[Place],
    output: Place,
    ops: Ops = (),
    *,
    workers: int | str | Executor | Cluster | None = None,
    match: str | Iterable[str] | None = None,
    also: Mapping[Place, Ops] | None = None,
    encode: str | None = None,
    quality: int | None = None,
    subsampling: str | None = None,
    resume: bool = True,
    overwrite: bool = False,
    tolerant: bool = False,
    max_pixels: int | None = None,
    max_memory: int | str | None = None,
    work_timeout: float | str | None = None,
    fsync: bool = False,
    join: str | None = None,
    allow: str | Iterable[str] = (),
    insecure: bool = False,
    compare: bool = False,
    dry_run: bool = False,
    report: Place | None = None,
) -> Report:
    """Apply `ops` to every picture of `inputs`, and write what they make of it to `output`.

    inputs        a folder (with all below it), a glob, a file, a text file of paths (`.txt`), or several of these;
                  also in a store, `s3://bucket/photos`
    output        a folder, in which files are called and lie as their inputs do, or a template with `{folder}`,
                  `{name}` and `{ext}`; also in a store
    ops           built in (`"resize=512x512"`), `"file.py:name"`, or callables; none copies the pictures
    workers       processes; None: one for each core, 0: this one; any `concurrent.futures.Executor`; or a dask
                  `Client`, or `"dask://scheduler:8786"`
    match         patterns of the files to take from folders, instead of all images
    also          further outputs of each picture, with their own ops
    encode        `jpeg`, `jpeg=85`, `png`, `tiff`, `webp`, `bmp`, `gif`; None: as each input is, by its name
    quality       of JPEG and WebP, 95 unless told otherwise
    subsampling   of JPEG, 420 unless told otherwise
    resume        go on where an earlier run of the same job stopped; False: begin again
    overwrite     replace files that are not the job's
    tolerant      keep what there is of damaged JPEGs
    max_pixels    refuse larger pictures by their headers
    max_memory    address space that a worker may need for a picture, besides what it has
    work_timeout  longest time for one picture in a worker, 60 seconds unless told otherwise
    fsync         force every file to the disk
    join          where workers of an older program may join: `ipc://router.ipc`, `tcp://*:5555`
    allow         addresses and networks that they may come from, where that is not this machine
    insecure      let them come from anywhere
    compare       first measure the speed-up, on a part of the inputs
    dry_run       find and check everything, but make nothing
    report        write the report there, as JSON

    Every input is either done or in the report with the reason; the job goes on whatever happens to one of them. It
    ends early, and says so in `Report.stopped`, where nothing more can be written. Raises `OptionError`,
    `AddressError` and `Unavailable` for what cannot be begun, and for ops that cannot be built.
    """
    arguments = locals()
    job = assemble(inputs, output, ops, workers, {name: arguments[name] for name in NAMES})
    done = job.rehearse() if dry_run else job.run()
    if report is not None:
        done.save(report)
    return done


def assemble(
    inputs: Place | Iterable[Place],
    output: Place,
    ops: Ops,
    workers: int | str | Executor | Cluster | None,
    given: Mapping[str, object],
) -> Job:
    """The job that `process` runs with these options; nothing is written yet."""
    places = [inputs] if isinstance(inputs, str | os.PathLike) else list(inputs)
    return Job([os.fspath(place) for place in places], asked(output, ops, given), _workers(workers))


def _workers(workers: int | str | Executor | Cluster | None) -> Workers:
    if isinstance(workers, Executor | Cluster):
        return workers
    if isinstance(workers, str) and workers.startswith(SCHEME):
        return workers
    count: int = check("workers", "all" if workers is None else workers)
    return count
