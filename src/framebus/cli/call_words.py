"""What `framebus call` is told to do, word by word: `read`, `exposure_ms=12`, `move=3,4,speed=fast`."""

from __future__ import annotations

import ast
from typing import Any, NamedTuple

from framebus.core.errors import OptionError
from framebus.work.objects.attributes import Takes, fault

_TRUTHS = {"true": True, "false": False}
_SWITCHES = {**_TRUTHS, "yes": True, "on": True, "no": False, "off": False}


class Word(NamedTuple):
    """A name, and the text behind `=`; None where there is none."""

    name: str
    text: str | None


def word(text: str) -> Word:
    """`NAME` or `NAME=TEXT`; raises `OptionError` for what begins with no name."""
    name, equals, rest = text.partition("=")
    if not name.isidentifier():
        raise OptionError(f"{text!r} names no method or attribute: write NAME, NAME=VALUE or NAME=VALUE,KEY=VALUE")
    return Word(name, rest if equals else None)


def value(text: str) -> Any:
    """What a person means by `12`, `0.5`, `[0, 0, 640, 480]`, `True`, `true`, `None`; anything else is text."""
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return _TRUTHS.get(text, text)


def setting(name: str, text: str, kind: Takes) -> Any:
    """What attribute `name`, which takes a `kind`, is set to by `text`; raises `OptionError` where that is none.

    `on` and `off` are for switches, any text is for text, and `None` for all. What was 10 so far may become 12.5.
    """
    found = value(text)
    if kind == "text" and not isinstance(found, str):
        return text
    if kind == "switch":
        found = _SWITCHES.get(text.lower(), found)
    if found is not None and kind != "nothing" and (why := fault("number" if kind == "whole" else kind, found)):
        raise OptionError(f"{name} {why}, and {text!r} is none")
    return found


def arguments(text: str) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """`3,4,speed=fast` as positional and named arguments; brackets and quotes keep commas together."""
    try:
        call = ast.parse(f"_({text})", mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return _plain(text)
    if not isinstance(call, ast.Call) or any(isinstance(one, ast.Starred) for one in call.args):
        return _plain(text)
    named = {one.arg: _read(one.value, text) for one in call.keywords if one.arg is not None}
    return tuple(_read(one, text) for one in call.args), named


def _read(node: ast.expr, text: str) -> Any:
    return value(ast.get_source_segment(f"_({text})", node) or "")


def _plain(text: str) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Words that Python could not read, such as `/dev/video0,mode=8bit`."""
    parts = [part.partition("=") for part in text.split(",") if part]
    positional = tuple(value(key) for key, equals, _ in parts if not equals)
    return positional, {key: value(rest) for key, equals, rest in parts if equals}
