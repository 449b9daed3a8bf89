"""`framebus doctor`: what is installed here, what works, which limits apply; or what is wrong with one thing."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

from framebus.cli.colour import paint
from framebus.cli.parser import Parser, Subparsers

if TYPE_CHECKING:
    from framebus.cli.checkup import Finding

_DESCRIPTION = """\
Look at this machine: versions, optional parts and the line that installs them, limits, folders and keys, and whether
frames really travel through a link. With an ADDRESS or FILE, look at that instead: can it be reached or read, and is
it whole."""

_EXAMPLES = """\
examples
  framebus doctor
  framebus doctor tcp://desk:5555
  framebus doctor clip.mp4
  framebus doctor run.h5 --repair"""

_MARKS = {"good": ("✓", "green"), "note": ("·", "dim"), "warning": ("!", "yellow"), "bad": ("✗", "red")}


def add_parser(subparsers: Subparsers[Parser]) -> None:
    """Add `framebus doctor`."""
    parser = subparsers.add_parser("doctor", description=_DESCRIPTION, epilog=_EXAMPLES)
    parser.add_argument("place", nargs="?", metavar="ADDRESS|FILE", help="what to look at, instead of this machine")
    parser.add_argument("--repair", action="store_true", help="make a recording whole whose recorder was killed")
    parser.add_argument("--json", action="store_true", help="print JSON: a list with one object for each finding")


def run(arguments: argparse.Namespace) -> int:
    """Print the findings; 4 when one of them is bad."""
    from framebus.cli import checkup, placecheck
    from framebus.core.errors import OptionError

    if arguments.repair and not arguments.place:
        raise OptionError("--repair needs the recording to repair: framebus doctor run.h5 --repair")
    if arguments.repair:
        findings = placecheck.repaired(arguments.place)
    else:
        findings = placecheck.look(arguments.place) if arguments.place else checkup.of_machine()
    worst = _print_json(findings) if arguments.json else _print(findings)
    return 4 if worst == "bad" else 0


def _print_json(findings: Iterable[Finding]) -> str:
    import msgspec

    found = list(findings)
    print(json.dumps(msgspec.to_builtins(found), indent=2, ensure_ascii=False))
    return _worst(finding.state for finding in found)


def _print(findings: Iterable[Finding]) -> str:
    states = []
    for finding in findings:
        sign, colour = _MARKS[finding.state]
        print(f"{paint(sign, colour)} {finding.what:<15} {finding.found}", flush=True)
        if finding.advice:
            print(f"  {'':<15} {paint('→ ' + finding.advice, 'cyan')}")
        states.append(finding.state)
    return _worst(states)


def _worst(states: Iterable[str]) -> str:
    return max(states, key=list(_MARKS).index, default="good")
