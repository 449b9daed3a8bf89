"""`framebus process IN… OUT`."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING

from framebus.cli.console import console
from framebus.cli.flags import add_options, options
from framebus.cli.parser import Parser, Subparsers
from framebus.cli.process_progress import Watch, compared, failures
from framebus.cli.process_words import translated
from framebus.cli.stopping import Stopping
from framebus.core.cores import cores
from framebus.pool.head_start import HeadStart

if TYPE_CHECKING:
    from framebus.batch.job import Job
    from framebus.batch.report import Report

OPTIONS = (
    *("match", "max_pixels", "tolerant"),
    *("ops", "workers", "join", "allow", "insecure", "resume", "compare", "dry_run", "work_timeout", "max_memory"),
    *("encode", "quality", "subsampling", "also", "overwrite", "fsync", "report"),
)
"""The options of the vocabulary that have a flag here."""

FAILED, UNAVAILABLE = 3, 4

_DESCRIPTION = """\
Do something to every picture of a folder, with one process for each core unless --workers says otherwise, and write
what comes of it to another folder, under the same names.

Every input is either done or listed with the reason. A job that was stopped or killed goes on when the same command is
given again. OUT is a folder, or a template such as 'small/{folder}/{name}-small.webp'."""

_EXAMPLES = """\
examples
  framebus process photos/ small/ --op resize=512x512
  framebus process photos/ small/ --op resize=512x512 --compare      and tell how many times as fast all cores are
  framebus process photos/ gray/ --op gray --op threshold=otsu --encode png
  framebus process 'photos/**/*.jpg' seen/ --op models.py:Detect=yolo.onnx --workers 4
  framebus process photos/ small/ --op resize=512x512 --also 'thumbs/=resize=128x128|gray'
  framebus process photos/ small/ --op resize=512x512 --dry-run      what would become of what
  framebus process clip.mp4 frames/ --op resize=640x360 --encode jpeg=90
  framebus process s3://bucket/photos s3://bucket/small --op resize=512x512 --workers 16"""

_NOT_REPEATED = ("--no-resume", "--compare")


def add_parser(subparsers: Subparsers[Parser]) -> None:
    """Add `framebus process`."""
    parser = subparsers.add_parser(
        "process", usage="framebus process IN… OUT [--FLAG …]", description=_DESCRIPTION, epilog=_EXAMPLES
    )
    parser.add_argument(
        "places", nargs="*", metavar="IN… OUT", help="folders, globs, files, text files of paths; then where to write"
    )
    add_options(parser, OPTIONS)


def parse(parser: Parser, arguments: Sequence[str]) -> argparse.Namespace:
    """Flags and places in any order."""
    words = translated(arguments)
    parsed, unknown = parser.parse_known_intermixed_args(words)
    for word in unknown:
        if word.startswith("-"):
            parser.refuse(word)
    parsed.typed = list(arguments)
    if len(parsed.places) < 2:
        given = shlex.quote(parsed.places[0]) if parsed.places else "photos/"
        parser.error(f"what is read, and where is it written? for instance: framebus process {given} small/")
    return parsed


def run(arguments: argparse.Namespace) -> int:
    """Do it; the exit code."""
    *places, output = arguments.places
    cluster = _cluster(arguments)
    wanted = options(arguments, OPTIONS)
    ops, workers, report = (wanted.pop(name, None) for name in ("ops", "workers", "report"))
    rehearsed = wanted.pop("dry_run", False)
    alone = cluster or rehearsed or "compare" in wanted  # which measures one process first, with nobody beside it
    ours = 0 if alone else cores() if workers is None else workers
    with Stopping() as stopping, HeadStart(ours, "framebus.batch.chunk_worker"):
        from framebus.batch.process import assemble

        job = assemble(places, output, ops or (), cluster or workers, wanted)
        stopping.then(job.stop)
        done = _rehearsed(job) if rehearsed else _done(job, stopping)
    if report is not None:
        done.save(report)
    if rehearsed:
        console.say(f"{done.total:,} inputs, of which {done.done:,} are done; nothing was written")
        return FAILED if done.failures else 0
    return _told(done, arguments, stopping, report)


def _cluster(arguments: argparse.Namespace) -> str | None:
    """The scheduler that `--workers` names, which is no number of processes."""
    from framebus.batch.cluster import SCHEME

    named = arguments.workers or [""]
    if not named[-1].startswith(SCHEME):
        return None
    arguments.workers = None
    return str(named[-1])


def _rehearsed(job: Job) -> Report:
    done = job.rehearse(lambda path, files: print(f"{path} → {', '.join(files)}"))
    for line in failures(done, done.total):
        console.say(line)
    return done


def _done(job: Job, stopping: Stopping) -> Report:
    with Watch(job, stopping):
        return job.run()


def _told(done: Report, arguments: argparse.Namespace, stopping: Stopping, report: str | None) -> int:
    """Say how it went; the exit code."""
    if done.comparison is not None:
        console.say(compared(done.comparison))
    for line in failures(done, listed_in=report):
        console.say(line)
    console.say(str(done))
    if done.finished:
        return 0 if done.ok else FAILED
    again = [word for word in arguments.typed if word not in _NOT_REPEATED]
    console.say(f"unfinished; this goes on: framebus process {shlex.join(again)}")
    return stopping.exit_code if stopping.asked else UNAVAILABLE
