"""`framebus demo`: everything at once, no hardware, no network."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from framebus.cli.parser import Parser, Subparsers
from framebus.cli.stopping import Stopping

if TYPE_CHECKING:
    from framebus.cli.demo.readers import Reader
    from framebus.cli.demo.screen import Screen

_DESCRIPTION = """\
Three programs publish moving pictures on this machine, through shared memory where the system has it (Linux), else
over tcp; one reader takes whatever comes, one needs 250 ms for each picture, one wants every frame. The table shows
that the slow one always sees a fresh picture and knows exactly what it missed. Needs no camera and no network; Ctrl-C
ends it."""

_EXAMPLES = """\
while it runs, in another terminal
  framebus list                                     what is published, and who reads it
  framebus pipe shm://aurora window:                one more reader
  framebus info shm://aurora --follow               what it gets

with your own programs
  framebus pipe clip.mp4 shm://yard --speed 1       a publisher
  framebus pipe shm://yard frames/                  a reader that keeps every frame"""


def add_parser(subparsers: Subparsers[Parser]) -> None:
    """Add `framebus demo`."""
    parser = subparsers.add_parser("demo", description=_DESCRIPTION, epilog=_EXAMPLES)
    parser.add_argument("--seconds", type=float, metavar="N", help="end after this long (at Ctrl-C)")
    parser.add_argument(
        "--picture", type=Path, metavar="FILE.svg", help="at the end, write what the table shows as SVG"
    )


def run(arguments: argparse.Namespace) -> int:
    """Show it; 0 when every reader knew exactly what it missed, 3 otherwise."""
    from framebus.cli.demo.cast import Cast
    from framebus.cli.demo.readers import all_readers
    from framebus.cli.demo.screen import Screen, picture, proofs

    print("framebus demo: starting three publishers …", file=sys.stderr, flush=True)
    with Stopping() as stopping, Cast() as cast:
        readers = all_readers(cast.streams)
        try:
            screen = Screen(cast.streams, readers)
            deadline = time.monotonic() + (arguments.seconds or float("inf"))
            (_show if sys.stdout.isatty() else _tell)(screen, readers, stopping, deadline)
            if arguments.picture is not None:
                picture(screen, arguments.picture)
            summary = list(proofs(readers, time.monotonic()))
        finally:
            for reader in readers:
                reader.close()
    print("\n".join(summary))
    errors = [reader.error for reader in readers if reader.error is not None]
    if errors:
        raise errors[0]
    return 0 if all(seen.proven for reader in readers for seen in reader.seen.values()) else 3


def _show(screen: Screen, readers: list[Reader], stopping: Stopping, deadline: float) -> None:
    """On a terminal: one table, redrawn."""
    with screen.live() as live:
        while not stopping.wait(0.25) and time.monotonic() < deadline:
            live.update(screen.fitting())


def _tell(screen: Screen, readers: list[Reader], stopping: Stopping, deadline: float) -> None:
    """Elsewhere: a line every second."""
    from framebus.cli.demo.screen import plain

    began = time.monotonic()
    while not stopping.wait(max(0.0, min(1.0, deadline - time.monotonic()))) and time.monotonic() < deadline:
        print(f"{time.monotonic() - began:4.0f} s  {plain(readers, time.monotonic())}", flush=True)
