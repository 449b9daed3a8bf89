"""`framebus call ADDRESS [NAME[=VALUE[,KEY=VALUE…]] …]`."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from framebus.cli.parser import Parser, Subparsers

if TYPE_CHECKING:
    from framebus.cli.call_words import Word
    from framebus.work.objects.front import Front

_DESCRIPTION = """\
Call an object that `framebus serve` or fb.serve serves. Alone, list its methods and attributes, with their values.
NAME reads an attribute or calls a method; NAME=VALUE sets an attribute; NAME=VALUE,KEY=VALUE calls a method with
arguments. Several are done one after the other. `events` prints what the object tells, `stop` ends it (unless it has
methods of that name)."""

_EXAMPLES = """\
examples
  framebus call tcp://lab-pc:6000                          what is there
  framebus call tcp://lab-pc:6000 exposure_ms=12 read --save x.png
  framebus call tcp://lab-pc:6000 move=3,4,speed=0.5       stage.move(3, 4, speed=0.5)
  framebus call shm://cam frames --save shot.png           shot-0.png, shot-1.png … until Ctrl-C
  framebus call shm://cam temperature --json"""


def add_parser(subparsers: Subparsers[Parser]) -> None:
    """Add `framebus call`."""
    parser = subparsers.add_parser(
        "call",
        usage="framebus call ADDRESS [NAME[=VALUE[,KEY=VALUE…]] …] [--FLAG …]",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
    )
    parser.add_argument(
        "address", metavar="ADDRESS", help="where it is served: tcp://host:6000, shm://name, ipc://path"
    )
    parser.add_argument("words", metavar="NAME[=VALUE…]", nargs="*", help="what to read, set or call")
    parser.add_argument(
        "--save", metavar="FILE", help="write pictures and arrays into this file: .png, .jpg, .tif, .npy (or .json)"
    )
    parser.add_argument("--timeout", metavar="TIME", default="5s", help="how long an answer may take (default: 5s)")
    parser.add_argument("--json", action="store_true", help="print JSON: one value on a line for each answer")


def run(arguments: argparse.Namespace) -> int:
    """Do it all, in order; the exit code."""
    from framebus.cli import call_answers, call_listing
    from framebus.cli.call_words import word
    from framebus.core.errors import BadFrame
    from framebus.core.redaction import redact
    from framebus.core.units import duration
    from framebus.work.remote import front

    words = [word(text) for text in arguments.words]
    place = None if arguments.save is None else call_answers.check_file(arguments.save)
    with front(arguments.address, duration(arguments.timeout)) as asked:
        if not words:
            print(call_listing.listing(asked, redact(arguments.address), as_json=arguments.json))
        saved = [_do(asked, one, place, as_json=arguments.json) for one in words]
    if place is not None and not any(saved):
        raise BadFrame(f"no picture and no array came: nothing was saved as {place}")
    return 0


def _do(asked: Front, one: Word, place: str | None, *, as_json: bool) -> bool:
    """Whether something was saved."""
    from framebus.work.objects.remote_streams import Opened

    answer = _answer(asked, one)
    if not isinstance(answer, Opened):
        return _tell(answer, place, None, as_json=as_json)
    saved = False
    with answer:
        for number, item in enumerate(_items(answer)):
            saved |= _tell(item, place, number, as_json=as_json)
    return saved


def _items(opened: Any) -> Iterator[Any]:
    """One after the other; Ctrl-C is how people end what has no end."""
    from framebus.work.objects.remote_streams import END

    try:
        while (item := opened.next()) is not END:
            yield item
    except KeyboardInterrupt:
        return


def _answer(asked: Front, one: Word) -> Any:
    from framebus.cli.call_words import arguments, setting
    from framebus.work.objects.attributes import takes
    from framebus.work.objects.question_outcome import NoSuchMember

    try:
        member = asked.member(one.name)
    except NoSuchMember as error:
        if one.name not in ("events", "stop"):
            raise NoSuchMember(f"{error}{_meant(asked, one)}") from error
        return asked.events() if one.name == "events" else asked.stop()
    if member.kind == "method":
        positional, named = arguments(one.text or "")
        return asked.call(one.name, positional, named)
    if one.text is None:
        return asked.get(one.name)
    return asked.set(one.name, setting(one.name, one.text, takes(member, None)))


def _meant(asked: Front, one: Word) -> str:
    """How an argument is written that somebody took for a word of its own."""
    if one.text is None:
        return ""
    taken = re.compile(rf"[( ]{one.name}[:=,)]")
    takers = [name for name, member in asked.members.items() if taken.search(member.signature)]
    return "".join(f"; {name} takes one: {name}={one.name}={one.text}" for name in takers[:1])


def _tell(answer: Any, place: str | None, number: int | None, *, as_json: bool) -> bool:
    """Whether it was saved."""
    import numpy as np

    from framebus.cli import call_answers
    from framebus.cli.console import console
    from framebus.core.frame import Frame

    if place is not None and (isinstance(answer, Frame | np.ndarray) or place.endswith(".json")):
        console.say(f"saved {call_answers.save(answer, place, number)} · {call_answers.text(answer)}")
        return True
    if as_json:
        print(call_answers.json(answer), flush=True)
    elif answer is not None:
        print(call_answers.text(answer), flush=True)
    return False
