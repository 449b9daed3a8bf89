"""What there is to know about each built-in op, read from its class."""

from __future__ import annotations

import inspect
import re
from typing import Any

import msgspec

from framebus.core.registry import BUILT_IN_OPS, OPS

_COLUMN = re.compile(r"^(\w[\w, ]*?)  +(\S.*)$")


class Argument(msgspec.Struct, frozen=True):
    """Something an op is built with."""

    name: str
    about: str
    default: str
    """As it would be typed; empty where there is none."""
    positional: bool
    """Whether it may be given without its name."""


class Description(msgspec.Struct, frozen=True):
    """A built-in op: its name, what it does, what it is built with."""

    name: str
    about: str
    """Its first paragraph."""
    arguments: tuple[Argument, ...]
    example: str
    """How somebody would type it."""
    remembers: bool
    """True where what becomes of a frame depends on those before it."""


def describe() -> list[Description]:
    """All ops of framebus, by name; imports them, and so raises `Unavailable` where OpenCV is not installed."""
    return [_described(OPS.get(name)) for name in sorted(BUILT_IN_OPS)]


def _described(op: Any) -> Description:
    text = inspect.getdoc(op) or ""
    about = " ".join(text.partition("\n\n")[0].split())
    columns = _columns(text)
    parameters = inspect.signature(op.__init__).parameters.values()
    arguments = tuple(_argument(parameter, columns) for parameter in parameters if parameter.name != "self")
    return Description(op.name(), about, arguments, op.example, op.remembers)


def _argument(parameter: inspect.Parameter, columns: dict[str, str]) -> Argument:
    default = parameter.default
    shown = "" if default in (inspect.Parameter.empty, None) else _typed(default)
    return Argument(parameter.name, columns[parameter.name], shown, parameter.kind is not parameter.KEYWORD_ONLY)


def _typed(value: Any) -> str:
    return ("no", "yes")[value] if isinstance(value, bool) else str(value)


def _columns(text: str) -> dict[str, str]:
    """The names at the beginning of lines, and what is written beside them, in the lines below, too."""
    found: dict[str, str] = {}
    names: list[str] = []
    for line in text.splitlines():
        if match := _COLUMN.match(line):
            names = match[1].split(", ")
            found |= dict.fromkeys(names, match[2])
        elif line.startswith("  "):
            found |= {name: f"{found[name]} {line.strip()}" for name in names}
        else:
            names = []
    return found
