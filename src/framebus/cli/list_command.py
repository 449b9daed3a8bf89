"""`framebus list`: the streams published on this machine, and who reads them."""

from __future__ import annotations

import argparse
import sys

from framebus.cli import tables
from framebus.cli.parser import Parser, Subparsers

_DESCRIPTION = """\
The streams that programs of this user publish on this machine: how fast they come, how old the newest frame is, who
reads them, what each reader missed and what it is still owed."""


def add_parser(subparsers: Subparsers[Parser]) -> None:
    """Add `framebus list`."""
    parser = subparsers.add_parser("list", description=_DESCRIPTION)
    parser.add_argument("--json", action="store_true", help="print JSON: a list with one object for each stream")


def run(arguments: argparse.Namespace) -> int:
    """Print them; the exit code."""
    from framebus.verbs.streams import streams

    found = streams()
    if arguments.json:
        import msgspec

        print(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())
        return 0
    for line in tables.of_streams(found):
        print(line)
    if not found:
        print("nothing is published here; this does: framebus pipe synthetic: tcp://localhost:5555", file=sys.stderr)
    return 0
