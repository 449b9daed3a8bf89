"""`framebus demo`: everything at once, no hardware, no network."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from framebus.cli.parser import Parser, Subparsers
from framebus.cli.stopping import Stopping

if TYPE_CHECKING:
    from framebus.cli.demo.display import Screen
    from framebus.cli.demo.published import Published
    from framebus.cli.demo.readers import Reader

_DESCRIPTION = """\
A page in your browser with three cameras that move (one of 16 bit, one coded as H.264), what an analysis finds in one
of them, its recording, and the system behind it; and in the terminal a table of three readers: one takes whatever
comes, one needs 250 ms for each picture, one wants every frame. It shows that the slow one always sees a fresh picture
and knows exactly what it missed. Needs no camera and no network, and framebus[video,web] for all of it: without, the
table is there alone. Ctrl-C ends it and leaves nothing behind."""

_EXAMPLES = """\
while it runs, in another terminal
  framebus list                                     what is published, and who reads it
  framebus pipe shm://aurora window:                one more reader
  framebus info shm://aurora --follow               what it gets

with your own programs
  framebus pipe clip.mp4 shm://yard --speed 1       a publisher
  framebus web shm://yard                           your own page"""


def add_parser(subparsers: Subparsers[Parser]) -> None:
    """Add `framebus demo`."""
    parser = subparsers.add_parser("demo", description=_DESCRIPTION, epilog=_EXAMPLES)
    parser.add_argument("--seconds", type=float, metavar="N", help="end after this long (at Ctrl-C)")
    parser.add_argument(
        "--picture", type=Path, metavar="FILE.svg", help="at the end, write what the table shows as SVG"
    )
    parser.add_argument(
        "--listen", metavar="[HOST]:PORT", help="where the page opens; :8080 is for the network (localhost:8080)"
    )
    parser.add_argument("--no-browser", action="store_true", help="print the page's link, and open nothing")


def run(arguments: argparse.Namespace) -> int:
    """Show it; 0 when every reader knew exactly what it missed, 3 otherwise."""
    from framebus.cli.demo.display import Screen, picture, proofs
    from framebus.cli.demo.readers import all_readers

    with Stopping() as stopping, ExitStack() as open_now:
        streams = _started(arguments, open_now, stopping)
        readers = all_readers(streams)
        try:
            screen = Screen(streams, readers)
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


def _started(arguments: argparse.Namespace, open_now: ExitStack, stopping: Stopping) -> Sequence[Published]:
    """The system with its page where that is possible, else three programs that publish; what readers may read."""
    from framebus.cli.demo import browser

    if why := browser.missing():
        from framebus.cli.demo.cast import Cast

        _say(f"without the page, for {why}")
        _say("starting three publishers …")
        return open_now.enter_context(Cast()).streams
    from framebus.cli.demo.demo_system import Stage

    _say("starting three cameras, an analysis, a recorder and the page …")
    stage = open_now.enter_context(Stage(arguments.listen or browser.free_place()))
    _say("everything is on this page, for whoever opens the link:")
    print(stage.link, flush=True)
    if not arguments.no_browser and browser.there():
        browser.show(stage.link)
    while not stage.moving and not stopping.wait(0.05):
        pass
    return stage.streams


def _say(text: str) -> None:
    print(f"framebus demo: {text}", file=sys.stderr, flush=True)


def _show(screen: Screen, readers: list[Reader], stopping: Stopping, deadline: float) -> None:
    """On a terminal: one table, redrawn."""
    with screen.live() as live:
        while not stopping.wait(0.25) and time.monotonic() < deadline:
            live.update(screen.fitting())


def _tell(screen: Screen, readers: list[Reader], stopping: Stopping, deadline: float) -> None:
    """Elsewhere: a line every second."""
    from framebus.cli.demo.display import plain

    began = time.monotonic()
    while not stopping.wait(max(0.0, min(1.0, deadline - time.monotonic()))) and time.monotonic() < deadline:
        print(f"{time.monotonic() - began:4.0f} s  {plain(readers, time.monotonic())}", flush=True)
