"""`framebus serve TARGET ADDRESS`."""

from __future__ import annotations

import argparse
import re
import time
from typing import TYPE_CHECKING

from framebus.cli.console import console
from framebus.cli.flags import add_options, heading, options
from framebus.cli.parser import Parser, Subparsers
from framebus.cli.stopping import Stopping

if TYPE_CHECKING:
    from framebus.work.objects.device import Device
    from framebus.work.serving import Serving

OPTIONS = ("allow", "insecure")
"""The options of the vocabulary that have a flag here."""

_DESCRIPTION = """\
Serve a function or a class at an address, until Ctrl-C. Several may ask at once.

A function, or a class with __call__, answers frames, for programs that ask with fb.gather(name=ADDRESS): a function is
called with each picture; a class is built once in each worker, then called.

Any other class is built once, here, and others call its methods: framebus call ADDRESS, or fb.remote(ADDRESS) in
Python. A camera, a stage, a lamp."""

_EXAMPLES = """\
examples
  framebus serve fft.py:fft2 shm://fft                     for this machine
  framebus serve camera.py:Camera tcp://localhost:6000     then: framebus call tcp://localhost:6000
  framebus serve models.py:Detect=yolo.onnx tcp://localhost:7000 --workers 2
  framebus serve models.py:Segment tcp://:7000             for the network, with keys"""


def add_parser(subparsers: Subparsers[Parser]) -> None:
    """Add `framebus serve`."""
    parser = subparsers.add_parser(
        "serve", usage="framebus serve TARGET ADDRESS [--FLAG …]", description=_DESCRIPTION, epilog=_EXAMPLES
    )
    parser.add_argument(
        "target", metavar="TARGET", help="file.py:name or module:name, with =VALUE,KEY=VALUE arguments for a class"
    )
    parser.add_argument(
        "address", metavar="ADDRESS", help="where to listen: tcp://localhost:7000, shm://name, ipc://path"
    )
    add_options(parser, OPTIONS)
    heading(parser, "work").add_argument(
        "--workers",
        default="1",
        metavar="N",
        help="of what answers frames: processes it runs in; 0: in this one (default: 1)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Serve until somebody stops it; the exit code."""
    from framebus.work.serve import serving

    since = time.monotonic()
    wanted = options(arguments, OPTIONS)
    workers = _workers(arguments.workers)
    with Stopping() as stopping, serving(arguments.target, arguments.address, workers=workers, **wanted) as service:
        stopping.then(service.stop)
        console.say(announcement(service))
        service.run()
    console.say(summary(service, time.monotonic() - since))
    return 0


def announcement(service: Serving | Device) -> str:
    """What is served where, and how to ask it."""
    from framebus.cli.announcing import reachable

    where = reachable(service.where)
    frames = service.asked_for == "frame"
    how = f'ask: fb.gather({_word(service.name)}="{where}")' if frames else f"call: framebus call {where}"
    return f"serving {service.name} at {service.where} · {how}"


def summary(service: Serving | Device, elapsed_s: float) -> str:
    """What it did."""
    from framebus.cli.figures import count, span

    failed = f", {service.failed:,} with an error" if service.failed else ""
    return f"{count(service.answered, service.asked_for)} answered in {span(elapsed_s)}{failed}"


def _workers(text: str) -> int:
    from framebus.core.errors import OptionError

    if text.isascii() and text.isdecimal():
        return int(text)
    raise OptionError(f"--workers {text} is not possible: give a number of processes from 1, or 0 for none")


def _word(name: str) -> str:
    """A name for the service in Python: `models.py:Segment` is `segment`."""
    word = re.sub(r"\W", "_", name.rpartition(":")[2]).strip("_").lower()
    return word if word.isidentifier() else "service"
