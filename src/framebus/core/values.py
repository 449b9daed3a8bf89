"""What options take: each function turns a text or value into the value meant.

Raises `ValueError`, `TypeError`, `KeyError` or `AttributeError` for anything else; `framebus.core.options.check`
makes an error of it that names the option.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Mapping
from typing import Any

from framebus.core.cores import cores
from framebus.core.names import valid_name, valid_template
from framebus.core.units import duration, nbytes

_ENCODE = re.compile(r"[a-z][a-z0-9_-]*(=[^=,\s]+(,[a-z][a-z0-9_]*=[^=,\s]+)*)?", re.ASCII)
_SWITCHES = {
    **dict.fromkeys(("true", "yes", "on", "1"), True),
    **dict.fromkeys(("false", "no", "off", "0"), False),
}


def choice(*words: str) -> Callable[[Any], str]:
    """One of `words`, exactly."""

    def parse(value: Any) -> str:
        if isinstance(value, str) and value in words:
            return value
        raise ValueError

    return parse


def switch(value: Any) -> bool:
    """True or false, also as the words people write for them."""
    if isinstance(value, bool):
        return value
    return _SWITCHES[value.lower()]


def name(value: Any) -> str:
    """A name as in `framebus.core.names`."""
    if isinstance(value, str) and valid_name(value):
        return value
    raise ValueError


def path(value: Any) -> str:
    """The name of a file or folder."""
    text = os.fsdecode(value)
    if not text.strip():
        raise ValueError
    return text


def template(value: Any) -> str:
    """A name that may contain `{stream}`."""
    if isinstance(value, str) and valid_template(value):
        return value
    raise ValueError


def positive(value: Any) -> float:
    """A number above 0."""
    number = float(value) if isinstance(value, str | float | int) and not isinstance(value, bool) else 0.0
    if 0 < number < math.inf:
        return number
    raise ValueError


def count(value: Any) -> int:
    """A whole number from 1."""
    if isinstance(value, str) and value.isascii() and value.isdecimal():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value < 2**53:
        return value
    raise ValueError


def some_time(value: Any) -> float:
    """A duration above 0, in seconds."""
    seconds = duration(value)
    if seconds > 0:
        return seconds
    raise ValueError


def some_bytes(value: Any) -> int:
    """An amount of data above 0."""
    amount = nbytes(value)
    if amount > 0:
        return amount
    raise ValueError


def patience(value: Any) -> float:
    """A duration in seconds; `forever` (or infinity) never ends."""
    return math.inf if value in ("forever", math.inf) else duration(value)


def wait_for(value: Any) -> int | list[str]:
    """A number of readers, or names of groups; text of digits alone is a number."""
    if isinstance(value, str):
        value = int(value) if value.isascii() and value.isdecimal() else [value]
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1_000_000:
        return value
    return [name(entry) for entry in _listed(value)]


def allow(value: Any) -> tuple[str, ...]:
    """IP addresses and networks in their shortest form."""
    from ipaddress import ip_address, ip_network

    entries = (value,) if isinstance(value, str) else _listed(value)
    return tuple(str(ip_network(entry, strict=False) if "/" in entry else ip_address(entry)) for entry in entries)


def _listed(value: Any) -> list[Any]:
    if isinstance(value, list | tuple | set | frozenset):
        return sorted(value) if isinstance(value, set | frozenset) else list(value)
    raise ValueError


def encode(value: Any) -> str:
    """`NAME[=VALUE[,KEY=VALUE…]]`; whether there is such an encoding shows when it is made."""
    if isinstance(value, str) and _ENCODE.fullmatch(value):
        return value
    raise ValueError


def ops(value: Any) -> tuple[str | Callable[..., Any], ...]:
    """One op, a text or callable, or several in a list or tuple; nothing else is looked into."""
    found = tuple(value) if isinstance(value, list | tuple) else (value,)
    if all(callable(one) or (isinstance(one, str) and one) for one in found):
        return found
    raise ValueError


def services(value: Any) -> dict[str, str | Callable[..., Any]]:
    """Services by name, also as `NAME=SERVICE` texts."""
    if isinstance(value, Mapping):
        found = dict(value)
    else:
        texts = [value] if isinstance(value, str) else value
        pairs = [text.partition("=") for text in texts]
        found = {name: service for name, _, service in pairs}
        if len(found) < len(pairs):
            raise ValueError
    if all(isinstance(name, str) and name.isidentifier() and service for name, service in found.items()):
        return found
    raise ValueError


def workers(value: Any, most: int) -> int:
    """A number of processes from 0; `all` is one for each core this process may use."""
    if value == "all":
        return cores()
    return 0 if value in (0, "0") and value is not False else up_to(value, most)


def up_to(value: Any, most: int) -> int:
    """A whole number from 1 to `most`."""
    number = count(value)
    if number > most:
        raise ValueError
    return number
