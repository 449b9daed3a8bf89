"""`framebus info ADDRESS…`: what is there, and with `--follow` every header as it comes."""

from __future__ import annotations

import argparse
import glob
import json
import os
import shutil
import sys
from collections.abc import Iterator
from typing import Any

from framebus.cli import describing
from framebus.cli.console import console
from framebus.cli.flags import add_options, options
from framebus.cli.parser import Parser, Subparsers
from framebus.cli.stopping import Stopping
from framebus.core.errors import BadFrame, Error
from framebus.core.redaction import redact

CAMERA = ("size", "fps", "input_format", "number", "transport", "backend", "verify", "deadline")
"""How a camera is reached."""
OPTIONS = (
    *("keep", "group", "max_fps", "timeout", "packets", "frames", "listen", "allow", "insecure", "carrier"),
    *CAMERA,
)
"""Options of the vocabulary that have a flag here; all but `timeout` and those of cameras concern `--follow`."""

ANSWER_S = 3.0
TICK_S = 0.25

_DESCRIPTION = """\
Ask a publisher about its streams and readers, or look what a camera sends, or a file or a folder holds; of a recording,
which streams, how long, and what is missing. With --follow, read the frames and print one line for each: stream,
number, size, age, what was missed."""

_EXAMPLES = """\
examples
  framebus info shm://door
  framebus info 'shm://yard-*'
  framebus info tcp://desk:5555/door --follow --frames 10
  framebus info rtsp://cam.local/main --timeout 10s
  framebus info run.h5 yard.mp4
  framebus info clip.mp4 frames/ --json"""


def add_parser(subparsers: Subparsers[Parser]) -> None:
    """Add `framebus info`."""
    parser = subparsers.add_parser(
        "info", usage="framebus info ADDRESS… [--follow] [--json]", description=_DESCRIPTION, epilog=_EXAMPLES
    )
    parser.add_argument(
        "addresses", nargs="+", metavar="ADDRESS", help="a link, a camera, a file, a folder or a 'glob*'"
    )
    parser.add_argument("--follow", action="store_true", help="read, and print the header of every frame")
    parser.add_argument("--json", action="store_true", help="print JSON: one value, or one line for each frame")
    add_options(parser, OPTIONS)


def run(arguments: argparse.Namespace) -> int:
    """Print it; the exit code."""
    wanted = options(arguments, OPTIONS)
    if arguments.follow:
        return _follow(arguments.addresses, wanted, as_json=arguments.json)
    timeout_s = float(wanted.get("timeout") or ANSWER_S)
    how = {name: wanted[name] for name in CAMERA if name in wanted}
    found, failed = _facts_of_all(arguments.addresses, timeout_s, how)
    if arguments.json:
        print(json.dumps(found if len(found) > 1 else found[0], indent=2))
        return _exit_code(failed)
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    if len(failed) < len(found):
        print("\n\n".join(_text(facts, width) for facts in found if "error" not in facts), flush=True)
    for error in failed:
        console.say(f"framebus: {error}", "error")
    return _exit_code(failed)


def _facts_of_all(places: list[str], timeout_s: float, how: dict[str, Any]) -> tuple[list[dict[str, Any]], list[Error]]:
    """What is at each place, or why nobody knows: of several, a broken one keeps nobody from hearing of the others."""
    found: list[dict[str, Any]] = []
    failed: list[Error] = []
    for place in places:
        try:
            found.append(_facts(place, timeout_s, how))
        except Error as error:
            if len(places) == 1:
                raise
            failed.append(error)
            found.append({"address": redact(place), "error": redact(str(error))})
    return found, failed


def _exit_code(failed: list[Error]) -> int:
    """That of the errors where they have the same; else that of something that went wrong."""
    codes = {error.exit_code for error in failed}
    return 0 if not codes else codes.pop() if len(codes) == 1 else BadFrame.exit_code


def _facts(place: str, timeout_s: float, how: dict[str, Any]) -> dict[str, Any]:
    """What is there; of a recording what is in it, and of a file that could be one why it is none."""
    from framebus.cli import info_recording
    from framebus.links.spool.looking import is_spool

    if is_spool(place):
        from framebus.cli import spools

        return spools.facts(place)
    if not info_recording.looks_like_one(place):
        return _facts_of_several(place, timeout_s, how)
    try:
        return info_recording.facts(place)
    except BadFrame as error:
        why = error
    try:
        return describing.describe(place, timeout_s, how) | {"recording": info_recording.without_name(why, place)}
    except Error:
        raise why from None


def _facts_of_several(place: str, timeout_s: float, how: dict[str, Any]) -> dict[str, Any]:
    """Of a glob or a folder that means recordings what is in each of them; of anything else what is there."""
    from framebus.cli import info_recording
    from framebus.core.errors import Unavailable

    if glob.has_magic(place) and "://" not in place and (paths := info_recording.named_by(place)):
        return info_recording.facts_of_all(place, paths)
    try:
        return describing.describe(place, timeout_s, how)
    except Unavailable:
        if os.path.isdir(place) and (paths := info_recording.named_by(place)):
            return info_recording.facts_of_all(place, paths)
        raise


def _text(facts: dict[str, Any], width: int | None) -> str:
    from framebus.cli import info_recording, spools

    if facts["kind"] == "spool":
        return spools.text(facts)
    if facts["kind"] == "recordings":
        return info_recording.text_of_all(facts)
    if facts["kind"] == "recording":
        return info_recording.text(facts)
    shown = describing.text(facts, width)
    return shown if "recording" not in facts else f"{shown}\n  recording {facts['recording']}"


def _follow(addresses: list[str], wanted: dict[str, Any], *, as_json: bool) -> int:
    from framebus.verbs.open import open_all

    limit = wanted.pop("frames", None)
    with Stopping() as stopping, open_all(addresses, wanted, {}) as source:
        for number, item in enumerate(_items(source, stopping), 1):
            line = describing.header_json(item) if as_json else describing.header_line(item, live=source.live)
            print(line, flush=True)
            if number == limit:
                break
    return 0


def _items(source: Any, stopping: Stopping) -> Iterator[Any]:
    """Frames until the end, or until somebody asks to stop; waits as long as `timeout` allows."""
    from framebus.core.errors import Timeout

    waited_s = 0.0
    while not stopping.asked:
        try:
            item = source.take(TICK_S)
        except Timeout as error:
            waited_s += TICK_S
            if source.timeout is None or waited_s < source.timeout:
                continue
            why = str(error).partition("; ")[2] or "framebus list shows what is published here"
            raise Timeout(f"no frame came within {source.timeout:g} s; {why}") from None
        if item is None:
            return
        waited_s = 0.0
        yield item
        source.done(item)
