"""`framebus pipe SOURCE… SINK`."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from framebus.cli.announcing import announcement, status, summary, working
from framebus.cli.beside import REDRAW_S, Beside
from framebus.cli.console import console
from framebus.cli.flags import add_options, options
from framebus.cli.parser import Parser, Subparsers
from framebus.cli.stopping import Stopping
from framebus.pool.head_start import HeadStart

if TYPE_CHECKING:
    from framebus.verbs.flow import Flow

OPTIONS = (
    *("keep", "group", "max_fps", "format", "timeout", "packets", "frames", "duration", "speed"),
    *("listen", "allow", "insecure", "carrier", "wait_for", "when_full", "patience", "retain", "stream"),
    *("spool", "spool_size"),
    *("encode", "overwrite"),
    *("size", "fps", "input_format", "number", "transport", "backend", "verify", "deadline"),
    *("hwaccel", "crop", "turn", "resize", "socket", "message"),
    *("ops", "gather", "workers", "batch", "on_error", "work_timeout"),
    *("start", "stop", "streams", "rotate", "max_age", "max_size", "max_files", "reserve"),
    *("compress", "preset", "quality", "play_fps", "around", "before", "after", "fsync"),
)
"""The options of the vocabulary that have a flag here."""

_DESCRIPTION = """\
Move frames from one or several sources to a sink until the sources end, or Ctrl-C.

Live sources give their newest frame and count what was missed; finite ones, and everything that ends on disk, every
frame. Start order does not matter: both sides wait for each other, and for whoever died and comes back."""

_EXAMPLES = """\
examples
  framebus pipe clip.mp4 shm://clip               every frame, to whoever reads on this machine
  framebus pipe shm://clip frames/                numbered images, resumed
  framebus pipe shm://clip run.h5                 a recording without loss, resumed
  framebus pipe run.h5 shm://again --speed 4      played as if it were live
  framebus pipe rtsp://user:password@cam.local/main shm://yard   a camera, for as long as it lives
  framebus pipe 'shm://yard-*' window:            all streams of this machine that begin so
  framebus pipe clip.mp4 window: --speed 1        played as if it were live
  framebus pipe synthetic: window: --size 1280x720 --pattern aurora
  framebus pipe 'photos/*.jpg' small/ --op resize=512x512 --op gray
  framebus pipe shm://yard shm://fft --op fft.py:fft2 --workers 4
  framebus pipe clip.mp4 seen/ --gather det=models.py:Detect --gather pose=tcp://gpu-box:7000 --op draw
  framebus pipe tcp://:5555 frames/ --insecure    a hub open to the network
  framebus pipe tcp://desk:5555/door window: --max-fps 5
  framebus pipe camera:0 tcp://:5555/gate --insecure --wait-for saver --when-full spool --spool gate-spool"""


def add_parser(subparsers: Subparsers[Parser]) -> None:
    """Add `framebus pipe`."""
    parser = subparsers.add_parser(
        "pipe", usage="framebus pipe SOURCE… SINK [--FLAG …]", description=_DESCRIPTION, epilog=_EXAMPLES
    )
    parser.add_argument(
        "addresses", nargs="+", metavar="SOURCE… SINK", help="where frames come from, and where they go"
    )
    add_options(parser, OPTIONS)


def parse(parser: Parser, arguments: Sequence[str]) -> argparse.Namespace:
    """Flags and addresses in any order; flags this parser does not know are kept for the source or the sink."""
    known, extra = _split(parser, arguments)
    parsed = parser.parse_intermixed_args(known)
    parsed.extra, parsed.parser = extra, parser
    parsed.typed = list(arguments)
    if len(parsed.addresses) < 2 and not extra:
        only = parsed.addresses[0]
        parser.error(f"frames from {only} to where? for instance: framebus pipe {shlex.quote(only)} window:")
    return parsed


def run(arguments: argparse.Namespace) -> int:
    """Move the frames; the exit code."""
    *places, sink = arguments.addresses
    wanted = {**options(arguments, OPTIONS), **_own_options(arguments, places, sink)}
    with Stopping() as stopping, HeadStart(wanted.get("workers", 0), "framebus.pool.map_worker"):
        from framebus.verbs.pipe import assemble

        flow = assemble(places, sink, wanted)
        stopping.then(flow.stop)
        for line in announcement(flow, places, sink, wanted.get("stream")):
            console.say(line)
        if line := working(wanted):
            console.say(line)
        with _Watch(flow, stopping):
            flow.run()
    live = flow.source.live
    console.say(summary(flow.progress(), finished=flow.finished or live))
    if flow.finished or live:
        return 0
    console.say(f"unfinished; this goes on: framebus pipe {shlex.join(arguments.typed)}")
    return stopping.exit_code


class _Watch(Beside):
    """Draws the status line about four times a second, and ends a flow that cannot end itself."""

    def __init__(self, flow: Flow, stopping: Stopping) -> None:
        super().__init__()
        self._flow = flow
        self._stopping = stopping

    def _watch(self) -> None:
        from framebus.verbs.ending import see_end

        while not self._over.wait(0):
            console.status(self._line())
            if self._stopping.wait(REDRAW_S):
                console.status("finishing what is in flight; Ctrl-C again stops now")
                see_end(self._flow, self._over.wait, REDRAW_S)
                return

    def _line(self) -> str:
        """How far it is; first of all, that a camera gives no pictures."""
        line = status(self._flow.progress())
        camera = self._flow.source.stats().state
        return line if camera is None or camera.state == "live" else f"camera {camera.state} · {line}"


def _own_options(arguments: argparse.Namespace, places: Sequence[str], sink: str) -> dict[str, Any]:
    """The flags that belong to the source or the sink itself; refuses those that neither takes."""
    extra: dict[str, str] = arguments.extra
    if not extra:
        return {}
    from framebus.verbs.open import options_of_source
    from framebus.verbs.publish import options_of_sink
    from framebus.verbs.resolving import address_of

    known = {name for place in places for name in options_of_source(place)}
    known |= options_of_sink(address_of(sink))
    for name in extra:
        if name not in known:
            arguments.parser.refuse(_flag(name), [_flag(other) for other in known])
    return extra


def _split(parser: Parser, arguments: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """Words this parser knows, and the others' flags with their values; a flag without one means yes."""
    known: list[str] = []
    extra: dict[str, str] = {}
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        flag, equals, value = word.partition("=")
        if not flag.startswith("--") or flag == "--":
            known.append(word)
        elif flag in parser.flags:
            known.append(word)
            if parser.takes_value(flag) and not equals and rest:
                known[-1] = f"{flag}={rest.pop(0)}"
        else:
            taken = value if equals else rest.pop(0) if rest and not rest[0].startswith("--") else "yes"
            extra[flag[2:].replace("-", "_")] = taken
    return known, extra


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")
