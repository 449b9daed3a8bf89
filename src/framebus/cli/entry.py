"""From arguments to a command and from errors to one clear line and an exit code."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module

from framebus.cli import overview, words
from framebus.cli.console import ConsoleHandler, console
from framebus.cli.parser import Parser, commands
from framebus.cli.stopping import early
from framebus.core.errors import Error, OptionError
from framebus.core.redaction import RedactionFilter, redact

INTERRUPTED = 130
NOBODY_LISTENS = 141


def enter(argv: Sequence[str] | None) -> int:
    """Run the command in `argv`; prints errors, never lets one through."""
    _open_closed_streams()
    arguments = list(sys.argv[1:] if argv is None else argv)
    debug = "--debug" in arguments
    arguments = [word for word in arguments if word != "--debug"]
    with _prepared(debug), early:
        return _caught(arguments, debug)


def _caught(arguments: list[str], debug: bool) -> int:
    try:
        return _run(arguments)
    except Error as error:
        return _say(redact(str(error)), error.exit_code, debug)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the interpreter complains at exit
        return NOBODY_LISTENS
    except Exception as error:
        what = redact(f"{type(error).__name__}: {error}")
        return _say(f"a bug in framebus: {what}\n  --debug shows where it happened", 1, debug)


def _run(arguments: list[str]) -> int:
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(overview.text())
        return 0
    if arguments[0] in ("-V", "--version", "version"):
        print(f"framebus {import_module('framebus').__version__}")
        return 0
    if arguments[0] == "--completion":
        print(import_module("framebus.cli.completion").script("".join(arguments[1:2])), end="")
        return 0
    return _command(arguments[0], arguments[1:])


def _command(name: str, rest: list[str]) -> int:
    if name not in overview.COMMANDS:
        raise OptionError(_unknown(name, rest))
    module = import_module(f"framebus.cli.{name}_command")
    root = Parser(prog="framebus")
    subparsers = commands(root)
    module.add_parser(subparsers)
    parse = getattr(module, "parse", Parser.parse_strictly)
    code: int = module.run(parse(subparsers.choices[name], rest))
    sys.stdout.flush()
    return code


def _unknown(name: str, rest: list[str]) -> str:
    if (answer := words.instead(name)) is not None:
        return answer
    if "://" in name or os.path.exists(name):
        sink = rest[0] if rest else "window:"
        return f"{name} is an address, no command, type: framebus pipe {name} {sink}"
    from framebus.core.options import nearest

    return f"there is no command {name!r}: {nearest(name, overview.COMMANDS)}"


def _open_closed_streams() -> None:
    """Where there are none (`>&-`), the first files or sockets of a program would be taken for them."""
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest number, which is this one
            os.set_inheritable(number, True)
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115  (until the end)


@contextmanager
def _prepared(debug: bool) -> Iterator[None]:
    """What is logged goes to the console, credentials redacted; as it was before, afterwards."""
    for stream in (sys.stdout, sys.stderr):
        if (reconfigure := getattr(stream, "reconfigure", None)) is not None:
            reconfigure(errors="replace")  # a terminal that knows no "·" is no reason to stop
    handler = ConsoleHandler()
    handler.addFilter(RedactionFilter())
    handler.setFormatter(logging.Formatter("framebus: %(message)s"))
    logger = logging.getLogger("framebus")
    before = logger.handlers[:], logger.propagate, logger.level
    logger.handlers[:], logger.propagate = [handler], False
    logger.setLevel(logging.DEBUG if debug else logging.WARNING)
    try:
        yield
    finally:
        logger.handlers[:], logger.propagate = before[0], before[1]
        logger.setLevel(before[2])


def _say(text: str, code: int, debug: bool) -> int:
    if debug:
        import traceback

        print(redact(traceback.format_exc()), file=sys.stderr, end="")
    console.say(f"framebus: {text}", "error")
    return code
