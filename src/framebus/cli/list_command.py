"""`framebus list`: the streams published on this machine, who reads them, and what is read besides."""

from __future__ import annotations

import argparse
import shutil
import sys

from framebus.cli import tables
from framebus.cli.parser import Parser, Subparsers

_DESCRIPTION = """\
The streams that programs of this user publish on this machine: how fast they come, how old the newest frame is, who
reads them, what each reader missed and what it is still owed. Below, pipes and pages that publish nothing: what they
read (a camera, a file, a link), where it goes, how it is."""


def add_parser(subparsers: Subparsers[Parser]) -> None:
    """Add `framebus list`."""
    parser = subparsers.add_parser("list", description=_DESCRIPTION)
    parser.add_argument(
        "--json", action="store_true", help="print JSON: a list with one object for each stream and flow"
    )


def run(arguments: argparse.Namespace) -> int:
    """Print them; the exit code."""
    from framebus.memory.pool import supported
    from framebus.verbs.streams import flows, streams

    found, reading = streams(), flows()
    if arguments.json:
        import msgspec

        print(msgspec.json.format(msgspec.json.encode([*found, *reading]), indent=2).decode())
        return 0
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    parts = tables.of_streams(found, width), tables.of_flows(reading, width)
    print("\n\n".join("\n".join(lines) for lines in parts if lines), end="\n" if found or reading else "")
    if not found and not reading:
        example = "shm://picture" if supported() else "tcp://localhost:5555"
        print(f"nothing is published here; this does: framebus pipe synthetic: {example}", file=sys.stderr)
    return 0
