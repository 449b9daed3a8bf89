"""Options on their way to what takes them: each source and sink says by its signature what it takes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from framebus.core.errors import OptionError
from framebus.core.options import OPTIONS, check, nearest


def given(**options: Any) -> dict[str, Any]:
    """Those that differ from what leaving them out means, checked."""
    return {name: check(name, value) for name, value in options.items() if not _default(name, value)}


def checked(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options of sources and sinks: those that belong to the common vocabulary are checked by it."""
    return {name: check(name, value) if name in OPTIONS else value for name, value in options.items()}


def taken(factory: Callable[..., Any]) -> frozenset[str]:
    """The names of the options `factory(address, *, option=…)` takes, which is to spell them out."""
    _, *parameters = inspect.signature(factory).parameters.values()
    return frozenset(parameter.name for parameter in parameters if parameter.kind is not parameter.VAR_KEYWORD)


def chosen(options: Mapping[str, Any], factory: Callable[..., Any]) -> dict[str, Any]:
    """Those of `options` that `factory` takes."""
    names = taken(factory)
    return {name: value for name, value in options.items() if name in names}


def refuse_unused(options: Iterable[str], used: Iterable[str], known: Iterable[str], where: str) -> None:
    """Raise `OptionError` for the first of `options` that nobody used; `known` are those somebody would take."""
    used = frozenset(used)
    for name in options:
        if name in used:
            continue
        if name in OPTIONS:
            raise OptionError(f"{where} does not take the option {name} ({OPTIONS[name].help}): leave it out")
        raise OptionError(f"{where} has no option {name!r}: {nearest(name, known)}")


def _default(name: str, value: Any) -> bool:
    return value is None or value == OPTIONS[name].default
