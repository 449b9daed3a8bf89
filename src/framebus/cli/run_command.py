"""`framebus run FILE`."""

from __future__ import annotations

import argparse

from framebus.cli.parser import Parser, Subparsers

_DESCRIPTION = """\
Run what a file describes, until Ctrl-C. The file is recognised by its name and by what is in it.

NAME.toml, a system of your own: cameras, pipes and services, each in a process that is started again if it dies. A
table shows how all of them are. Saving the file applies it: only what changed is started again. SIGHUP reads it again,
too.

imagehub.yaml: take pictures and events from imagenodes, and file them as imagehub does. Anybody on the network may
send, as always with imagehub, unless the file says `allow:`.

imagenode.yaml: watch cameras and send what happens before them to the first hub that answers."""

_EXAMPLES = """\
examples
  framebus run yard.toml
  framebus run yard.toml --check                  what is wrong with it, line by line, or a picture of it
  framebus run imagehub.yaml
  framebus run imagenode.yaml --check"""


def add_parser(subparsers: Subparsers[Parser]) -> None:
    """Add `framebus run`."""
    parser = subparsers.add_parser(
        "run", usage="framebus run FILE [--check]", description=_DESCRIPTION, epilog=_EXAMPLES
    )
    parser.add_argument("file", metavar="FILE", help="a system in TOML, an imagehub.yaml or an imagenode.yaml")
    parser.add_argument("--check", action="store_true", help="read the file, say what it holds, and run nothing")


def run(arguments: argparse.Namespace) -> int:
    """Run the file until somebody stops it; the exit code."""
    if arguments.file.lower().endswith(".toml"):
        from framebus.cli.run_system import run_system

        return run_system(arguments.file, arguments.check)
    from framebus.cli.run_yaml import run_yaml

    return run_yaml(arguments.file, arguments.check)
